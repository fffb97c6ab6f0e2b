package io.quarry.scheduler.trigger;

import io.quarry.avro.CatchUpPolicy;
import io.quarry.avro.OverlapPolicy;
import io.quarry.avro.Schedule;
import io.quarry.avro.TickOutcome;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a tick: pure.
 *
 * @param outcome what the ledger says; of a tick that runs, what it says when its job can be made
 * @param cause one sentence; empty when all goes as it should
 * @param runs whether its job is to be appended
 * @param cancels whether the predecessors are to be cancelled
 */
record Decision(TickOutcome outcome, String cause, boolean runs, boolean cancels) {
    /** Most ticks of a schedule that wait with overlap QUEUE_ALL. */
    static final int MOST_WAITING = 1000;

    /**
     * What is known about a tick when it is decided.
     *
     * @param tick its time
     * @param lateness how much later than its time, jitter included, it is now
     * @param age how long ago its time is
     * @param paused why its schedule is paused; null when it is not
     * @param catchUpFrom the first of the missed ticks that run; null when none does
     * @param predecessor job of the schedule that has not ended; null when all have
     * @param waiting how many ticks of the schedule wait
     */
    record Situation(
            Instant tick,
            Duration lateness,
            Duration age,
            @Nullable String paused,
            @Nullable Instant catchUpFrom,
            @Nullable String predecessor,
            int waiting) {}

    static Decision of(Schedule schedule, Situation now, TriggerSettings settings) {
        if (now.paused != null) {
            return skip(TickOutcome.SKIPPED_PAUSED, "paused: " + now.paused);
        }
        boolean missed = now.lateness.compareTo(settings.missedAfter()) > 0;
        if (missed && now.age.toMillis() > schedule.getCatchUpWindowMs()) {
            return skip(
                    TickOutcome.SKIPPED_OUTSIDE_WINDOW,
                    "no scheduler was running, and it is older than catch_up_window, "
                            + brief(Duration.ofMillis(schedule.getCatchUpWindowMs())));
        }
        if (missed && !chosen(schedule, now)) {
            return skip(TickOutcome.MISSED_OUTAGE, "no scheduler was running; catch_up is " + word(schedule));
        }
        if (now.predecessor != null && schedule.getOverlap() != OverlapPolicy.ALLOW) {
            return overlap(schedule.getOverlap(), now.predecessor, now.waiting);
        }
        if (missed) {
            return run(TickOutcome.CAUGHT_UP, "no scheduler was running at its time");
        }
        return now.lateness.compareTo(settings.lateAfter()) > 0
                ? run(TickOutcome.LATE, "the scheduler was busy or had just started")
                : run(TickOutcome.TRIGGERED, "");
    }

    /** As in a schedule's file: PT24H is 24h there. */
    private static String brief(Duration duration) {
        return duration.toString().substring(2).toLowerCase(Locale.ROOT);
    }

    /** As in a schedule's file. */
    private static String word(Schedule schedule) {
        return schedule.getCatchUp() == CatchUpPolicy.LATEST && schedule.getCatchUpMax() > 1
                ? Integer.toString(schedule.getCatchUpMax())
                : schedule.getCatchUp().name().toLowerCase(Locale.ROOT);
    }

    private static boolean chosen(Schedule schedule, Situation now) {
        return switch (schedule.getCatchUp()) {
            case ALL -> true;
            case LATEST -> now.catchUpFrom != null && !now.tick.isBefore(now.catchUpFrom);
            case NONE, UNKNOWN -> false;
        };
    }

    private static Decision overlap(OverlapPolicy policy, String predecessor, int waiting) {
        String runs = predecessor + " has not ended";
        return switch (policy) {
            case QUEUE_ONE ->
                waiting == 0
                        ? new Decision(TickOutcome.WAITING, runs, false, false)
                        : skip(TickOutcome.SKIPPED_OVERLAP, runs + ", and another tick waits already");
            case QUEUE_ALL ->
                waiting < MOST_WAITING
                        ? new Decision(TickOutcome.WAITING, runs, false, false)
                        : skip(TickOutcome.SKIPPED_OVERLAP, runs + ", and " + MOST_WAITING + " ticks wait already");
            case CANCEL_PREVIOUS -> new Decision(TickOutcome.WAITING, runs + ": it is cancelled", false, true);
            case SKIP, ALLOW, UNKNOWN -> skip(TickOutcome.SKIPPED_OVERLAP, runs);
        };
    }

    private static Decision skip(TickOutcome outcome, String cause) {
        return new Decision(outcome, cause, false, false);
    }

    private static Decision run(TickOutcome outcome, String cause) {
        return new Decision(outcome, cause, true, false);
    }
}
