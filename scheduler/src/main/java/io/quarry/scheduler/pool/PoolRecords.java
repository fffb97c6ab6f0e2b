package io.quarry.scheduler.pool;

import io.quarry.avro.Command;
import io.quarry.avro.CommandType;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobState;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.ScalingDecision;
import io.quarry.avro.WorkerState;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.UnreadableRecordException;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the autoscaler reads and writes, from when it becomes active until it no longer is: takes in records, and writes what is
 * decided. For one thread; deaths may be told by any.
 */
final class PoolRecords implements Reconciler.Effects {
    private static final Logger LOG = LoggerFactory.getLogger(PoolRecords.class);

    /** How long a pool that could not say who is there is not asked again. */
    private static final Duration PAUSE = Duration.ofSeconds(2);

    /**
     * What is counted over all such times.
     *
     * @param decisions decisions kept
     * @param reported attempts that were reported to have ended with their worker
     */
    record Counts(AtomicLong decisions, AtomicLong reported) {
        Counts() {
            this(new AtomicLong(), new AtomicLong());
        }
    }

    private final Topics topics;
    private final KafkaProducer<byte[], byte[]> producer;
    private final WorkerPool pool;
    private final InstantSource clock;
    private final Counts counts;
    private final Reconciler reconciler;
    private final Interruptions interruptions = new Interruptions();
    private final Queue<WorkerDeath> deaths = new ConcurrentLinkedQueue<>();
    private final EndedClaims ended = new EndedClaims();
    private final Map<String, ResourceGroup> rows = new HashMap<>();
    private Instant missingAgain = Instant.MIN;
    private final Deserializer<ResourceGroup> groups;
    private final Deserializer<JobState> states;
    private final Deserializer<WorkerState> workers;
    private final Deserializer<ScalingDecision> scaling;
    private final Serializer<Command> commandSerializer;
    private final Serializer<ScalingDecision> decisionSerializer;
    private final Serializer<JobEvent> eventSerializer;

    PoolRecords(
            Topics topics,
            WireSerdes serdes,
            KafkaProducer<byte[], byte[]> producer,
            WorkerPool pool,
            InstantSource clock,
            Counts counts) {
        this.topics = topics;
        this.producer = producer;
        this.pool = pool;
        this.clock = clock;
        this.counts = counts;
        this.reconciler = new Reconciler(pool, this);
        this.groups = serdes.deserializer(ResourceGroup.class);
        this.states = serdes.deserializer(JobState.class);
        this.workers = serdes.deserializer(WorkerState.class);
        this.scaling = serdes.deserializer(ScalingDecision.class);
        this.commandSerializer = serdes.serializer(Command.class);
        this.decisionSerializer = serdes.serializer(ScalingDecision.class);
        this.eventSerializer = serdes.serializer(JobEvent.class);
    }

    /** Begins to hear of workers that died. */
    WorkerPool.Watch watch() {
        return pool.watch(deaths::add);
    }

    /** Reports deaths and does what is to be done about the pool, once all records that there are were taken in. */
    void tick() {
        reportDeaths();
        reconciler.tick(now());
    }

    long looks() {
        return reconciler.looks();
    }

    long interrupted() {
        return interruptions.count();
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
        counts.decisions.incrementAndGet();
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
    private void reportDeaths() {
        for (WorkerDeath death = deaths.poll(); death != null; death = deaths.poll()) {
            ended.take(death);
        }
        lookForMissing();
        for (JobEvent event : ended.due(now())) {
            counts.reported.incrementAndGet();
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
