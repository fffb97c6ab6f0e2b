package io.quarry.scheduler.launch;

import io.quarry.scheduler.streams.PlainConsumers;
import io.quarry.schemas.serde.RegistryUnavailableException;
import io.quarry.schemas.serde.WireSerdes;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.management.JMException;
import javax.management.ObjectName;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The launcher's process-long loop. Whose turn it is to launch is settled by Kafka: the router topic has one partition, so its
 * consumer group has one active member, and the others stand by. What is to be launched follows from the rows of job-state
 * alone, so a record that is read twice, or a change of leader, launches nothing twice and loses nothing.
 */
public final class Launcher implements AutoCloseable, LauncherMXBean {
    private static final Logger LOG = LoggerFactory.getLogger(Launcher.class);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final long PAUSE_MILLIS = 500;

    private final LaunchSettings settings;
    private final Consumer<byte[], byte[]> router;
    private final News news;
    private final Processes processes;
    private final AutoCloseable log;
    private final Thread thread = new Thread(this::run, "quarry-launcher");
    private final CountDownLatch closing = new CountDownLatch(1);
    private volatile boolean leads;
    private boolean silenced;

    Launcher(
            LaunchSettings settings,
            Consumer<byte[], byte[]> router,
            News news,
            Processes processes,
            AutoCloseable log) {
        this.settings = settings;
        this.router = router;
        this.news = news;
        this.processes = processes;
        this.log = log;
        thread.setDaemon(true);
    }

    /**
     * Starts a launcher; the topics exist.
     *
     * @param platform where processes are started; closed with the launcher
     * @param kafka client settings: bootstrap servers, security
     * @param writer role and name of this process, as the log shows it
     */
    public static Launcher start(
            LaunchSettings settings,
            PodPlatform platform,
            Map<String, String> kafka,
            WireSerdes serdes,
            InstantSource clock,
            String writer) {
        Map<String, Object> config = PlainConsumers.settings(kafka, "quarry-launcher");
        config.put(ConsumerConfig.GROUP_ID_CONFIG, settings.topics().prefix() + "launcher");
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "latest");
        // Starting hundreds of processes takes its time.
        config.put(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, (int)
                Duration.ofMinutes(30).toMillis());
        LaunchLog log = LaunchLog.open(kafka, serdes, settings.topics(), writer, clock);
        News news = News.open(settings.topics(), kafka, serdes);
        Launcher launcher = new Launcher(
                settings, PlainConsumers.open(config), news, new Processes(settings, platform, news, log, clock), log);
        launcher.register();
        launcher.thread.start();
        return launcher;
    }

    private void run() {
        try {
            subscribe();
            while (closing.getCount() > 0) {
                try {
                    runOnce();
                    silenced = false;
                } catch (WakeupException closed) {
                    LOG.debug("The launcher is woken");
                } catch (RegistryUnavailableException e) {
                    trouble(e);
                } catch (KafkaException e) {
                    trouble(e);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.error("The launcher stops: oversize jobs wait until the scheduler is started again", e);
        } finally {
            processes.close();
            router.close(CloseOptions.timeout(Duration.ofSeconds(2)));
            news.close();
        }
    }

    /** Once per outage: this comes round twice a second. */
    private void trouble(Exception e) throws InterruptedException {
        if (!silenced) {
            LOG.warn("Nothing is launched for now, it is tried again: {}", String.valueOf(e.getMessage()));
        }
        silenced = true;
        var unused = closing.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void subscribe() {
        router.subscribe(List.of(settings.topics().oversize()), new ConsumerRebalanceListener() {
            @Override
            public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
                if (!revoked.isEmpty()) {
                    LOG.info("Another scheduler launches from now on");
                    leads = false;
                    processes.rest();
                }
            }

            @Override
            public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
                if (!assigned.isEmpty()) {
                    LOG.info("This scheduler launches from now on");
                    leads = true;
                    // What the one before it has done may not have been read yet.
                    news.doubt();
                }
            }
        });
    }

    /** One round: reads what has come; the leader acts on it. */
    void runOnce() {
        // The records themselves tell nothing that the rows do not: what counts is who may read them.
        if (!router.poll(leads ? Duration.ZERO : POLL).isEmpty()) {
            router.commitAsync();
        }
        boolean changed = news.read(POLL);
        if (leads && news.isCurrent()) {
            processes.look(changed);
        }
    }

    private ObjectName name() throws JMException {
        return new ObjectName("io.quarry.scheduler:type=launcher,id=" + System.identityHashCode(this));
    }

    private void register() {
        try {
            var unused = ManagementFactory.getPlatformMBeanServer().registerMBean(this, name());
        } catch (JMException e) {
            LOG.warn("Counters of the launcher are not to be seen by JMX", e);
        }
    }

    @Override
    public boolean isActive() {
        return leads;
    }

    @Override
    public long getLaunched() {
        return processes.launched();
    }

    @Override
    public long getRefused() {
        return processes.refused();
    }

    @Override
    public long getWithoutRoom() {
        return processes.withoutRoom();
    }

    @Override
    public long getAway() {
        return processes.away();
    }

    @Override
    public void close() {
        closing.countDown();
        router.wakeup();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(20));
            log.close();
            ManagementFactory.getPlatformMBeanServer().unregisterMBean(name());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (JMException e) {
            LOG.debug("Counters of the launcher were not registered", e);
        } catch (Exception e) {
            LOG.warn("The launcher's log did not close cleanly", e);
        }
    }
}
