package io.quarry.scheduler.lifecycle;

import io.quarry.avro.Command;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.JobState;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Source;
import io.quarry.avro.State;
import io.quarry.scheduler.streams.Outgoing;
import io.quarry.scheduler.streams.Wire;
import io.quarry.schemas.JobRules;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.UnreadableRecordException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Feeds the events of one partition to the state machine and does what follows: row, index entries, records out, all in one
 * transaction. Time is the append time of the record that is read; the wall clock is never looked at. One thread.
 */
final class LifecycleProcessor implements Processor<byte[], byte[], byte[], Outgoing> {
    /** Marks what the lifecycle put on the router topic, so that intake does not take it for a submission. */
    static final String ENQUEUED_HEADER = "quarry.enqueued";

    /** Most jobs moved by one tick or one Passed; the rest follow with the next tick, so that no transaction grows too old. */
    private static final int SWEEP = 500;

    /** Ticks between two looks at the oldest waiting jobs. */
    private static final int OLDEST_EVERY = 10;

    private static final Logger LOG = LoggerFactory.getLogger(LifecycleProcessor.class);

    private final LifecycleSettings settings;
    private final Topics topics;
    private final Lifecycle lifecycle;
    private final Wire wire;
    private final Supplier<String> statesTopic;
    private final Supplier<Map<String, String>> queues;
    private final Map<String, CachedGroup> groupCache = new HashMap<>();

    @SuppressWarnings("NullAway.Init") // set by init, before any record
    private ProcessorContext<byte[], Outgoing> context;

    @SuppressWarnings("NullAway.Init")
    private KeyValueStore<String, byte[]> rows;

    @SuppressWarnings("NullAway.Init")
    private KeyValueStore<String, ?> groups;

    @SuppressWarnings("NullAway.Init")
    private Timers timers;

    @SuppressWarnings("NullAway.Init")
    private Depths depths;

    @SuppressWarnings("NullAway.Init")
    private Republication republication;

    @SuppressWarnings("NullAway.Init")
    private RemadeQueues remadeQueues;

    @SuppressWarnings("NullAway.Init")
    private LifecycleMetrics metrics;

    /** Groups whose oldest job is shown; a group that has none any more shows zero. */
    private final Set<String> shown = new HashSet<>();

    private final Set<String> alarmed = new HashSet<>();
    private boolean begun;

    @SuppressWarnings("ArrayRecordComponent") // compared by hand
    private record CachedGroup(byte[] bytes, byte @Nullable [] larger, RetryPolicy policy) {
        boolean isOf(byte[] now, byte @Nullable [] largerNow) {
            return Arrays.equals(bytes, now) && Arrays.equals(larger, largerNow);
        }
    }

    LifecycleProcessor(
            LifecycleSettings settings, Wire wire, Supplier<String> statesTopic, Supplier<Map<String, String>> queues) {
        this.queues = queues;
        this.statesTopic = statesTopic;
        this.settings = settings;
        this.topics = settings.topics();
        this.lifecycle = new Lifecycle(settings.retention(), settings.progressInterval());
        this.wire = wire;
    }

    @Override
    public void init(ProcessorContext<byte[], Outgoing> context) {
        this.context = context;
        this.rows = context.getStateStore(LifecycleTopology.ROWS);
        this.groups = context.getStateStore(LifecycleTopology.GROUPS);
        KeyValueStore<Bytes, byte[]> store = context.getStateStore(LifecycleTopology.TIMERS);
        this.timers = new Timers(store);
        this.depths = new Depths(store);
        this.remadeQueues = new RemadeQueues(store, 'Q');
        this.republication = new Republication(store, rows);
        this.metrics = new LifecycleMetrics(context.metrics(), context.taskId().toString());
        depths.groups().forEach(this::showDepth);
    }

    @Override
    public void close() {
        metrics.close();
    }

    /** Counts the rows of a version that did not, once; here and not in init, where nothing may be written. */
    private void begin() {
        begun = true;
        if (depths.counted()) {
            return;
        }
        try (KeyValueIterator<String, byte[]> all = rows.all()) {
            all.forEachRemaining(entry -> depths.move(null, row(entry.key, entry.value)));
        }
        depths.setCounted();
        depths.groups().forEach(this::showDepth);
    }

