package io.quarry.scheduler.pool;

import io.quarry.avro.Command;
import io.quarry.avro.CommandType;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobState;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.ScalingDecision;
import io.quarry.avro.WorkerState;
import io.quarry.scheduler.streams.PlainConsumers;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.UnreadableRecordException;
import io.quarry.schemas.serde.WireSerdes;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.management.JMException;
import javax.management.ObjectName;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serializer;
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
    private final AtomicLong decisions = new AtomicLong();
    private final AtomicLong faults = new AtomicLong();
    private final AtomicLong reported = new AtomicLong();

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
            Reading reading = new Reading(producer);
            while (closing.getCount() > 0 && !lead.had) {
                groups.poll(Duration.ofMillis(500)).forEach(reading::take);
            }
            WorkerPool.Watch watch = pool.watch(reading.deaths::add);
            try (KafkaConsumer<byte[], byte[]> facts = consumer(false)) {
                assignFacts(facts);
                follow(groups, facts, reading, lead);
            } finally {
                watch.close();
            }
        } finally {
            polled = null;
        }
    }

    private void follow(
            KafkaConsumer<byte[], byte[]> groups, KafkaConsumer<byte[], byte[]> facts, Reading reading, Lead lead) {
        Map<TopicPartition, Long> ends = facts.endOffsets(facts.assignment());
        ends.putAll(groups.endOffsets(groups.assignment()));
        boolean read = false;
        while (closing.getCount() > 0 && lead.has) {
            groups.poll(Duration.ZERO).forEach(reading::take);
            facts.poll(settings.tick()).forEach(reading::take);
            if (!read) {
                read = ends.entrySet().stream()
                        .allMatch(end -> position(groups, facts, end.getKey()) >= end.getValue());
                if (read) {
                    active = true;
                    LOG.info("This scheduler scales the pools: it has read all that there is");
                }
            }
            if (read) {
                reading.reportDeaths();
                reading.reconciler.tick(clock.instant());
                looks = reading.reconciler.looks();
                interrupted = reading.interruptions.count();
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

    /** Takes in records, and carries out what is decided. */
    private final class Reading implements Reconciler.Effects {
        private final KafkaProducer<byte[], byte[]> producer;
        private final Reconciler reconciler = new Reconciler(pool, this);
        private final Interruptions interruptions = new Interruptions();
        private final Queue<WorkerDeath> deaths = new ConcurrentLinkedQueue<>();
        private final EndedClaims ended = new EndedClaims();
        private final Map<String, ResourceGroup> rows = new HashMap<>();
        private Instant missingAgain = Instant.MIN;
        private final Deserializer<ResourceGroup> groups = serdes.deserializer(ResourceGroup.class);
        private final Deserializer<JobState> states = serdes.deserializer(JobState.class);
        private final Deserializer<WorkerState> workers = serdes.deserializer(WorkerState.class);
        private final Deserializer<ScalingDecision> scaling = serdes.deserializer(ScalingDecision.class);
        private final Serializer<Command> commandSerializer = serdes.serializer(Command.class);
        private final Serializer<ScalingDecision> decisionSerializer = serdes.serializer(ScalingDecision.class);
        private final Serializer<JobEvent> eventSerializer = serdes.serializer(JobEvent.class);

        Reading(KafkaProducer<byte[], byte[]> producer) {
            this.producer = producer;
        }

        void take(ConsumerRecord<byte[], byte[]> record) {
            if (record.key() == null) {
                return;
            }
            String key = new String(record.key(), StandardCharsets.UTF_8);
            String topic = record.topic();
            try {
                if (topic.equals(topics.states())) {
                    JobState row = read(states, record);
                    reconciler.job(key, row);
                    ended.take(key, row);
                    interruptions.take(row);
                } else if (topic.equals(topics.groups())) {
                    ResourceGroup row = read(groups, record);
                    reconciler.group(key, row);
                    if (row == null) {
                        rows.remove(key);
                    } else {
                        rows.put(key, row);
                    }
                } else if (topic.equals(topics.workers())) {
                    reconciler.worker(key, read(workers, record));
                } else if (topic.equals(topics.scaling())) {
                    ScalingDecision decision = read(scaling, record);
                    if (decision != null) {
                        interruptions.take(decision);
                    }
                }
            } catch (UnreadableRecordException unreadable) {
                LOG.warn(
                        "A record cannot be read and is left alone topic={} offset={} reason={}",
                        topic,
                        record.offset(),
                        unreadable.reason());
            }
        }

        private static <T> @Nullable T read(Deserializer<T> deserializer, ConsumerRecord<byte[], byte[]> record) {
            return record.value() == null ? null : deserializer.deserialize(record.topic(), record.value());
        }

        @Override
        public void drain(String worker, String reason) {
            Command command = Command.newBuilder()
                    .setType(CommandType.DRAIN)
                    .setWorker(worker)
                    .setReason(reason)
                    .setAt(now())
                    .build();
            send(topics.commands(), worker, commandSerializer.serialize(topics.commands(), command));
        }

        @Override
        public void keep(ScalingDecision decision) {
            decisions.incrementAndGet();
            LOG.info(
                    "Scaling {} group={} worker={} workers={} wanted={}: {}",
                    decision.getAction(),
                    decision.getGroup(),
                    decision.getWorker() == null ? "-" : decision.getWorker(),
                    decision.getWorkers(),
                    decision.getWanted(),
                    decision.getReason());
            send(topics.scaling(), decision.getGroup(), decisionSerializer.serialize(topics.scaling(), decision));
        }

        /** Looks for whoever holds a job and may have died while nobody looked: its row is older than what the pool sees now. */
        private void lookForMissing() {
            Set<String> unchecked = ended.unchecked();
            if (unchecked.isEmpty() || now().isBefore(missingAgain)) {
                return;
            }
            try {
                pool.missing(unchecked, rows.values()).forEach(ended::take);
                ended.checked(unchecked);
            } catch (PoolException away) {
                missingAgain = now().plus(PAUSE);
                LOG.debug("It is not known which workers are there: {}", away.getMessage());
            }
        }

        /** Has the jobs of workers that died go on: at once, with the cause, and not when their leases are over. */
        void reportDeaths() {
            for (WorkerDeath death = deaths.poll(); death != null; death = deaths.poll()) {
                ended.take(death);
            }
            lookForMissing();
            for (JobEvent event : ended.due(now())) {
                reported.incrementAndGet();
                LOG.warn(
                        "A worker died with a job in hand, which is reported: jobId={} attempt={} worker={} cause={}",
                        event.getJobId(),
                        event.getAttempt(),
                        event.getWorker(),
                        event.getCause().getType());
                byte[] value = eventSerializer.serialize(topics.events(), event);
                send(new ProducerRecord<>(topics.events(), event.getJobId().getBytes(StandardCharsets.UTF_8), value));
            }
        }

        private Instant now() {
            return clock.instant();
        }

        private void send(String topic, String key, byte[] value) {
            send(new ProducerRecord<>(topic, 0, key.getBytes(StandardCharsets.UTF_8), value));
        }

        private void send(ProducerRecord<byte[], byte[]> record) {
            Object unused = producer.send(record, (sent, failure) -> {
                if (failure != null) {
                    String key = new String(record.key(), StandardCharsets.UTF_8);
                    LOG.warn("Could not be written topic={} key={}: {}", record.topic(), key, failure.toString());
                }
            });
        }
    }

    private KafkaConsumer<byte[], byte[]> consumer(boolean leads) {
        Map<String, Object> client =
                PlainConsumers.settings(kafka, leads ? "quarry-autoscaler" : "quarry-autoscaler-facts");
        if (leads) {
            client.put("group.id", topics.prefix() + "autoscaler");
            client.put("session.timeout.ms", 10_000);
            client.put("heartbeat.interval.ms", 2_000);
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
        return decisions.get();
    }

    @Override
    public long getDeathsReported() {
        return reported.get();
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
