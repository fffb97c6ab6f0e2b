package io.quarry.scheduler.trigger;

import io.quarry.avro.Backfill;
import io.quarry.avro.OverlapPolicy;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.ScheduleTick;
import io.quarry.avro.State;
import io.quarry.avro.TickOutcome;
import io.quarry.schemas.schedule.TickIds;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Acts on what was decided: appends jobs, writes the rows of the ledger, keeps what is open in the book. */
final class Ledger {
    private static final Logger LOG = LoggerFactory.getLogger(Ledger.class);
    /** Most ticks that leave the waiting line at once. */
    private static final int MOST_RELEASED = 500;

    private final TriggerSettings settings;
    private final Book book;
    private final Outbox out;
    private final TriggerMetrics metrics;
    private final Function<String, @Nullable ResourceGroup> groups;
    private final Function<byte[], ScheduleTick> reader;

    /** The ledger of one task. */
    Ledger(
            TriggerSettings settings,
            Book book,
            Outbox out,
            TriggerMetrics metrics,
            Function<String, @Nullable ResourceGroup> groups,
            Function<byte[], ScheduleTick> reader) {
        this.settings = settings;
        this.book = book;
        this.out = out;
        this.metrics = metrics;
        this.groups = groups;
        this.reader = reader;
    }

    /**
     * Decides a tick whose time has come, and does what was decided.
     *
     * @param last no tick of this rule is expected after this instant so far
     */
    void decide(Desk desk, Instant tick, Instant last, Instant now) {
        Duration lateness = max(Duration.ZERO, Duration.between(tick.plus(desk.jitter()), now));
        boolean missed = lateness.compareTo(settings.missedAfter()) > 0;
        if (!missed) {
            desk.setCatchUpFrom(null);
        } else if (desk.catchUpFrom() == null) {
            desk.setCatchUpFrom(firstToCatchUp(desk, last, now));
        }
        OverlapPolicy overlap = desk.schedule().getOverlap();
        Decision decision = Decision.of(
                desk.schedule(),
                new Decision.Situation(
                        tick,
                        lateness,
                        Duration.between(tick, now),
                        desk.paused(),
                        desk.catchUpFrom(),
                        overlap == OverlapPolicy.ALLOW ? null : book.anyOpen(desk.name()),
                        book.waiting(desk.name())),
                settings);
        ScheduleTick.Builder row = row(desk.name(), tick, now, decision.outcome(), decision.cause(), lateness);
        if (decision.runs()) {
            run(desk, row, TickIds.job(desk.name(), tick), now);
        } else if (decision.outcome() == TickOutcome.WAITING) {
            if (decision.cancels()) {
                dismissWaiting(desk.name(), TickOutcome.SKIPPED_OVERLAP, "a later tick took its place", now);
                cancelOpen(desk.name(), "the next tick of schedule " + desk.name() + " has come");
            }
            ScheduleTick waits = write(row.build());
            book.await(desk.name(), tick, out.bytes(waits));
        } else {
            write(row.build());
        }
    }

    private Instant firstToCatchUp(Desk desk, Instant until, Instant now) {
        Instant oldest = now.minusMillis(desk.schedule().getCatchUpWindowMs());
        Instant after = oldest.isAfter(desk.cursor()) ? oldest : desk.cursor();
        List<Instant> last = desk.ticks().last(desk.schedule().getCatchUpMax(), after, until);
        return last.isEmpty() ? now : last.get(0);
    }

    /** Appends the job of a tick and opens its row; a tick of which no job can be made is refused. False then. */
    private boolean run(Desk desk, ScheduleTick.Builder row, String id, Instant now) {
        Trigger trigger = Trigger.of(desk.rule(), row.getTick(), id, null, settings.topics(), groups);
        if (trigger instanceof Trigger.Made made) {
            ScheduleTick opened = write(row.setJobId(id).build());
            out.job(made.topic(), made.job());
            book.open(desk.name(), id, out.bytes(opened));
            metrics.lateness(opened.getLatenessMs());
            return true;
        }
        String cause = ((Trigger.Refused) trigger).cause();
        write(row.setOutcome(TickOutcome.REFUSED).setCause(cause).build());
        failed(desk, "tick " + row.getTick() + " was refused: " + cause, now);
        return false;
    }

    /** Runs the schedule now, whatever its rule, its pause and its overlap policy say. The same request twice is one. */
    void manual(Desk desk, Instant at, String request, String who, Instant now) {
        String id = TickIds.job(desk.name(), at, request);
        if (book.open(desk.name(), id) == null) {
            run(desk, row(desk.name(), at, now, TickOutcome.MANUAL, "asked for by " + who, Duration.ZERO), id, now);
        }
    }

    /** Appends a job of a backfill; why it was refused when it was. */
    Optional<String> backfill(Desk desk, Backfill backfill, Instant tick, Instant now) {
        String id = TickIds.job(desk.name(), tick, backfill.getId());
        ScheduleTick.Builder row = row(
                        desk.name(),
                        tick,
                        now,
                        TickOutcome.BACKFILLED,
                        "",
                        max(Duration.ZERO, Duration.between(tick, now)))
                .setBackfill(backfill.getId());
        Trigger trigger = Trigger.of(desk.rule(), tick, id, backfill.getResourceGroup(), settings.topics(), groups);
        if (trigger instanceof Trigger.Made made) {
            ScheduleTick opened = write(row.setJobId(id).build());
            out.job(made.topic(), made.job());
            book.openBackfill(desk.name(), id, out.bytes(opened));
            return Optional.empty();
        }
        String cause = ((Trigger.Refused) trigger).cause();
        write(row.setOutcome(TickOutcome.REFUSED).setCause(cause).build());
        return Optional.of(cause);
    }

