package io.quarry.scheduler.trigger;

import io.quarry.avro.Backfill;
import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleEvent;
import io.quarry.avro.ScheduleEventType;
import io.quarry.avro.ScheduleTick;
import io.quarry.avro.State;
import io.quarry.avro.TickOutcome;
import io.quarry.scheduler.streams.Wire;
import io.quarry.schemas.ScheduleRules;
import io.quarry.schemas.Topics;
import io.quarry.schemas.Violation;
import io.quarry.schemas.schedule.TickIds;
import io.quarry.schemas.schedule.Ticks;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is to be done about the schedules of a partition, each one's ticks and events in the order of their instants: an event counts
 * when all ticks before it are decided.
 */
final class Agenda {
    /** Most ticks of one wake-up, and of one event: a transaction must not outlive its timeout. */
    static final int SWEEP = 500;
    /** So long an event of a schedule that nobody knows waits for its definition. */
    static final Duration OVERTAKEN = Duration.ofSeconds(5);

    private static final Logger LOG = LoggerFactory.getLogger(Agenda.class);

    private final Topics topics;
    private final Wire wire;
    private final Desks desks;
    private final Book book;
    private final Pending pending;
    private final Requests requests;
    private final Ledger ledger;
    private final Backfills backfills;
    private final TriggerMetrics metrics;

    Agenda(
            Topics topics,
            Wire wire,
            Desks desks,
            Book book,
            KeyValueStore<Bytes, byte[]> store,
            Ledger ledger,
            TriggerMetrics metrics) {
        this.topics = topics;
        this.wire = wire;
        this.desks = desks;
        this.book = book;
        this.pending = new Pending(store);
        this.requests = new Requests(store);
        this.ledger = ledger;
        this.backfills = new Backfills(ledger, requests);
        this.metrics = metrics;
    }

    /** Decides what is due of one schedule; at most so many ticks and events. */
    int look(String name, Instant now, int most) {
        int done = 0;
        for (Pending.Waiting next = pending.first(name); next != null && done < most; next = pending.first(name)) {
            ScheduleEvent event = desks.own(topics.scheduleEvents(), next.event(), ScheduleEvent.class);
            Desk desk = desks.get(name);
            done += desk == null ? 0 : before(desk, event, next.at(), now, most - done);
            if (done >= most) {
                save(desk, name, now);
                return done;
            }
            pending.dropFirst(name);
            happen(desk, event, next.at(), next.came(), now);
            done++;
        }
        Desk desk = desks.get(name);
        if (desk != null && done < most) {
            done += ledger.release(desk, now, most - done);
            Instant until = now.minus(desk.jitter());
            done += advance(desk, until, until, now, most - done);
        }
        save(desk, name, now);
        return done;
    }

    /**
     * Takes an event up, at once or once all ticks before it are decided.
     *
     * @param at when it happened
     * @param brought whether a router brought it, some time after that
     * @param came when it came here
     * @param settled false while others may come that happened before it
     */
    void take(ScheduleEvent event, Instant at, boolean brought, Instant came, boolean settled, Instant now) {
        String name = event.getSchedule();
        Desk desk = desks.get(name);
        ScheduleEventType type = event.getType();
        boolean first = pending.first(name) == null;
        if (type == ScheduleEventType.JOB_ENDED && (desk == null || settled)) {
            ended(name, desk, event, now);
        } else if (desk == null && first && brought) {
            happen(null, event, at, came, now);
        } else if (desk != null && first && settled && before(desk, event, at, now, SWEEP) < SWEEP) {
            happen(desk, event, at, came, now);
        } else {
            // There is more to say about the time until then: it is said from the clock, bit by bit.
            pending.add(name, new Pending.Waiting(at, came, wire.write(topics.scheduleEvents(), event)), brought);
            if (desk != null || brought) {
                save(desk, name, now);
            } else if (first) {
                // It may have overtaken the definition, which a router has still to bring.
                book.arm(name, now.plus(OVERTAKEN));
            }
        }
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

    /** Does what an event says, once all that was to be before it is decided. */
    private void happen(@Nullable Desk desk, ScheduleEvent event, Instant at, Instant came, Instant now) {
        if (event.getType() == ScheduleEventType.JOB_ENDED) {
            ended(event.getSchedule(), desk, event, now);
        } else if (event.getType() == ScheduleEventType.DEFINED) {
            defined(desk, event, at, came, now);
        } else if (desk != null) {
            changed(desk, event, at, now);
        }
    }

    private void defined(@Nullable Desk desk, ScheduleEvent event, Instant at, Instant came, Instant now) {
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
            // Before it was known here it expected nothing.
            Desk begun = Desk.begin(Desk.Rule.of(definition), came);
            desks.define(definition);
            save(begun, now);
        } else {
            save(adopt(desk, definition, at, now), now);
        }
    }

    private Desk adopt(Desk desk, Schedule definition, Instant at, Instant now) {
        desks.define(definition);
        Desk next = desk.under(Desk.Rule.of(definition), at);
        if (definition.getPaused() != null) {
            ledger.dismissWaiting(
                    next.name(), TickOutcome.SKIPPED_PAUSED, "paused while it waited: " + definition.getPaused(), now);
        }
        return next;
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
            case DEFINED, JOB_ENDED, ALARM, MARK, UNKNOWN -> {}
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
        desks.remove(desk.name());
        save(null, desk.name(), now);
        LOG.info("Schedule is deleted: schedule={}", desk.name());
    }

    private void ended(String name, @Nullable Desk desk, ScheduleEvent event, Instant now) {
        String jobId = event.getJobId();
        State state = event.getState() == null ? State.UNKNOWN : event.getState();
        if (jobId != null && ledger.close(name, jobId, state, event.getReason(), now)) {
            if (desk != null) {
                ledger.after(desk, jobId, state, now);
            }
        } else if (jobId != null) {
            ScheduleTick row = ledger.closeBackfill(name, jobId, state, event.getReason(), now);
            if (row != null && desk != null) {
                backfills.ended(desk, row, state, now);
            }
        }
        // Ticks before it may have been decided, too.
        if (desk != null) {
            save(desk, now);
        }
    }

    private void save(Desk desk, Instant now) {
        desks.save(desk);
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
}
