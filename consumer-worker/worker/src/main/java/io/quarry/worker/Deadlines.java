package io.quarry.worker;

import java.time.Duration;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Decides by the monotonic clock what is due for a running attempt. All instants are nanoseconds of that clock.
 *
 * @param heartbeat interval of the heartbeats
 * @param stopGrace how long a handler may take to stop
 * @param lease shortest time that a lease may last
 */
record Deadlines(Duration heartbeat, Duration stopGrace, Duration lease) {
    /** What is due. */
    enum Due {
        NOTHING,
        HEARTBEAT,
        /** The job's timeout is over, and the lifecycle, which is to say so, has not. */
        STOP_RUN_DEADLINE,
        /** An effectful handler must end before its lease can. */
        STOP_LEASE,
        /** The handler did not stop in time. */
        HALT,
    }

    /**
     * Where an attempt stands.
     *
     * @param claimedAt when its claim was durable
     * @param lastSent when the last heartbeat was sent
     * @param lastConfirmed when the last event was sent that is known to be durable: the lease runs from there or later
     * @param stoppedAt when it was told to stop
     * @param effectful whether its handler has effects outside its directories
     * @param timeout the job's, null for none
     */
    record Vitals(
            long claimedAt,
            long lastSent,
            long lastConfirmed,
            OptionalLong stoppedAt,
            boolean effectful,
            @Nullable Duration timeout) {}

    Due due(Vitals vitals, long now) {
        // A tick counts only 0.9 of its interval after the last: a lease can be over after 0.9 of its nominal length.
        long shortestLease = (lease.toNanos() / 10) * 9;
        long silent = now - vitals.lastConfirmed();
        if (vitals.stoppedAt().isPresent()) {
            boolean outOfGrace = now - vitals.stoppedAt().getAsLong() >= stopGrace.toNanos();
            if (outOfGrace || (vitals.effectful() && silent >= shortestLease)) {
                return Due.HALT;
            }
        } else if (vitals.effectful() && silent >= (shortestLease / 3) * 2) {
            return Due.STOP_LEASE;
        } else if (vitals.timeout() != null && now - vitals.claimedAt() >= patience(vitals.timeout())) {
            return Due.STOP_RUN_DEADLINE;
        }
        return now - vitals.lastSent() >= heartbeat.toNanos() ? Due.HEARTBEAT : Due.NOTHING;
    }

    /** The lifecycle's clock decides; this one is for a worker that cannot hear it, and waits a little longer. */
    private long patience(Duration timeout) {
        long nanos = timeout.compareTo(Duration.ofDays(10_000)) > 0 ? Long.MAX_VALUE / 2 : timeout.toNanos();
        return nanos + (heartbeat.toNanos() * 2);
    }
}
