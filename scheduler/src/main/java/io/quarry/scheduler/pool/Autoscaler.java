package io.quarry.scheduler.pool;

import io.quarry.scheduler.streams.PlainConsumers;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.WireSerdes;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.management.JMException;
import javax.management.ObjectName;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Scales the pool: one thread that reads groups, jobs' rows and what workers say, and does what {@link Reconciler} decides. Of
 * several processes the one that is assigned the one partition of resource-groups is active; it begins with everything read to
 * its end. After a fault everything is read anew: there is no state but the topics and the pool.
 */
public final class Autoscaler implements AutoCloseable, AutoscalerMXBean {
    private static final Logger LOG = LoggerFactory.getLogger(Autoscaler.class);
    private static final Duration PAUSE = Duration.ofSeconds(2);

    private final PoolSettings settings;
    private final Topics topics;
    private final Map<String, String> kafka;
    private final WireSerdes serdes;
    private final WorkerPool pool;
    private final InstantSource clock;
    private final Thread thread;
    private final CountDownLatch closing = new CountDownLatch(1);
    private volatile @Nullable KafkaConsumer<byte[], byte[]> polled;
    private volatile boolean active;
    private volatile long interrupted;
    private volatile long looks;
    private final AtomicLong faults = new AtomicLong();
    private final PoolRecords.Counts counts = new PoolRecords.Counts();

    private Autoscaler(
            PoolSettings settings, Map<String, String> kafka, WireSerdes serdes, WorkerPool pool, InstantSource clock) {
        this.settings = settings;
        this.topics = settings.topics();
        this.kafka = Map.copyOf(kafka);
        this.serdes = serdes;
        this.pool = pool;
        this.clock = clock;
        this.thread = new Thread(this::run, "quarry-autoscaler");
        this.thread.setDaemon(true);
    }

    /** Starts the thread and returns at once. The pool stays the caller's. */
    public static Autoscaler start(
            PoolSettings settings, Map<String, String> kafka, WireSerdes serdes, WorkerPool pool, InstantSource clock) {
        Autoscaler scaler = new Autoscaler(settings, kafka, serdes, pool, clock);
        scaler.register();
        scaler.thread.start();
        return scaler;
    }

