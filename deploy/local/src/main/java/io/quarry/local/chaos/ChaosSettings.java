package io.quarry.local.chaos;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

/**
 * What to run and how to break it.
 *
 * @param jobs jobs to submit, beside duplicates and what cannot be read
 * @param load how long it takes to submit them; faults fall within it
 * @param seed fixes the schedule of the faults and the jobs
 * @param workers worker processes
 * @param schedulers scheduler processes
 * @param faults kinds of fault to choose from
 * @param gap mean time between two faults
 * @param timing how quickly it notices
 * @param directory an empty directory for everything; whoever made it removes it
 */
public record ChaosSettings(
        int jobs,
        Duration load,
        long seed,
        int workers,
        int schedulers,
        Set<FaultKind> faults,
        Duration gap,
        Timing timing,
        Path directory,
        Clock clock) {
    /** Time between two faults that says nothing else: a run of a minute has room for twenty. */
    public static final Duration GAP = Duration.ofMillis(2_500);

    /**
     * How quickly an installation notices.
     *
     * @param leaseTicks ticks without a heartbeat after which a claim is lost
     */
    public record Timing(Duration tick, int leaseTicks, Duration heartbeat) {
        /** A lease of two seconds: a run of a minute has room for many faults. */
        public static final Timing SHORT = new Timing(Duration.ofMillis(200), 10, Duration.ofMillis(500));

        /** What an installation that sets nothing has. */
        public static final Timing STANDARD = new Timing(Duration.ofSeconds(1), 30, Duration.ofSeconds(5));

        Duration lease() {
            return tick.multipliedBy(leaseTicks);
        }
    }

    public ChaosSettings {
        faults = faults.isEmpty() ? Set.of() : Set.copyOf(EnumSet.copyOf(faults));
    }

    Schedule schedule() {
        return Schedule.of(seed, load, faults, workers, schedulers, timing.lease(), gap);
    }
}
