package io.quarry.scheduler.trigger;

import java.time.Duration;

/**
 * Decides how long to wait between two recounts of the ledger: reading takes at most a twentieth of the time, however many ticks a day
 * has, and yet every row is counted at least twice before it is older than a recount looks back.
 */
final class RecountPause {
    /** How far back a recount looks. */
    static final Duration LOOKS_BACK = Duration.ofDays(1);

    private static final int TIMES = 19;

    private RecountPause() {}

    /**
     * How long to wait for the next recount.
     *
     * @param took how long the last one took
     * @param least the pause of a ledger that is counted in no time
     */
    static Duration after(Duration took, Duration least) {
        Duration share = took.multipliedBy(TIMES);
        // The next one has to see what was written while this one read: two of them, with the pause between, in one
        // span.
        Duration span = LOOKS_BACK.dividedBy(2).minus(took);
        Duration bounded = share.compareTo(span) < 0 ? share : span;
        return bounded.compareTo(least) > 0 ? bounded : least;
    }
}
