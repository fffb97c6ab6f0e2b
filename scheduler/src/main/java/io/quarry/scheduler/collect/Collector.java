package io.quarry.scheduler.collect;

import io.quarry.avro.JobState;
import io.quarry.scheduler.streams.PlainConsumers;
import io.quarry.schemas.DatasetLayout;
import io.quarry.schemas.serde.RegistryUnavailableException;
import io.quarry.schemas.serde.WireSerdes;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.management.InstanceAlreadyExistsException;
import javax.management.JMException;
import javax.management.ObjectName;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.utils.Utils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads job-state and tidies the datasets' directory after it. Any number may run: each partition of job-state is one instance's,
 * and what two do by turns they may do twice. Everything runs on the collector's own thread.
 */
public final class Collector implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Collector.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final long PAUSE_MILLIS = 500;

    private final CollectSettings settings;
    private final Consumer<byte[], byte[]> consumer;
    private final Deserializer<JobState> rows;
    private final InstantSource clock;
    private final Datasets datasets;
    private final Tally tally;
    private final Removal removal;
    private final Thread thread = new Thread(this::run, "quarry-collector");
    private final CountDownLatch closing = new CountDownLatch(1);

    private final Map<TopicPartition, PartitionView> views = new HashMap<>();
    private final Map<TopicPartition, Long> sweeping = new HashMap<>();
    private Set<String> listed = Set.of();
    private long sweptAt = System.nanoTime();
    private int partitions;
    private boolean dirty;
    private boolean silenced;

    Collector(
            CollectSettings settings,
            Consumer<byte[], byte[]> consumer,
            Deserializer<JobState> rows,
            InstantSource clock,
            Tally tally) {
        this.settings = settings;
        this.consumer = consumer;
        this.rows = rows;
        this.clock = clock;
        this.tally = tally;
        this.datasets = new Datasets(settings.datasets());
        this.removal = new Removal(datasets, tally);
        thread.setDaemon(true);
    }

    /**
     * Starts a collector; the topics exist.
     *
     * @param kafka client settings: bootstrap servers, security
     */
    public static Collector start(
            CollectSettings settings, Map<String, String> kafka, WireSerdes serdes, InstantSource clock) {
        Map<String, Object> config = PlainConsumers.settings(kafka, "quarry-collector");
        config.put(ConsumerConfig.GROUP_ID_CONFIG, settings.topics().prefix() + "collector");
        // Removing a directory of a million files takes its time.
        config.put(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, (int)
                Duration.ofMinutes(30).toMillis());
        Tally tally = new Tally();
        Collector collector =
                new Collector(settings, PlainConsumers.open(config), serdes.deserializer(JobState.class), clock, tally);
        register(tally);
        collector.thread.start();
        return collector;
    }

    private static void register(Tally tally) {
        try {
            ManagementFactory.getPlatformMBeanServer()
                    .registerMBean(tally, new ObjectName("io.quarry.scheduler:type=collector"));
        } catch (InstanceAlreadyExistsException another) {
            LOG.info("Another collector of this process is seen by JMX, this one is not");
        } catch (JMException e) {
            LOG.warn("The collector's counters are not seen by JMX", e);
        }
    }

    private void run() {
        try {
            subscribe();
            while (closing.getCount() > 0) {
                try {
                    runOnce();
                    silenced = false;
                } catch (WakeupException closed) {
                    LOG.debug("The collector is woken");
                } catch (RegistryUnavailableException | IOException e) {
                    trouble(e);
                } catch (KafkaException e) {
                    trouble(e);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.error("The collector stops: directories are left until the scheduler is started again", e);
        } finally {
            consumer.close(CloseOptions.timeout(Duration.ofSeconds(2)));
        }
    }

    /** Once per outage: this comes round twice a second. */
    private void trouble(Exception e) throws InterruptedException {
        if (!silenced) {
            LOG.warn("Nothing is collected for now, it is tried again: {}", String.valueOf(e.getMessage()));
        }
        silenced = true;
        var unused = closing.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    }

    void subscribe() {
        consumer.subscribe(List.of(settings.topics().states()), new ConsumerRebalanceListener() {
            @Override
            public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
                views.keySet().removeAll(revoked);
                sweeping.keySet().removeAll(revoked);
            }

            @Override
            public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
                assigned.forEach(partition -> views.put(partition, new PartitionView()));
            }
        });
    }

    /** One round: reads what has come, and acts on the rows that are known to be the newest ones. */
    void runOnce() throws IOException {
        if (System.nanoTime() - sweptAt >= settings.sweepInterval().toNanos()) {
            beginSweep();
        }
        ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
        try {
            records.forEach(this::take);
        } catch (RegistryUnavailableException down) {
            // All of this poll is read again: nothing was acted upon yet.
            for (TopicPartition partition : records.partitions()) {
                consumer.seek(partition, records.records(partition).get(0).offset());
            }
            throw down;
        }
        dirty |= !records.isEmpty();
        findEnds();
        views.forEach(
                (partition, view) -> view.due(consumer.position(partition)).forEach(removal::collect));
        endSweeps();
        if (dirty && views.values().stream().noneMatch(PartitionView::waits)) {
            consumer.commitAsync();
            dirty = false;
        }
    }

    private void take(ConsumerRecord<byte[], byte[]> record) {
        TopicPartition partition = new TopicPartition(record.topic(), record.partition());
        PartitionView view = views.get(partition);
        if (view == null || record.key() == null) {
            return;
        }
        String id = new String(record.key(), StandardCharsets.UTF_8);
        if (record.value() == null || !datasets.has(id)) {
            view.gone(id);
            return;
        }
        try {
            view.row(id, rows.deserialize(record.topic(), record.headers(), record.value()));
        } catch (RegistryUnavailableException down) {
            throw down;
        } catch (SerializationException unreadable) {
            LOG.warn("Unreadable row skipped topic={} offset={}", record.topic(), record.offset(), unreadable);
            view.opaque(id);
        }
    }

    private void findEnds() {
        Set<TopicPartition> asked = new HashSet<>();
        views.forEach((partition, view) -> {
            if (view.needsEnd()) {
                asked.add(partition);
            }
        });
        if (!asked.isEmpty()) {
            consumer.endOffsets(asked).forEach((partition, end) -> {
                PartitionView view = views.get(partition);
                if (view != null) {
                    view.endsAt(end);
                }
            });
        }
    }

    /** Reads all rows again: a zombie may have written after its job was collected. */
    private void beginSweep() throws IOException {
        sweptAt = System.nanoTime();
        // First the directories, then the rows: what is made meanwhile is not looked at.
        listed = datasets.jobs();
        views.values().forEach(PartitionView::forget);
        sweeping.clear();
        sweeping.putAll(consumer.endOffsets(views.keySet()));
        consumer.seekToBeginning(views.keySet());
        partitions = consumer.partitionsFor(settings.topics().states()).size();
    }

    private void endSweeps() {
        if (sweeping.isEmpty()) {
            return;
        }
        Set<TopicPartition> done = new HashSet<>();
        sweeping.forEach((partition, end) -> {
            if (consumer.position(partition) >= end) {
                done.add(partition);
            }
        });
        for (TopicPartition partition : done) {
            sweeping.remove(partition);
            PartitionView view = views.get(partition);
            if (view != null) {
                orphans(partition.partition(), view);
            }
        }
        if (sweeping.isEmpty()) {
            listed = Set.of();
            tally.sweeps.incrementAndGet();
        }
    }

    private void orphans(int partition, PartitionView view) {
        for (String directory : listed) {
            Optional<String> id = DatasetLayout.jobOf(directory);
            if (id.isPresent() && partitionOf(id.get()) == partition && !view.hasRow(id.get())) {
                removal.collectOrphan(id.get(), clock.instant().minus(settings.retention()));
            }
        }
    }

    /** Kafka's own way from a key to a partition. */
    private int partitionOf(String id) {
        return Utils.toPositive(Utils.murmur2(id.getBytes(StandardCharsets.UTF_8))) % partitions;
    }

    @Override
    public void close() {
        closing.countDown();
        consumer.wakeup();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(5));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
