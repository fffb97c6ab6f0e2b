package io.quarry.scheduler.trigger;

import io.quarry.avro.ResourceGroup;
import io.quarry.avro.ScheduleEvent;
import io.quarry.avro.ScheduleEventType;
import io.quarry.avro.ScheduleTick;
import io.quarry.scheduler.streams.Outgoing;
import io.quarry.scheduler.streams.Wire;
import io.quarry.schemas.Topics;
import io.quarry.schemas.schedule.TickIds;
import io.quarry.schemas.schedule.Ticks;
import io.quarry.schemas.serde.UnreadableRecordException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.UUID;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The schedules of one partition: their events and the clock. Everything that an event or a wake-up brings about is one
 * transaction, so that it may be done again from the last commit. See DESIGN.md.
 */
final class TriggerProcessor implements Processor<byte[], byte[], byte[], Outgoing> {
    /** Most ticks of one schedule in one wake-up: a long outage of one holds up no other. */
    private static final int OF_ONE = 100;

    private static final Logger LOG = LoggerFactory.getLogger(TriggerProcessor.class);

    private final TriggerSettings settings;
    private final Topics topics;
    private final Wire wire;

    @SuppressWarnings("NullAway.Init") // set by init, before any record
    private ProcessorContext<byte[], Outgoing> context;

    @SuppressWarnings("NullAway.Init")
    private KeyValueStore<String, ?> groups;

    @SuppressWarnings("NullAway.Init")
    private Book book;

    @SuppressWarnings("NullAway.Init")
    private Arrears arrears;

    @SuppressWarnings("NullAway.Init")
    private TriggerMetrics metrics;

    @SuppressWarnings("NullAway.Init")
    private Agenda agenda;

    TriggerProcessor(TriggerSettings settings, Wire wire) {
        this.settings = settings;
        this.topics = settings.topics();
        this.wire = wire;
    }

    @Override
    public void init(ProcessorContext<byte[], Outgoing> context) {
        this.context = context;
        this.groups = context.getStateStore(TriggerTopology.GROUPS);
        KeyValueStore<Bytes, byte[]> store = context.getStateStore(TriggerTopology.BOOK);
        Outbox out = new Outbox(context, wire, topics);
        Desks desks = new Desks(
                context.getStateStore(TriggerTopology.DEFINITIONS),
                context.getStateStore(TriggerTopology.STATES),
                wire,
                topics,
                out);
        this.book = new Book(store);
        this.metrics = new TriggerMetrics(context.metrics(), context.taskId().toString());
        Ledger ledger = new Ledger(
                settings, book, out, metrics, this::group, row -> desks.own(topics.ticks(), row, ScheduleTick.class));
        this.agenda = new Agenda(topics, wire, desks, book, store, ledger, metrics);
        this.arrears = new Arrears(UUID.randomUUID().toString(), settings.patience(), out::mark, metrics::unmarked);
        context.schedule(settings.interval(), PunctuationType.WALL_CLOCK_TIME, this::wake);
    }

    @Override
    public void close() {
        metrics.close();
    }

    // ---- the clock

    private void wake(long millis) {
        if (!arrears.read(millis)) {
            return;
        }
        Instant now = time(millis);
        int left = Agenda.SWEEP;
        for (String name : book.due(now, Agenda.SWEEP)) {
            if (left <= 0) {
                return;
            }
            left -= Math.max(1, agenda.look(name, now, Math.min(left, OF_ONE)));
        }
    }

    private Instant time(long millis) {
        return settings.time().at(Instant.ofEpochMilli(millis));
    }

    // ---- events

    @Override
    public void process(Record<byte[], byte[]> record) {
        ScheduleEvent event = read(record);
        if (event == null) {
            return;
        }
        if (event.getType() == ScheduleEventType.MARK) {
            arrears.seen(String.valueOf(event.getRequest()));
            return;
        }
        // The broker's clock may be ahead of ours: nothing is decided before it happened.
        Instant now = time(Math.max(context.currentSystemTimeMs(), record.timestamp()));
        Instant at = happened(event, record.timestamp());
        agenda.take(event, at, brought(event), time(record.timestamp()), arrears.read(), now);
    }

    /** When it happened: if a router brought it, when it was appended to the topic that it comes from. */
    private Instant happened(ScheduleEvent event, long came) {
        boolean before = brought(event) && Ticks.counts(event.getAt());
        return time(before ? Math.min(came, event.getAt().toEpochMilli()) : came);
    }

    private static boolean brought(ScheduleEvent event) {
        return event.getWriter().equals(RouterProcessor.WRITER);
    }

    private @Nullable ScheduleEvent read(Record<byte[], byte[]> record) {
        try {
            if (record.value() != null && record.key() != null) {
                ScheduleEvent event = wire.read(topics.scheduleEvents(), record.value(), ScheduleEvent.class);
                if (event.getSchedule().equals(new String(record.key(), StandardCharsets.UTF_8))
                        && (TickIds.validName(event.getSchedule()) || event.getType() == ScheduleEventType.MARK)
                        && event.getType() != ScheduleEventType.UNKNOWN) {
                    return event;
                }
            }
        } catch (UnreadableRecordException e) {
            // Falls through to the same message.
        }
        metrics.unreadable();
        LOG.warn(
                "Skipped an event of a schedule that cannot be read, or is not keyed by its schedule: offset={}",
                context.recordMetadata().map(from -> from.offset()).orElse(-1L));
        return null;
    }

    private @Nullable ResourceGroup group(String name) {
        // A global store answers with or without a timestamp, as Streams wraps it.
        Object value = groups.get(name);
        byte[] bytes = (byte[])
                (value instanceof org.apache.kafka.streams.state.ValueAndTimestamp<?> stamped
                        ? stamped.value()
                        : value);
        if (bytes == null) {
            return null;
        }
        try {
            return wire.read(topics.groups(), bytes, ResourceGroup.class);
        } catch (UnreadableRecordException e) {
            LOG.warn("Configuration of a group cannot be read: group={} {}", name, e.getMessage());
            return null;
        }
    }
}
