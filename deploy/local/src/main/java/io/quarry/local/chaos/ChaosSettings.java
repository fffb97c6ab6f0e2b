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
 * @param directory an empty directory for everything; whoever made it removes it
 */
public record ChaosSettings(
        int jobs,
        Duration load,
        long seed,
        int workers,
        int schedulers,
        Set<FaultKind> faults,
        Path directory,
        Clock clock) {
    static final Duration TICK = Duration.ofMillis(200);
    static final int LEASE_TICKS = 10;
    static final Duration LEASE = TICK.multipliedBy(LEASE_TICKS);
    static final Duration HEARTBEAT = Duration.ofMillis(500);

    public ChaosSettings {
        faults = faults.isEmpty() ? Set.of() : Set.copyOf(EnumSet.copyOf(faults));
    }

    Schedule schedule() {
        return Schedule.of(seed, load, faults, workers, schedulers, LEASE);
    }
}
