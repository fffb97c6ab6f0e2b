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

/** What leaves a task: all of it in the transaction that the task is in, and stamped with real time. */
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

    void job(String topic, Job job) {
        send(topic, job.getId(), job);
    }

    void row(ScheduleTick row) {
        send(topics.ticks(), row.getSchedule(), row);
    }

    /** Publishes where a schedule stands; null when it is gone. */
    void state(String schedule, byte @Nullable [] state) {
        forward(topics.scheduleStates(), schedule, state);
    }

    /** Appends a mark behind all definitions; to everybody else it deletes what never was. */
    void mark(String key) {
        forward(topics.schedules(), key, null);
    }

    byte[] bytes(ScheduleState state) {
        return wire.write(topics.scheduleStates(), state);
    }

    byte[] bytes(ScheduleTick row) {
        return wire.write(topics.ticks(), row);
    }

    void cancel(String jobId, String reason) {
        JobEvent cancel = JobEvent.newBuilder()
                .setType(JobEventType.CANCEL_REQUESTED)
                .setJobId(jobId)
                .setAt(Instant.ofEpochMilli(context.currentSystemTimeMs()))
                .setWriter(WRITER)
                .setRequestedBy(WRITER)
                .setReason(reason)
                .build();
        send(topics.events(), jobId, cancel);
    }

    private void send(String topic, String key, SpecificRecord value) {
        forward(topic, key, wire.write(topic, value));
    }

    private void forward(String topic, String key, byte @Nullable [] value) {
        context.forward(new Record<>(
                key.getBytes(StandardCharsets.UTF_8), new Outgoing(topic, value), context.currentSystemTimeMs()));
    }
}
