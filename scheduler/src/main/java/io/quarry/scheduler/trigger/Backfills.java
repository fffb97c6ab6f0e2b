package io.quarry.scheduler.trigger;

import io.quarry.avro.Backfill;
import io.quarry.avro.ScheduleTick;
import io.quarry.avro.State;
import io.quarry.schemas.schedule.TickIds;
import io.quarry.schemas.schedule.Ticks;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ranges of ticks that run beside the live schedule, each in its order and so many at a time. */
final class Backfills {
    /** Most ticks of one backfill. */
    static final int MOST_TICKS = 100_000;

    private static final Logger LOG = LoggerFactory.getLogger(Backfills.class);
    private static final int MOST_AT_A_TIME = 100;
    private static final int KEPT = 10;
    /** So many refused ticks in a row end a backfill: what they are refused for, all others would be. */
    static final int MOST_REFUSED = 10;

    private final Ledger ledger;
    private final Requests requests;

    Backfills(Ledger ledger, Requests requests) {
        this.ledger = ledger;
        this.requests = requests;
    }

    /** Begins one; the same id again changes nothing. */
    void begin(Desk desk, Backfill asked, Instant now) {
        String id = asked.getId();
        if (desk.backfills().stream().anyMatch(known -> known.getId().equals(id))) {
            return;
        }
        boolean range = Ticks.counts(asked.getFrom())
                && Ticks.counts(asked.getTo())
                && asked.getFrom().isBefore(asked.getTo());
        int total = range && TickIds.validBackfill(id)
                ? desk.ticks().count(asked.getFrom(), asked.getTo(), MOST_TICKS + 1)
                : 0;
        if (total == 0 || total > MOST_TICKS) {
            LOG.warn("Ignored a backfill of no ticks or too many: schedule={} backfill={}", desk.name(), id);
            return;
        }
        boolean first = requests.isFirst(desk.name(), id);
        Backfill begun = Backfill.newBuilder()
                .setId(id)
                .setFrom(asked.getFrom())
                .setTo(asked.getTo())
                .setConcurrency(Math.max(1, Math.min(MOST_AT_A_TIME, asked.getConcurrency())))
                .setResourceGroup(asked.getResourceGroup())
                .setNext(desk.ticks().next(asked.getFrom().minusMillis(1)))
                .setTotal(total)
                // Its jobs would be taken for those that ended.
                .setCancelled(!first)
                .setCause(first ? null : "its id was used before, and so were those of its jobs: take another one")
                .build();
        List<Backfill> all = new ArrayList<>(desk.backfills());
        for (int i = 0; i < all.size() && all.size() >= KEPT; i++) {
            if (all.get(i).getEndedAt() != null) {
                all.remove(i--);
            }
        }
        all.add(begun);
        desk.setBackfills(all);
        pump(desk, id, now);
    }

    /** Stops one: nothing more is appended, and what runs is cancelled. */
    void cancel(Desk desk, String id, String who, Instant now) {
        change(
                desk,
                id,
                backfill -> backfill.getEndedAt() != null || backfill.getCancelled()
                        ? backfill
                        : Backfill.newBuilder(backfill)
                                .setCancelled(true)
                                .setCause("cancelled by " + who)
                                .build());
        ledger.cancelBackfill(desk.name(), id);
        pump(desk, id, now);
    }

    /** Counts the end of a job, and lets the next one go. */
    void ended(Desk desk, ScheduleTick row, State state, Instant now) {
        String id = row.getBackfill();
        if (id != null) {
            change(desk, id, backfill -> counted(backfill, state));
            pump(desk, id, now);
        }
    }

    private static Backfill counted(Backfill backfill, State state) {
        Backfill.Builder next = Backfill.newBuilder(backfill);
        switch (state) {
            case SUCCEEDED -> next.setSucceeded(next.getSucceeded() + 1);
            case CANCELLED -> next.setCancelledJobs(next.getCancelledJobs() + 1);
            case FAILED, EXPIRED, UNKNOWN, QUEUED, LAUNCHING, RUNNING, RETRYING -> next.setFailed(next.getFailed() + 1);
        }
        return next.build();
    }

    private void pump(Desk desk, String id, Instant now) {
        change(desk, id, backfill -> pumped(desk, backfill, now));
    }

    private Backfill pumped(Desk desk, Backfill backfill, Instant now) {
        if (backfill.getEndedAt() != null) {
            return backfill;
        }
        Backfill.Builder next = Backfill.newBuilder(backfill);
        int refused = 0;
        while (!next.getCancelled() && running(next) < next.getConcurrency()) {
            Instant from = next.getNext() == null ? next.getFrom() : next.getNext();
            Instant tick = desk.ticks().next(from.minusMillis(1));
            if (tick == null || !tick.isBefore(next.getTo())) {
                break;
            }
            Optional<String> refusal = ledger.backfill(desk, backfill, tick, now);
            next.setTriggered(next.getTriggered() + 1).setNext(left(desk, tick, backfill.getTo()));
            refused = refusal.isPresent() ? refused + 1 : 0;
            if (refusal.isPresent()) {
                next.setFailed(next.getFailed() + 1);
            }
            if (refused == MOST_REFUSED) {
                next.setCancelled(true)
                        .setCause(MOST_REFUSED + " ticks in a row were refused, the last: " + refusal.get());
            }
        }
        if (running(next) == 0) {
            next.setEndedAt(now);
        }
        return next.build();
    }

    private static int running(Backfill.Builder backfill) {
        return backfill.getTriggered() - backfill.getSucceeded() - backfill.getFailed() - backfill.getCancelledJobs();
    }

    /** The tick behind one, or the end of the range. */
    private static Instant left(Desk desk, Instant tick, Instant end) {
        Instant next = desk.ticks().next(tick);
        return next == null || next.isAfter(end) ? end : next;
    }

    private static void change(Desk desk, String id, UnaryOperator<Backfill> change) {
        List<Backfill> all = new ArrayList<>(desk.backfills());
        boolean changed = false;
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i).getId().equals(id)) {
                Backfill next = change.apply(all.get(i));
                changed |= !next.equals(all.get(i));
                all.set(i, next);
            }
        }
        if (changed) {
            desk.setBackfills(all);
        }
    }
}
