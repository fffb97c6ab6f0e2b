package io.quarry.scheduler.trigger;

import io.quarry.avro.ScheduleTick;
import io.quarry.avro.TickOutcome;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;

/**
 * How many ticks of a schedule within a span were decided, and a sum over which ones: two tallies that agree are of the same ticks,
 * each as often, but for a chance of one in 2^64. It is as large for a million ticks as for one.
 */
final class Tally {
    private final Instant after;
    private final Instant until;
    private long count;
    private long sum;
    /** Ticks that wait so far: few, and most schedules have none ever. */
    private Set<Instant> waiting = Set.of();

    /**
     * A tally of nothing yet.
     *
     * @param after ticks of this instant and before are left out
     * @param until last instant that counts
     */
    Tally(Instant after, Instant until) {
        this.after = after;
        this.until = until;
    }

    /** A tick that was decided once. */
    void add(Instant tick) {
        if (tick.isAfter(after) && !tick.isAfter(until)) {
            count++;
            sum += mixed(tick.toEpochMilli());
        }
    }

    /** A row of the ledger, after those written before it. */
    void add(ScheduleTick row) {
        if (!Recount.decides(row)) {
            return;
        }
        Instant tick = row.getTick();
        if (row.getOutcome() == TickOutcome.WAITING) {
            if (waiting.isEmpty()) {
                waiting = new HashSet<>();
            }
            waiting.add(tick);
        } else {
            if (!waiting.isEmpty()) {
                waiting.remove(tick);
            }
            add(tick);
        }
    }

    /** Ends the tally: what waits still has its row, too. */
    void end() {
        waiting.forEach(this::add);
        waiting = Set.of();
    }

    long count() {
        return count;
    }

    boolean agrees(Tally other) {
        return count == other.count && sum == other.sum;
    }

    /** Spreads a number over all 64 bits, so that no two sets of ticks that occur have one sum: MurmurHash3's last step. */
    private static long mixed(long number) {
        long mixed = number;
        mixed = (mixed ^ (mixed >>> 33)) * 0xff51afd7ed558ccdL;
        mixed = (mixed ^ (mixed >>> 33)) * 0xc4ceb9fe1a85ec53L;
        return mixed ^ (mixed >>> 33);
    }
}