    private void showDepth(String group) {
        depths.each(group, (state, jobs) -> metrics.depth(group, state, jobs));
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        if (!begun) {
            begin();
        }
        Instant now = Instant.ofEpochMilli(record.timestamp());
        JobEvent event = read(record);
        if (event == null) {
            return;
        }
        if (event.getType() == JobEventType.TICK) {
            tick(event, now);
        } else if (event.getType() == JobEventType.PASSED) {
            if (event.getSource() != null) {
                sweepPassed(event.getSource().getTopic(), event.getSource().getOffset(), now);
            }
        } else {
            one(record.key(), event, now);
        }
    }

    private @Nullable JobEvent read(Record<byte[], byte[]> record) {
        try {
            if (record.value() == null) {
                throw new UnreadableRecordException(UnreadableRecordException.Reason.NULL_VALUE, "it has no value");
            }
            return wire.read(topics.events(), record.value(), JobEvent.class);
        } catch (UnreadableRecordException e) {
            metrics.unreadable();
            LOG.warn("Skipped an event that cannot be read: {} offset={}", e.getMessage(), offset());
            return null;
        }
    }

    private long offset() {
        return context.recordMetadata().map(m -> m.offset()).orElse(-1L);
    }

    private void one(byte @Nullable [] key, JobEvent wireEvent, Instant now) {
        Event event = Events.of(wireEvent, topics.oversize());
        String jobId = wireEvent.getJobId();
        if (event == null || !JobRules.validId(jobId) || !jobId.equals(Submission.id(key))) {
            metrics.unreadable();
            LOG.warn(
                    "Skipped an event that lacks a field, is of an unknown type or is not keyed by a job's id:"
                            + " type={} writer={} offset={}",
                    wireEvent.getType(),
                    shown(wireEvent.getWriter()),
                    offset());
            return;
        }
        apply(jobId, event, now);
    }

    private static String shown(String text) {
        return text.length() <= 200 ? text : text.substring(0, 200);
    }

    // ---- what concerns a whole partition

    private void tick(JobEvent event, Instant now) {
        long own = settings.tickInterval().toMillis();
        timers.tick(
                now.toEpochMilli(), event.getTickIntervalMs() == null ? own : Math.max(own, event.getTickIntervalMs()));
        for (String job : timers.due(now.toEpochMilli(), SWEEP)) {
            apply(job, new Event.Due(), now);
        }
        timers.leasesOut(SWEEP, this::leaseTicks, (job, claim) -> apply(job, new Event.LeaseOut(claim), now));
        for (KeyValue<String, Long> passed : timers.passed()) {
            sweepPassed(passed.key, passed.value, now);
        }
        for (String topic : remadeQueues.turn(queues.get())) {
            remadeQueues.settle(topic);
            metrics.remade();
            LOG.warn("A queue was deleted and made anew: jobs that wait in it are appended again topic={}", topic);
            sweepPassed(topic, Long.MAX_VALUE, now);
        }
        republication.turn(statesTopic.get(), SWEEP, (jobId, row) -> forward(topics.states(), jobId, row, now));
        if (timers.ticks() % OLDEST_EVERY == 0) {
            shown.addAll(depths.groups());
            shown.forEach(group -> showOldest(group, now));
        }
        timers.save();
    }

    /** How long the first record of a group's queues has waited: beyond the retention of the queue it would be removed. */
    private void showOldest(String group, Instant now) {
        Duration age = Duration.ZERO;
        for (String topic : List.of(topics.jobs(group), topics.retries(group))) {
            for (String jobId : timers.waitingBelow(topic, Long.MAX_VALUE, 1)) {
                byte[] bytes = rows.get(jobId);
                Instant queued = bytes == null ? null : row(jobId, bytes).getQueuedAt();
                if (queued != null && Duration.between(queued, now).compareTo(age) > 0) {
                    age = Duration.between(queued, now);
                }
            }
        }
        boolean alarming = age.compareTo(settings.queueRetention().dividedBy(2)) > 0;
        metrics.oldest(group, age.toSeconds(), alarming);
        if (alarming && alarmed.add(group)) {
            LOG.warn(
                    "A job has waited for more than half of what its queue keeps records: start workers, or raise"
                            + " jobs.retention.ms group={} seconds={}",
                    group,
                    age.toSeconds());
        } else if (!alarming) {
            alarmed.remove(group);
        }
    }

