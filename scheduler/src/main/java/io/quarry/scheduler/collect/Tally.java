package io.quarry.scheduler.collect;

import java.util.concurrent.atomic.AtomicLong;

/** The collector's counters. Written by its thread, read by any. */
final class Tally implements CollectorMXBean {
    final AtomicLong pointers = new AtomicLong();
    final AtomicLong removed = new AtomicLong();
    final AtomicLong orphans = new AtomicLong();
    final AtomicLong sweeps = new AtomicLong();
    final AtomicLong failures = new AtomicLong();

    @Override
    public long getPointersWritten() {
        return pointers.get();
    }

    @Override
    public long getDirectoriesRemoved() {
        return removed.get();
    }

    @Override
    public long getOrphansRemoved() {
        return orphans.get();
    }

    @Override
    public long getSweeps() {
        return sweeps.get();
    }

    @Override
    public long getFailures() {
        return failures.get();
    }
}
