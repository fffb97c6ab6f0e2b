package io.quarry.scheduler.trigger;

import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.ScheduleState;
import io.quarry.avro.ScheduleTick;
import io.quarry.scheduler.streams.Outgoing;
import io.quarry.scheduler.streams.Wire;
import io.quarry.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;

/** What leaves a task: all of it in the transaction that the task is in. */
final class Outbox {
    private static final String WRITER = "scheduler/trigger";

    private final ProcessorContext<byte[], Outgoing> context;
    private final Wire wire;
    private final Topics topics;

    Outbox(ProcessorContext<byte[], Outgoing> context, Wire wire, Topics topics) {
        this.context = context;
        this.wire = wire;
        this.topics = topics;
    }

    void job(String topic, Job job, Instant now) {
        send(topic, job.getId(), job, now);
    }

    void row(ScheduleTick row, Instant now) {
        send(topics.ticks(), row.getSchedule(), row, now);
    }

    /** Publishes where a schedule stands; null when it is gone. */
    void state(String schedule, byte @Nullable [] state, Instant now) {
        forward(topics.scheduleStates(), schedule, state, now);
    }

    byte[] bytes(ScheduleState state) {
        return wire.write(topics.scheduleStates(), state);
    }

    byte[] bytes(ScheduleTick row) {
        return wire.write(topics.ticks(), row);
    }

    void cancel(String jobId, String reason, Instant now) {
        JobEvent cancel = JobEvent.newBuilder()
                .setType(JobEventType.CANCEL_REQUESTED)
                .setJobId(jobId)
                .setAt(now)
                .setWriter(WRITER)
                .setRequestedBy(WRITER)
                .setReason(reason)
                .build();
        send(topics.events(), jobId, cancel, now);
    }

    private void send(String topic, String key, SpecificRecord value, Instant now) {
        forward(topic, key, wire.write(topic, value), now);
    }

    private void forward(String topic, String key, byte @Nullable [] value, Instant now) {
        context.forward(new Record<>(
                key.getBytes(StandardCharsets.UTF_8), new Outgoing(topic, value), Math.max(0, now.toEpochMilli())));
    }
}
