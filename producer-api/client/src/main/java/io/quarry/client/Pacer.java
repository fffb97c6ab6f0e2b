package io.quarry.client;

import java.util.function.LongSupplier;

/** Spreads steps evenly over time. For one thread. */
final class Pacer {
    /** Lets time pass. */
    interface Pause {
        void nanos(long nanos) throws InterruptedException;
    }

    private final double perSecond;
    private final LongSupplier nanoTime;
    private final Pause pause;
    private boolean begun;
    private long last;

    /** Makes a pacer for at most so many steps a second; 0 for no limit. */
    Pacer(double perSecond, LongSupplier nanoTime, Pause pause) {
        this.perSecond = perSecond;
        this.nanoTime = nanoTime;
        this.pause = pause;
    }

    /** Waits until the next step is due. What was missed, such as while a broker was away, is not caught up with. */
    void next() throws InterruptedException {
        if (perSecond <= 0) {
            return;
        }
        long now = nanoTime.getAsLong();
        long due = begun ? last + Math.round(1e9 / perSecond) : now;
        begun = true;
        if (due > now) {
            pause.nanos(due - now);
        }
        last = Math.max(due, now);
    }
}