    private void run() {
        while (closing.getCount() > 0) {
            try {
                scale();
            } catch (WakeupException | InterruptException closed) {
                // close() did it.
            } catch (KafkaException fault) {
                faults.incrementAndGet();
                LOG.warn("The autoscaler starts anew after a fault: {}", fault.toString());
            } catch (RuntimeException ours) {
                faults.incrementAndGet();
                LOG.error("The autoscaler starts anew after a fault of its own", ours);
            } finally {
                active = false;
            }
            try {
                if (closing.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS)) {
                    return;
                }
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /** One life: until it is closed, loses the partition, or a fault. */
    private void scale() {
        try (KafkaConsumer<byte[], byte[]> groups = consumer(true);
                KafkaProducer<byte[], byte[]> producer = producer()) {
            polled = groups;
            Lead lead = new Lead(groups);
            groups.subscribe(List.of(topics.groups()), lead);
            PoolRecords records = new PoolRecords(topics, serdes, producer, pool, clock, counts);
            while (closing.getCount() > 0 && !lead.had) {
                groups.poll(Duration.ofMillis(500)).forEach(records::take);
            }
            WorkerPool.Watch watch = records.watch();
            try (KafkaConsumer<byte[], byte[]> facts = consumer(false)) {
                assignFacts(facts);
                follow(groups, facts, records, lead);
            } finally {
                watch.close();
            }
        } finally {
            polled = null;
        }
    }

    private void follow(
            KafkaConsumer<byte[], byte[]> groups, KafkaConsumer<byte[], byte[]> facts, PoolRecords records, Lead lead) {
        Map<TopicPartition, Long> ends = facts.endOffsets(facts.assignment());
        ends.putAll(groups.endOffsets(groups.assignment()));
        boolean read = false;
        while (closing.getCount() > 0 && lead.has) {
            groups.poll(Duration.ZERO).forEach(records::take);
            facts.poll(settings.tick()).forEach(records::take);
            if (!read) {
                read = ends.entrySet().stream()
                        .allMatch(end -> position(groups, facts, end.getKey()) >= end.getValue());
                if (read) {
                    active = true;
                    LOG.info("This scheduler scales the pools: it has read all that there is");
                }
            }
            if (read) {
                records.tick();
                looks = records.looks();
                interrupted = records.interrupted();
            }
        }
    }

    private static long position(
            KafkaConsumer<byte[], byte[]> groups, KafkaConsumer<byte[], byte[]> facts, TopicPartition partition) {
        return facts.assignment().contains(partition)
                ? facts.position(partition)
                : groups.assignment().contains(partition) ? groups.position(partition) : Long.MAX_VALUE;
    }

    private void assignFacts(KafkaConsumer<byte[], byte[]> facts) {
        List<TopicPartition> partitions = List.of(topics.states(), topics.workers(), topics.scaling()).stream()
                .flatMap(topic -> facts.partitionsFor(topic).stream())
                .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                .toList();
        facts.assign(partitions);
        facts.seekToBeginning(partitions);
    }

    /** Who has the one partition is active; it reads it from the beginning. */
    private static final class Lead implements ConsumerRebalanceListener {
        private final KafkaConsumer<byte[], byte[]> groups;
        private boolean has;
        private boolean had;

        Lead(KafkaConsumer<byte[], byte[]> groups) {
            this.groups = groups;
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            if (!partitions.isEmpty()) {
                has = true;
                had = true;
                groups.seekToBeginning(partitions);
            }
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            has &= partitions.isEmpty();
        }
    }

    private KafkaConsumer<byte[], byte[]> consumer(boolean leads) {
        Map<String, Object> client =
                PlainConsumers.settings(kafka, leads ? "quarry-autoscaler" : "quarry-autoscaler-facts");
        if (leads) {
            client.put("group.id", topics.prefix() + "autoscaler");
            client.put("session.timeout.ms", 10_000);
            client.put("heartbeat.interval.ms", 2_000);
            // With another one everybody gives up the partition whenever somebody joins. The leader, who ends then and
            // joins anew, would take it from the next one by that, who does the same, for as long as there are two.
            client.put("partition.assignment.strategy", CooperativeStickyAssignor.class.getName());
        }
        return PlainConsumers.open(client);
    }

    private KafkaProducer<byte[], byte[]> producer() {
        Map<String, Object> client = new HashMap<>(kafka);
        client.put("acks", "all");
        client.put("enable.idempotence", true);
        return new KafkaProducer<>(client, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private void register() {
        try {
            ManagementFactory.getPlatformMBeanServer()
                    .registerMBean(
                            this,
                            new ObjectName("io.quarry.scheduler:type=autoscaler,id=" + System.identityHashCode(this)));
        } catch (JMException e) {
            LOG.warn("Counters of the autoscaler are not to be seen by JMX", e);
        }
    }

    @Override
    public boolean isActive() {
        return active;
    }

    @Override
    public long getJobsInterruptedByScaling() {
        return interrupted;
    }

    @Override
    public long getLooks() {
        return looks;
    }

    @Override
    public long getDecisions() {
        return counts.decisions().get();
    }

    @Override
    public long getDeathsReported() {
        return counts.reported().get();
    }

    @Override
    public long getFaults() {
        return faults.get();
    }

    @Override
    public void close() {
        closing.countDown();
        KafkaConsumer<byte[], byte[]> open = polled;
        if (open != null) {
            open.wakeup();
        }
        try {
            thread.join(TimeUnit.SECONDS.toMillis(10));
            ManagementFactory.getPlatformMBeanServer()
                    .unregisterMBean(
                            new ObjectName("io.quarry.scheduler:type=autoscaler,id=" + System.identityHashCode(this)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (JMException e) {
            LOG.debug("Counters of the autoscaler were not registered", e);
        }
    }
}
