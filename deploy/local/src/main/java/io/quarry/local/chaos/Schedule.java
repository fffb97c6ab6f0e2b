package io.quarry.local.chaos;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * When which fault happens: the same for the same seed. Kinds are dealt from a shuffled deck, so that each comes once before
 * any comes twice.
 *
 * @param faults in the order of their time
 */
public record Schedule(List<Fault> faults) {
    public Schedule {
        faults = List.copyOf(faults);
    }

    /**
     * The schedule of a seed.
     *
     * @param load how long jobs are submitted: faults fall within it
     * @param kinds kinds to choose from
     * @param lease how long a lease lasts: pauses and cuts last one and a half to four of it
     * @param gap mean time between two faults; any two are 0.4 to 1.6 of it apart
     */
    public static Schedule of(
            long seed, Duration load, Set<FaultKind> kinds, int workers, int schedulers, Duration lease, Duration gap) {
        if (kinds.isEmpty()) {
            return new Schedule(List.of());
        }
        // One generator in one order: a kind more or less gives another schedule, the same question the same one.
        Random random = new Random(seed);
        List<Fault> faults = new ArrayList<>();
        Deque<FaultKind> deck = new ArrayDeque<>();
        long at = next(random, gap);
        while (at < load.toMillis()) {
            if (deck.isEmpty()) {
                List<FaultKind> fresh = new ArrayList<>(EnumSet.copyOf(kinds));
                Collections.shuffle(fresh, random);
                deck.addAll(fresh);
            }
            FaultKind kind = deck.removeFirst();
            boolean scheduler = kind == FaultKind.KILL_SCHEDULER || kind == FaultKind.PAUSE_SCHEDULER;
            int target = random.nextInt(scheduler ? schedulers : workers);
            long length = lease.toMillis() * 3 / 2 + random.nextInt((int) (lease.toMillis() * 5 / 2));
            faults.add(new Fault(Duration.ofMillis(at), kind, target, Duration.ofMillis(length)));
            at += next(random, gap);
        }
        return new Schedule(faults);
    }

    private static long next(Random random, Duration gap) {
        long least = gap.toMillis() * 2 / 5;
        return least + random.nextInt((int) (gap.toMillis() * 8 / 5 - least));
    }
}