    private void sweepPassed(String topic, long offset, Instant now) {
        List<String> jobs = timers.waitingBelow(topic, offset, SWEEP);
        for (String job : jobs) {
            apply(job, new Event.Passed(topic, offset), now);
        }
        if (jobs.size() == SWEEP) {
            timers.putPassed(topic, offset);
        } else {
            timers.forgetPassed(topic);
        }
    }

    // ---- one job

    private void apply(String jobId, Event event, Instant now) {
        byte[] bytes = rows.get(jobId);
        JobState before = bytes == null ? null : row(jobId, bytes);
        Step step = lifecycle.next(before, event, new Lifecycle.Context(now, policy(before, event)));
        metrics.step(before, step);
        JobState after = step.state();
        switch (step.kind()) {
            case CHANGED -> {
                byte[] row = wire.write(topics.states(), Objects.requireNonNull(after));
                rows.put(jobId, row);
                forward(topics.states(), jobId, row, now);
                reindex(jobId, before, after);
                depths.move(before, after).forEach(this::showDepth);
                logMove(jobId, before, after);
            }
            case REMOVED -> {
                rows.delete(jobId);
                forward(topics.states(), jobId, null, now);
                reindex(jobId, before, null);
            }
            case IMPOSSIBLE ->
                LOG.warn(
                        "Ignored an event that cannot happen: event={} jobId={} offset={}",
                        event.getClass().getSimpleName(),
                        jobId,
                        offset());
            case SAME, FENCED -> {}
        }
        for (Effect effect : step.effects()) {
            perform(jobId, after, effect, now);
        }
    }

    private JobState row(String jobId, byte[] bytes) {
        try {
            return wire.read(topics.states(), bytes, JobState.class);
        } catch (UnreadableRecordException e) {
            throw new IllegalStateException(
                    "the row of job " + jobId + " cannot be read: is schema.registry.url the registry that it was"
                            + " written with? Nothing was changed; set it right and start again",
                    e);
        }
    }

    private static void logMove(String jobId, @Nullable JobState before, JobState after) {
        if (before == null || before.getState() != after.getState()) {
            LOG.info(
                    "Job is {}: jobId={} group={} attempt={} worker={}",
                    after.getState(),
                    jobId,
                    after.getJob().getResourceGroup(),
                    after.getAttempt(),
                    after.getOwner() == null ? "-" : after.getOwner().getWorker());
        }
    }

    private void perform(String jobId, @Nullable JobState after, Effect effect, Instant now) {
        if (effect instanceof Effect.RenewLease e) {
            timers.renew(jobId, e.claim(), after == null ? settings.leaseTicks() : leaseTicks(after));
        } else if (effect instanceof Effect.AppendRetry e) {
            append(topics.retries(e.job().getResourceGroup()), e.job(), now);
        } else if (effect instanceof Effect.AppendOversize e) {
            append(topics.oversize(), e.job(), now);
        } else if (effect instanceof Effect.Dead e) {
            send(topics.dead(), jobId, e.dead(), now);
        } else if (effect instanceof Effect.Tell e) {
            Command command = Command.newBuilder()
                    .setType(e.type())
                    .setClaim(e.claim())
                    .setJobId(jobId)
                    .setReason(e.reason())
                    .setAt(now)
                    .build();
            send(topics.commands(), e.claim(), command, now);
        }
    }

    private void append(String topic, Job job, Instant now) {
        Headers headers = new RecordHeaders();
        headers.add(ENQUEUED_HEADER, new byte[] {1});
        context.forward(new Record<>(
                utf8(job.getId()), new Outgoing(topic, wire.write(topic, job)), now.toEpochMilli(), headers));
    }

    private void send(String topic, String key, SpecificRecord value, Instant now) {
        forward(topic, key, wire.write(topic, value), now);
    }