    /** Closes the row of a job of the live schedule; false when there is none. */
    boolean close(String schedule, String jobId, State state, @Nullable String reason, Instant now) {
        byte[] open = book.open(schedule, jobId);
        if (open == null) {
            return false;
        }
        write(ended(open, state, reason, now));
        book.close(schedule, jobId);
        return true;
    }

    /** Closes the row of a job of a backfill and returns it; null when there is none. */
    @Nullable ScheduleTick closeBackfill(String schedule, String jobId, State state, @Nullable String reason, Instant now) {
        byte[] open = book.openBackfill(schedule, jobId);
        if (open == null) {
            return null;
        }
        ScheduleTick row = write(ended(open, state, reason, now));
        book.closeBackfill(schedule, jobId);
        return row;
    }

    private ScheduleTick ended(byte[] open, State state, @Nullable String reason, Instant now) {
        ScheduleTick row = reader.apply(open);
        String cause = row.getCause();
        return ScheduleTick.newBuilder(row)
                .setState(state)
                .setEndedAt(now)
                .setCause(reason == null ? cause : cause.isEmpty() ? reason : cause + "; " + reason)
                .build();
    }

    /** Counts how a job of the live schedule ended, and lets the next one go that waited for it. */
    void after(Desk desk, String jobId, State state, Instant now) {
        switch (state) {
            case SUCCEEDED -> desk.succeeded();
            case FAILED, EXPIRED -> failed(desk, jobId + " is " + state, now);
            case CANCELLED, UNKNOWN, QUEUED, LAUNCHING, RUNNING, RETRYING -> {}
        }
        release(desk, "waited for the end of " + jobId, now, MOST_RELEASED);
    }

    /** Whether a tick waits that need not any more. */
    boolean released(Desk desk) {
        return book.waiting(desk.name()) > 0
                && desk.paused() == null
                && (desk.schedule().getOverlap() == OverlapPolicy.ALLOW || book.anyOpen(desk.name()) == null);
    }

    /** Lets ticks go that waited longer than for one end: too many were refused at once, or nobody has to wait any more. */
    int release(Desk desk, Instant now, int most) {
        return release(
                desk,
                desk.schedule().getOverlap() == OverlapPolicy.ALLOW
                        ? "waited until overlap was allow"
                        : "waited for its turn",
                now,
                most);
    }

    private int release(Desk desk, String why, Instant now, int most) {
        int done = 0;
        for (; done < most && released(desk); done++) {
            List<byte[]> waiting = book.waiting(desk.name(), 1);
            if (waiting.isEmpty()) {
                break;
            }
            ScheduleTick next = reader.apply(waiting.get(0));
            book.awaitNoMore(desk.name(), next.getTick());
            Duration lateness =
                    max(Duration.ZERO, Duration.between(next.getTick().plus(desk.jitter()), now));
            // Its time had been missed before it began to wait: that is what became of it.
            boolean missed = next.getLatenessMs() > settings.missedAfter().toMillis();
            ScheduleTick.Builder row = row(
                    desk.name(),
                    next.getTick(),
                    now,
                    missed ? TickOutcome.CAUGHT_UP : TickOutcome.LATE,
                    (missed ? "no scheduler was running at its time, then it " : "") + why,
                    lateness);
            run(desk, row, TickIds.job(desk.name(), next.getTick()), now);
        }
        return done;
    }

    private void failed(Desk desk, String what, Instant now) {
        if (desk.failed() && desk.paused() == null) {
            pause(desk, desk.failures() + " failed runs in a row, the last: " + what, now);
        }
    }

    /** Pauses a schedule: what waits does not run any more. */
    void pause(Desk desk, String reason, Instant now) {
        desk.pause(reason, now);
        dismissWaiting(desk.name(), TickOutcome.SKIPPED_PAUSED, "paused while it waited: " + reason, now);
        LOG.info("Schedule is paused: schedule={} reason={}", desk.name(), reason);
    }

    /** Ends the wait of all ticks of a schedule. */
    void dismissWaiting(String schedule, TickOutcome outcome, String cause, Instant now) {
        if (book.waiting(schedule) == 0) {
            return;
        }
        for (byte[] bytes : book.waiting(schedule, Decision.MOST_WAITING + 1)) {
            ScheduleTick waited = reader.apply(bytes);
            write(ScheduleTick.newBuilder(waited)
                    .setAt(now)
                    .setOutcome(outcome)
                    .setCause(cause)
                    .build());
            book.awaitNoMore(schedule, waited.getTick());
        }
    }

    private void cancelOpen(String schedule, String reason) {
        book.eachOpen(schedule, bytes -> {
            String id = reader.apply(bytes).getJobId();
            if (id != null) {
                out.cancel(id, reason);
            }
        });
    }

    /** Asks for the cancel of all jobs of a backfill that have not ended. */
    void cancelBackfill(String schedule, String backfill) {
        book.eachOpenBackfill(schedule, bytes -> {
            ScheduleTick row = reader.apply(bytes);
            if (backfill.equals(row.getBackfill()) && row.getJobId() != null) {
                out.cancel(row.getJobId(), "backfill " + backfill + " is cancelled");
            }
        });
    }

    private ScheduleTick write(ScheduleTick row) {
        out.row(row);
        metrics.row(row);
        return row;
    }

    private static ScheduleTick.Builder row(
            String schedule, Instant tick, Instant now, TickOutcome outcome, String cause, Duration lateness) {
        return ScheduleTick.newBuilder()
                .setSchedule(schedule)
                .setTick(tick)
                .setAt(now)
                .setOutcome(outcome)
                .setCause(cause)
                .setLatenessMs(lateness.toMillis());
    }

    private static Duration max(Duration one, Duration other) {
        return one.compareTo(other) > 0 ? one : other;
    }
}
