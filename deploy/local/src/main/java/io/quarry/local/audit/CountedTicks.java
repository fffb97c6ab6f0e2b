package io.quarry.local.audit;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * The ticks of each partition of job-events that count for leases: those at least nine tenths of an interval after the last
 * one that counted, however many schedulers tick. Eight bytes each.
 */
final class CountedTicks {
    private static final class Series {
        private long[] offsets = new long[1024];
        private int size;
        private long last = Long.MIN_VALUE;

        private void add(long offset, long at, long interval) {
            if (size > 0 && at >= last && at - last < interval * 9 / 10) {
                return;
            }
            if (size == offsets.length) {
                offsets = Arrays.copyOf(offsets, 2 * size);
            }
            offsets[size++] = offset;
            last = at;
        }

        /** Ticks below an offset. */
        private int below(long offset) {
            int found = Arrays.binarySearch(offsets, 0, size, offset);
            return found < 0 ? -found - 1 : found;
        }
    }

    private final Map<Integer, Series> partitions = new HashMap<>();

    /** Takes the ticks of a partition in the order of their offsets. */
    void add(int partition, long offset, long at, long interval) {
        partitions.computeIfAbsent(partition, p -> new Series()).add(offset, at, interval);
    }

    /** Counted ticks between two records of a partition. */
    int between(int partition, long after, long before) {
        Series series = partitions.get(partition);
        return series == null ? 0 : Math.max(0, series.below(before) - series.below(after));
    }
}