    private void forward(String topic, String key, byte @Nullable [] value, Instant now) {
        context.forward(new Record<>(utf8(key), new Outgoing(topic, value), now.toEpochMilli(), new RecordHeaders()));
    }

    /** The index entries follow from the row alone: those of the old one go, those of the new one come. */
    private void reindex(String jobId, @Nullable JobState before, @Nullable JobState after) {
        Instant oldDue = before == null ? null : lifecycle.dueAt(before);
        Instant newDue = after == null ? null : lifecycle.dueAt(after);
        if (oldDue != null && !oldDue.equals(newDue)) {
            timers.disarm(jobId, oldDue.toEpochMilli());
        }
        if (newDue != null) {
            timers.arm(jobId, newDue.toEpochMilli());
        }
        Source oldSource = before != null && Lifecycle.waitsForItsRecord(before) ? before.getSource() : null;
        Source newSource = after != null && Lifecycle.waitsForItsRecord(after) ? after.getSource() : null;
        if (!Objects.equals(oldSource, newSource)) {
            if (oldSource != null) {
                timers.waitNoMore(jobId, oldSource.getTopic(), oldSource.getOffset());
            }
            if (newSource != null) {
                timers.waitIn(jobId, newSource.getTopic(), newSource.getOffset());
            }
        }
        boolean wasRunning = before != null && before.getState() == State.RUNNING;
        if (wasRunning && (after == null || after.getState() != State.RUNNING)) {
            timers.drop(jobId);
        }
    }

    private long leaseTicks(String jobId) {
        byte[] bytes = rows.get(jobId);
        return bytes == null ? settings.leaseTicks() : leaseTicks(row(jobId, bytes));
    }

    /** As the job's group says, in whole ticks, else as the setting. */
    private long leaseTicks(JobState row) {
        Duration lease = policy(row.getJob().getResourceGroup()).lease();
        long interval = settings.tickInterval().toMillis();
        return lease == null ? settings.leaseTicks() : Math.max(1, (lease.toMillis() + interval - 1) / interval);
    }

    private RetryPolicy policy(@Nullable JobState row, Event event) {
        if (row != null) {
            return policy(row.getJob().getResourceGroup());
        }
        if (event instanceof Event.Submitted e) {
            return policy(e.job().getResourceGroup());
        }
        Job job = event instanceof Event.Claimed e ? e.job() : null;
        return job == null ? RetryPolicy.OF_UNKNOWN_GROUP : policy(job.getResourceGroup());
    }

    private RetryPolicy policy(String group) {
        byte[] bytes = groupBytes(group);
        if (bytes == null) {
            return RetryPolicy.OF_UNKNOWN_GROUP;
        }
        CachedGroup cached = groupCache.get(group);
        if (cached == null || !cached.isOf(bytes, largerBytes(cached.policy.group()))) {
            ResourceGroup row = readGroup(group, bytes);
            byte[] largerBytes = largerBytes(row);
            ResourceGroup larger = largerBytes == null ? null : readGroup(RetryPolicy.largerOf(row), largerBytes);
            cached = new CachedGroup(bytes, largerBytes, RetryPolicy.of(row, larger));
            groupCache.put(group, cached);
        }
        return cached.policy;
    }

    private byte @Nullable [] largerBytes(@Nullable ResourceGroup group) {
        String larger = RetryPolicy.largerOf(group);
        return larger == null ? null : groupBytes(larger);
    }

    private byte @Nullable [] groupBytes(String group) {
        // A global store answers with or without a timestamp, as Streams wraps it.
        Object value = groups.get(group);
        if (value instanceof org.apache.kafka.streams.state.ValueAndTimestamp<?> stamped) {
            return (byte[]) stamped.value();
        }
        return (byte[]) value;
    }

    private @Nullable ResourceGroup readGroup(@Nullable String group, byte[] bytes) {
        try {
            return wire.read(topics.groups(), bytes, ResourceGroup.class);
        } catch (UnreadableRecordException e) {
            LOG.warn("Configuration of a group cannot be read, defaults are taken: group={} {}", group, e.getMessage());
            return null;
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
