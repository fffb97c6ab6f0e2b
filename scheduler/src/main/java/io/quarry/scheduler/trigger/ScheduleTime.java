package io.quarry.scheduler.trigger;

import java.time.Instant;

/**
 * The time that schedules go by, made of real time: the one place where it enters, and a choice of the composition root. Ticks,
 * lateness and the ledger are told in it. Jobs know nothing of it: their leases, deadlines and retries are counted in the log.
 */
@FunctionalInterface
public interface ScheduleTime {
    /**
     * What an instant of a clock, or of the log, is to schedules. Asked again about the same instant it answers the same, and it
     * never goes back while real time goes on.
     */
    Instant at(Instant real);

    /** Time as it is. */
    static ScheduleTime real() {
        return instant -> instant;
    }
}
