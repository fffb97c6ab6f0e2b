package io.quarry.scheduler.trigger;

import io.quarry.avro.Backfill;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleEvent;
import io.quarry.avro.ScheduleEventType;
import io.quarry.avro.ScheduleState;
import io.quarry.avro.ScheduleTick;
import io.quarry.avro.State;
import io.quarry.avro.TickOutcome;
import io.quarry.scheduler.streams.Outgoing;
import io.quarry.scheduler.streams.Wire;
import io.quarry.schemas.ScheduleRules;
import io.quarry.schemas.Topics;
import io.quarry.schemas.Violation;
import io.quarry.schemas.schedule.TickIds;
import io.quarry.schemas.schedule.Ticks;
import io.quarry.schemas.serde.UnreadableRecordException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
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
    /** Most ticks of one wake-up: a transaction must not outlive its timeout. */
    static final int SWEEP = 500;
    /** Most ticks of one schedule in one wake-up: a long outage of one holds up no other. */
    private static final int OF_ONE = 100;

    private static final int REMEMBERED = 1000;
    private static final Logger LOG = LoggerFactory.getLogger(TriggerProcessor.class);

    private final TriggerSettings settings;
    private final Topics topics;
    private final Wire wire;
    private final Map<String, Desk.Rule> rules = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Desk.Rule> eldest) {
            return size() > REMEMBERED;
        }
    };

    @SuppressWarnings("NullAway.Init") // set by init, before any record
    private ProcessorContext<byte[], Outgoing> context;

    @SuppressWarnings("NullAway.Init")
    private KeyValueStore<String, byte[]> definitions;

    @SuppressWarnings("NullAway.Init")
    private KeyValueStore<String, byte[]> states;

    @SuppressWarnings("NullAway.Init")
    private KeyValueStore<String, ?> groups;

    @SuppressWarnings("NullAway.Init")
    private Book book;

    @SuppressWarnings("NullAway.Init")
    private Pending pending;

    @SuppressWarnings("NullAway.Init")
    private Requests requests;

    @SuppressWarnings("NullAway.Init")
    private Outbox out;

    @SuppressWarnings("NullAway.Init")
    private TriggerMetrics metrics;

    @SuppressWarnings("NullAway.Init")
    private Ledger ledger;

    @SuppressWarnings("NullAway.Init")
    private Backfills backfills;

    TriggerProcessor(TriggerSettings settings, Wire wire) {
        this.settings = settings;
        this.topics = settings.topics();
        this.wire = wire;
    }

    @Override
    public void init(ProcessorContext<byte[], Outgoing> context) {
        this.context = context;
        this.definitions = context.getStateStore(TriggerTopology.DEFINITIONS);
        this.states = context.getStateStore(TriggerTopology.STATES);
        this.groups = context.getStateStore(TriggerTopology.GROUPS);
        KeyValueStore<Bytes, byte[]> store = context.getStateStore(TriggerTopology.BOOK);
        this.book = new Book(store);
        this.pending = new Pending(store);
        this.requests = new Requests(store);
        this.out = new Outbox(context, wire, topics);
        this.metrics = new TriggerMetrics(context.metrics(), context.taskId().toString());
        this.ledger = new Ledger(
                settings, book, out, metrics, this::group, row -> own(topics.ticks(), row, ScheduleTick.class));
        this.backfills = new Backfills(ledger);
        context.schedule(settings.interval(), PunctuationType.WALL_CLOCK_TIME, this::wake);
    }

    @Override
    public void close() {
        metrics.close();
    }

    // ---- the clock

    private void wake(long millis) {
        Instant now = time(millis);
        int left = SWEEP;
        for (String name : book.due(now, SWEEP)) {
            if (left <= 0) {
                return;
            }
            left -= Math.max(1, look(name, now, Math.min(left, OF_ONE)));
        }
    }

    private Instant time(long millis) {
        return settings.time().at(Instant.ofEpochMilli(millis));
    }

    /** Decides what is due of one schedule; at most so many ticks and events. */
    private int look(String name, Instant now, int most) {
        int done = 0;
        for (KeyValue<Instant, byte[]> next = pending.first(name);
                next != null && done < most;
                next = pending.first(name)) {
            ScheduleEvent event = own(topics.scheduleEvents(), next.value, ScheduleEvent.class);
            Desk desk = desk(name);
            done += desk == null ? 0 : before(desk, event, next.key, now, most - done);
            if (done >= most) {
                save(desk, name, now);
                return done;
            }
            pending.dropFirst(name);
            happen(desk, event, next.key, now);
            done++;
        }
        Desk desk = desk(name);
        if (desk != null && done < most) {
            done += ledger.release(desk, now, most - done);
            Instant until = now.minus(desk.jitter());
            done += advance(desk, until, until, now, most - done);
        }
        save(desk, name, now);
        return done;
    }

    /** Decides what was to be before an event by what held then; at most so many ticks, fewer when all are decided. */
    private int before(Desk desk, ScheduleEvent event, Instant at, Instant now, int most) {
        Schedule next = event.getDefinition();
        boolean other = next != null && !Ticks.fingerprint(next).equals(Ticks.fingerprint(desk.schedule()));
        Instant last = now.minus(desk.jitter());
        return advance(desk, at, other && at.isBefore(last) ? at : last, now, most);
    }

    /** Decides the ticks up to an instant, at most so many; fewer than that when all are decided. */
    private int advance(Desk desk, Instant until, Instant last, Instant now, int most) {
        int done = 0;
        Instant tick = desk.ticks().next(desk.cursor());
        while (tick != null && !tick.isAfter(until) && done < most) {
            ledger.decide(desk, tick, last, now);
            desk.setCursor(tick);
            done++;
            tick = desk.ticks().next(tick);
        }
        if (done < most && desk.catchUpFrom() != null) {
            // The outage is over; another one has its own ticks to catch up.
            desk.setCatchUpFrom(null);
        }
        return done;
    }

    // ---- events

    @Override
    public void process(Record<byte[], byte[]> record) {
        ScheduleEvent event = read(record);
        if (event == null) {
            return;
        }
        Instant at = time(record.timestamp());
        // The broker's clock may be ahead of ours: nothing is decided before it happened.
        Instant now = time(Math.max(context.currentSystemTimeMs(), record.timestamp()));
        String name = event.getSchedule();
        Desk desk = desk(name);
        if (event.getType() == ScheduleEventType.JOB_ENDED) {
            ended(name, desk, event, now);
        } else if (pending.first(name) == null && (desk == null || before(desk, event, at, now, SWEEP) < SWEEP)) {
            happen(desk, event, at, now);
        } else {
            // There is more to say about the time until then: it is said from the clock, bit by bit.
            pending.add(name, at, wire.write(topics.scheduleEvents(), event));
            save(desk, name, now);
        }
    }

    /** Does what an event says, once all that was to be before it is decided. */
    private void happen(@Nullable Desk desk, ScheduleEvent event, Instant at, Instant now) {
        if (event.getType() == ScheduleEventType.DEFINED) {
            defined(desk, event, at, now);
        } else if (desk != null) {
            changed(desk, event, at, now);
        }
    }

    private @Nullable ScheduleEvent read(Record<byte[], byte[]> record) {
        try {
            if (record.value() != null && record.key() != null) {
                ScheduleEvent event = wire.read(topics.scheduleEvents(), record.value(), ScheduleEvent.class);
                if (event.getSchedule().equals(new String(record.key(), StandardCharsets.UTF_8))
                        && TickIds.validName(event.getSchedule())
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

    private void defined(@Nullable Desk desk, ScheduleEvent event, Instant at, Instant now) {
        Schedule definition = event.getDefinition();
        List<Violation> broken = definition == null ? List.of() : ScheduleRules.check(definition);
        if (definition == null || !broken.isEmpty() || !definition.getName().equals(event.getSchedule())) {
            metrics.refused();
            LOG.warn(
                    "Ignored a definition that breaks a rule, the last good one stays: schedule={} broken={}",
                    event.getSchedule(),
                    broken);
            save(desk, event.getSchedule(), now);
            return;
        }
        if (desk == null) {
            Desk begun = Desk.begin(Desk.Rule.of(definition), at);
            put(definition);
            save(begun, now);
        } else {
            save(adopt(desk, definition, at, now), now);
        }
    }

    private Desk adopt(Desk desk, Schedule definition, Instant at, Instant now) {
        put(definition);
        Desk next = desk.under(Desk.Rule.of(definition), at);
        if (definition.getPaused() != null) {
            ledger.dismissWaiting(
                    next.name(), TickOutcome.SKIPPED_PAUSED, "paused while it waited: " + definition.getPaused(), now);
        }
        return next;
    }

    private void put(Schedule definition) {
        definitions.put(definition.getName(), wire.write(topics.schedules(), definition));
        rules.remove(definition.getName());
    }

    private void changed(Desk desk, ScheduleEvent event, Instant at, Instant now) {
        Backfill backfill = event.getBackfill();
        String reason = event.getReason() == null ? "no reason given" : event.getReason();
        switch (event.getType()) {
            case REMOVED -> {
                removed(desk, now);
                return;
            }
            case PAUSE -> ledger.pause(desk, reason, now);
            case RESUME -> desk.resume();
            case TRIGGER -> {
                String request = event.getRequest();
                if (request != null && TickIds.validBackfill(request) && isNew(event, request, at)) {
                    Instant tick = event.getAt().truncatedTo(ChronoUnit.MILLIS);
                    ledger.manual(desk, tick, request, event.getWriter(), now);
                }
            }
            case BACKFILL -> {
                if (backfill != null && isNew(event, backfill.getId(), at)) {
                    backfills.begin(desk, backfill, now);
                }
            }
            case CANCEL_BACKFILL -> {
                if (backfill != null) {
                    backfills.cancel(desk, backfill.getId(), event.getWriter(), now);
                }
            }
            case DEFINED, JOB_ENDED, ALARM, UNKNOWN -> {}
        }
        save(desk, now);
    }

    private boolean isNew(ScheduleEvent event, String id, Instant at) {
        boolean fresh = requests.isNew(event.getSchedule(), event.getAt(), id, at);
        if (!fresh) {
            LOG.warn(
                    "Ignored a request that was met before, or that is dated days away from when it came:"
                            + " schedule={} request={}",
                    event.getSchedule(),
                    id);
        }
        return fresh;
    }

    private void removed(Desk desk, Instant now) {
        ledger.dismissWaiting(desk.name(), TickOutcome.SKIPPED_PAUSED, "the schedule was deleted while it waited", now);
        desk.backfills().forEach(backfill -> ledger.cancelBackfill(desk.name(), backfill.getId()));
        definitions.delete(desk.name());
        states.delete(desk.name());
        rules.remove(desk.name());
        out.state(desk.name(), null);
        save(null, desk.name(), now);
        LOG.info("Schedule is deleted: schedule={}", desk.name());
    }

    private void ended(String name, @Nullable Desk desk, ScheduleEvent event, Instant now) {
        String jobId = event.getJobId();
        State state = event.getState() == null ? State.UNKNOWN : event.getState();
        if (jobId == null) {
            return;
        }
        if (ledger.close(name, jobId, state, event.getReason(), now)) {
            if (desk != null) {
                ledger.after(desk, jobId, state, now);
                save(desk, now);
            }
            return;
        }
        ScheduleTick row = ledger.closeBackfill(name, jobId, state, event.getReason(), now);
        if (row != null && desk != null) {
            backfills.ended(desk, row, state, now);
            save(desk, now);
        }
    }

    // ---- stores

    private @Nullable Desk desk(String name) {
        byte[] state = states.get(name);
        if (state == null) {
            return null;
        }
        Desk.Rule rule = rules.get(name);
        if (rule == null) {
            byte[] definition = definitions.get(name);
            if (definition == null) {
                return null;
            }
            rule = Desk.Rule.of(own(topics.schedules(), definition, Schedule.class));
            rules.put(name, rule);
        }
        return new Desk(rule, ScheduleState.newBuilder(own(topics.scheduleStates(), state, ScheduleState.class)));
    }

    private void save(Desk desk, Instant now) {
        if (desk.changed()) {
            byte[] row = out.bytes(desk.row());
            states.put(desk.name(), row);
            out.state(desk.name(), row);
        }
        boolean soon = pending.first(desk.name()) != null || ledger.released(desk);
        book.arm(desk.name(), soon ? now : desk.due());
    }

    private void save(@Nullable Desk desk, String name, Instant now) {
        if (desk != null) {
            save(desk, now);
        } else {
            book.arm(name, pending.first(name) == null ? null : now);
        }
    }

    /** Reads a record that this topology wrote itself. */
    private <T extends SpecificRecord> T own(String topic, byte[] bytes, Class<T> type) {
        try {
            return wire.read(topic, bytes, type);
        } catch (UnreadableRecordException e) {
            throw new IllegalStateException(
                    "a row of the schedules' own cannot be read: is schema.registry.url the registry that it was"
                            + " written with? Nothing was changed; set it right and start again",
                    e);
        }
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
