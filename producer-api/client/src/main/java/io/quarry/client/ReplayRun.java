package io.quarry.client;

import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.State;
import io.quarry.client.ReplayReport.Skip;
import io.quarry.schemas.JobRules;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.RegistryUnavailableException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/**
 * One run of a replay, on the caller's thread. Each job is acknowledged before the next one is appended, so that the old order
 * holds also where it stops. Interrupting the thread stops it between two jobs.
 */
final class ReplayRun {
    /** Where the jobs of a replay go. */
    interface Target {
        /**
         * The topic that a job belongs to.
         *
         * @throws SubmitException when it belongs to none
         */
        String queueOf(Job job);

        void append(String topic, Job job);
    }

    private final Replay replay;
    private final String id;
    private final String run;
    private final Topics topics;
    private final InstantSource clock;
    private final Deserializer<Job> jobs;
    private final Deserializer<JobState> states;
    private final Target target;
    private final Pacer pacer;

    private final Map<Skip, Long> skipped = new EnumMap<>(Skip.class);
    private final Set<UUID> made = new HashSet<>();
    private final Map<String, State> known = new HashMap<>();
    private final Map<State, Long> byState = new EnumMap<>(State.class);
    private @Nullable MadeBefore before;
    private long read;
    private long appended;

    ReplayRun(
            Replay replay,
            String freshId,
            Topics topics,
            InstantSource clock,
            Deserializer<Job> jobs,
            Deserializer<JobState> states,
            Target target,
            Pacer pacer) {
        this.replay = replay;
        this.id = replay.id() == null ? freshId : replay.id();
        this.run = "replay/" + id;
        this.topics = topics;
        this.clock = clock;
        this.jobs = jobs;
        this.states = states;
        this.target = target;
        this.pacer = pacer;
    }

    /**
     * Replays.
     *
     * @param source reads the range
     * @param others reads everything else
     */
    ReplayReport go(TopicScan source, TopicScan others, Consumer<ReplayReport> progress) {
        TopicPartition partition = partition(source);
        long end = source.end(partition);
        long from = Math.max(source.beginning(partition), from(source, partition, end));
        long to = Math.max(from, Math.min(end, to(source, partition, end)));
        // Nothing can have been made under a name that nobody had.
        before = replay.id() == null ? null : new MadeBefore(others, topics);
        long next = from;
        progress.accept(report(partition, from, to, next));
        try {
            if (needsStates()) {
                readStates(others);
            }
            Iterator<ConsumerRecord<byte[], byte[]>> records = source.read(partition, from, to);
            while (!Thread.currentThread().isInterrupted() && records.hasNext()) {
                ConsumerRecord<byte[], byte[]> record = records.next();
                take(record);
                next = record.offset() + 1;
                progress.accept(report(partition, from, to, next));
            }
            // What is left of the range holds no records, only marks of transactions.
            next = Thread.currentThread().isInterrupted() ? next : to;
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        } catch (KafkaException stopped) {
            // Whether the job in hand was appended is not known; under the same name it is not appended twice.
            if (!(stopped instanceof InterruptException)
                    && !Thread.currentThread().isInterrupted()) {
                throw stopped;
            }
        }
        ReplayReport report = report(partition, from, to, next);
        progress.accept(report);
        return report;
    }

    private TopicPartition partition(TopicScan source) {
        String group = replay.group();
        String topic = group == null ? String.valueOf(replay.topic()) : topics.jobs(group);
        if (!topics.jobsPattern().matcher(topic).matches()) {
            throw new IllegalArgumentException(
                    "topic " + topic + " cannot be replayed: must be a group's queue such as "
                            + topics.jobs(Topics.DEFAULT_GROUP) + ", or " + topics.oversize());
        }
        if (source.partitions(topic).isEmpty()) {
            throw new IllegalArgumentException("there is no topic " + topic);
        }
        return new TopicPartition(topic, 0);
    }

