package io.quarry.scheduler.trigger;

import io.quarry.avro.Cause;
import io.quarry.avro.JobState;
import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleEvent;
import io.quarry.avro.ScheduleEventType;
import io.quarry.avro.State;
import io.quarry.scheduler.streams.Outgoing;
import io.quarry.scheduler.streams.Wire;
import io.quarry.schemas.States;
import io.quarry.schemas.Topics;
import io.quarry.schemas.schedule.TickIds;
import io.quarry.schemas.serde.UnreadableRecordException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns definitions, and the ends of jobs that are ticks', into events of their schedules. Keeps nothing. */
final class RouterProcessor implements Processor<byte[], byte[], byte[], Outgoing> {
    private static final Logger LOG = LoggerFactory.getLogger(RouterProcessor.class);
    static final String WRITER = "scheduler/router";
    private static final byte[] EVERY_PARTITION = {};
    private static final String REMOVED = "the row of its job was removed: nobody knows how it ended";
    private static final int LONGEST_REASON = 500;

    private final Topics topics;
    private final Wire wire;

    @SuppressWarnings("NullAway.Init") // set by init, before any record
    private ProcessorContext<byte[], Outgoing> context;

    RouterProcessor(TriggerSettings settings, Wire wire) {
        this.topics = settings.topics();
        this.wire = wire;
    }

    @Override
    public void init(ProcessorContext<byte[], Outgoing> context) {
        this.context = context;
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        if (record.key() == null) {
            return;
        }
        String key = new String(record.key(), StandardCharsets.UTF_8);
        boolean definition = context.recordMetadata()
                .map(from -> from.topic().equals(topics.schedules()))
                .orElse(false);
        try {
            ScheduleEvent event = definition ? definition(key, record) : ended(key, record);
            if (event != null) {
                byte[] name = event.getType() == ScheduleEventType.MARK
                        ? EVERY_PARTITION
                        : event.getSchedule().getBytes(StandardCharsets.UTF_8);
                byte[] value = wire.write(topics.scheduleEvents(), event);
                context.forward(new Record<>(name, new Outgoing(topics.scheduleEvents(), value), record.timestamp()));
            }
        } catch (UnreadableRecordException e) {
            LOG.warn(
                    "Skipped a record that cannot be read; a schedule stays what it was: topic={} {}",
                    context.recordMetadata().map(from -> from.topic()).orElse("-"),
                    e.getMessage());
        }
    }

    private @Nullable ScheduleEvent definition(String name, Record<byte[], byte[]> record) {
        if (name.startsWith(Arrears.KEY) && record.value() == null) {
            return begin(ScheduleEventType.MARK, "", record)
                    .setRequest(name.substring(Arrears.KEY.length()))
                    .build();
        }
        if (!TickIds.validName(name)) {
            LOG.warn("Skipped a schedule whose key is no name of one");
            return null;
        }
        if (record.value() == null) {
            return begin(ScheduleEventType.REMOVED, name, record).build();
        }
        Schedule schedule = wire.read(topics.schedules(), record.value(), Schedule.class);
        if (!schedule.getName().equals(name)) {
            LOG.warn("Skipped a schedule whose key is not its name: schedule={}", name);
            return null;
        }
        return begin(ScheduleEventType.DEFINED, name, record)
                .setDefinition(schedule)
                .build();
    }

    private @Nullable ScheduleEvent ended(String jobId, Record<byte[], byte[]> record) {
        Optional<String> schedule = TickIds.scheduleOf(jobId);
        if (schedule.isEmpty()) {
            return null;
        }
        JobState row = record.value() == null ? null : wire.read(topics.states(), record.value(), JobState.class);
        State state = row == null ? State.UNKNOWN : row.getState();
        return row == null || States.isFinal(state)
                ? begin(ScheduleEventType.JOB_ENDED, schedule.get(), record)
                        .setJobId(jobId)
                        .setState(state)
                        .setReason(row == null ? REMOVED : state == State.SUCCEEDED ? null : why(row.getCause()))
                        .build()
                : null;
    }

    private static @Nullable String why(@Nullable Cause cause) {
        if (cause == null) {
            return null;
        }
        String text = cause.getType() + ": " + cause.getMessage();
        return text.length() > LONGEST_REASON ? text.substring(0, LONGEST_REASON) + "…" : text;
    }

    private static ScheduleEvent.Builder begin(ScheduleEventType type, String schedule, Record<byte[], byte[]> record) {
        return ScheduleEvent.newBuilder()
                .setType(type)
                .setSchedule(schedule)
                .setAt(Instant.ofEpochMilli(record.timestamp()))
                .setWriter(WRITER);
    }
}