    private long from(TopicScan source, TopicPartition partition, long end) {
        if (replay.fromTime() != null) {
            return source.offsetAt(partition, replay.fromTime()).orElse(end);
        }
        return replay.fromOffset() == null ? 0 : Math.min(end, replay.fromOffset());
    }

    private long to(TopicScan source, TopicPartition partition, long end) {
        if (replay.toTime() != null) {
            return source.offsetAt(partition, replay.toTime()).orElse(end);
        }
        return replay.toOffset() == null ? end : replay.toOffset();
    }

    private boolean needsStates() {
        return replay.isDryRun() || !replay.states().isEmpty();
    }

    /** Remembers the states that matter: all of them for a dry run, which tells them. */
    private void readStates(TopicScan others) {
        others.all(topics.states()).forEach(record -> {
            JobState row = record.value() == null ? null : StateReader.read(states, record, JobState.class);
            String key = new String(record.key(), StandardCharsets.UTF_8);
            if (row != null && (replay.isDryRun() || replay.states().contains(row.getState()))) {
                known.put(key, row.getState());
            } else {
                known.remove(key);
            }
        });
    }

    private State stateOf(Job original) {
        return known.getOrDefault(original.getId(), State.UNKNOWN);
    }

    private void take(ConsumerRecord<byte[], byte[]> record) throws InterruptedException {
        Skip reason = repeat(record);
        read++;
        if (reason == null) {
            appended++;
        } else {
            skipped.merge(reason, 1L, Long::sum);
        }
    }

    /** Appends the job of a record again; says why not. */
    private @Nullable Skip repeat(ConsumerRecord<byte[], byte[]> record) throws InterruptedException {
        if (record.value() == null) {
            return Skip.TOMBSTONE;
        }
        Job original;
        try {
            original = jobs.deserialize(record.topic(), record.headers(), record.value());
        } catch (RegistryUnavailableException down) {
            throw down;
        } catch (SerializationException poison) {
            return Skip.UNREADABLE;
        }
        if (record.key() == null || !original.getId().equals(new String(record.key(), StandardCharsets.UTF_8))) {
            return Skip.INVALID;
        }
        Skip reason = unwanted(original);
        if (reason != null) {
            return reason;
        }
        Job job = Repeats.replayed(original, run, replay.into(), clock.instant().truncatedTo(ChronoUnit.MILLIS));
        UUID made = Repeats.id(original.getId(), run);
        if (!JobRules.check(job).isEmpty()) {
            return Skip.INVALID;
        }
        if (!this.made.add(made)) {
            return Skip.DUPLICATE;
        }
        try {
            String queue = target.queueOf(job);
            if (before != null && before.contains(made, queue)) {
                return Skip.ALREADY_REPLAYED;
            }
            if (!replay.isDryRun()) {
                pacer.next();
                target.append(queue, job);
            }
        } catch (TooLargeException large) {
            return Skip.TOO_LARGE;
        }
        if (needsStates()) {
            byState.merge(stateOf(original), 1L, Long::sum);
        }
        return null;
    }

    private @Nullable Skip unwanted(Job job) {
        if (job.getAttempt() > 1) {
            return Skip.LATER_ATTEMPT;
        }
        if (Repeats.isOf(job, run)) {
            return Skip.OF_THIS_REPLAY;
        }
        if (!replay.wantsKind(job)) {
            return Skip.KIND;
        }
        if (!replay.wantsTags(job)) {
            return Skip.TAG;
        }
        State state = known.get(job.getId());
        boolean wanted =
                replay.states().isEmpty() || (state != null && replay.states().contains(state));
        return wanted ? null : Skip.STATE;
    }

    private ReplayReport report(TopicPartition partition, long from, long to, long next) {
        return new ReplayReport(
                id, partition.topic(), from, to, next, read, appended, byState, skipped, replay.isDryRun());
    }
}
