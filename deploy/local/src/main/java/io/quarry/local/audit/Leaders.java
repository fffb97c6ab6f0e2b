package io.quarry.local.audit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * When the leaders of queues changed, as far as the epochs of records show: with a leader go all locks on records, so that
 * what a worker had taken and not claimed is handed out once more. Retention and DeleteRecords take that evidence away with
 * a queue's records. Where one broker alone holds the queue and other partitions it leads them all, and then the epochs of
 * the others count as well: they show changes, and between two records of one epoch they show that there was none. Not safe
 * for use by several threads.
 */
final class Leaders {
    /** A broker takes over its partitions one after the other, within this time. */
    static final long TAKEOVER_MS = 1_000;

    /** Later than anything, and with room for sums. */
    private static final long EVER = Long.MAX_VALUE / 2;

    /** A time. Both ends belong to it. */
    private record Span(long from, long to) {
        boolean holds(long at) {
            return from <= at && at <= to;
        }
    }

    /** A partition's epochs: each from its first record to its last. */
    private static final class Series {
        private final List<Span> past = new ArrayList<>();
        private int epoch = -1;
        private long first;
        private long last;

        private void seen(int now, long at) {
            if (now > epoch) {
                if (epoch >= 0) {
                    past.add(new Span(first, last));
                }
                epoch = now;
                first = at;
            }
            last = at;
        }

        private List<Span> epochs() {
            List<Span> all = new ArrayList<>(past);
            if (epoch >= 0) {
                all.add(new Span(first, last));
            }
            return all;
        }
    }

    private final Map<TopicPartition, Integer> soleBrokers;
    private final Map<TopicPartition, Series> partitions = new HashMap<>();

    /**
     * Knows of no change yet.
     *
     * @param soleBrokers the broker of each partition that has one replica only
     */
    Leaders(Map<TopicPartition, Integer> soleBrokers) {
        this.soleBrokers = Map.copyOf(soleBrokers);
    }

    /** Takes the records of a partition in the order of their offsets. */
    void seen(TopicPartition partition, int epoch, long at) {
        partitions.computeIfAbsent(partition, p -> new Series()).seen(epoch, at);
    }

    /** Takes the epoch that a queue has now, after its last record. */
    void now(String queue, int epoch) {
        seen(new TopicPartition(queue, 0), epoch, EVER);
    }

    /** Whether the leader of a queue may have changed within a time. */
    boolean changed(String queue, long from, long to) {
        List<Span> changes = new ArrayList<>();
        List<Span> steady = new ArrayList<>();
        TopicPartition asked = new TopicPartition(queue, 0);
        partitions.forEach((partition, series) -> {
            if (oneLeader(asked, partition)) {
                List<Span> epochs = series.epochs();
                for (int i = 0; i < epochs.size(); i++) {
                    Span epoch = epochs.get(i);
                    steady.add(new Span(epoch.from + TAKEOVER_MS, epoch.to - TAKEOVER_MS));
                    if (i > 0) {
                        changes.add(new Span(epochs.get(i - 1).to, epoch.from));
                    }
                }
            }
        });
        return changes.stream()
                .map(change -> new Span(Math.max(from, change.from), Math.min(to, change.to)))
                .anyMatch(change -> change.from <= change.to && !covered(change, steady));
    }

    private boolean oneLeader(TopicPartition queue, TopicPartition other) {
        @Nullable Integer broker = soleBrokers.get(queue);
        return queue.equals(other) || (broker != null && broker.equals(soleBrokers.get(other)));
    }

    /** Whether some times together fill another one. */
    private static boolean covered(Span whole, List<Span> parts) {
        long at = whole.from;
        while (at <= whole.to) {
            long here = at;
            long end = parts.stream()
                    .filter(part -> part.holds(here))
                    .mapToLong(Span::to)
                    .max()
                    .orElse(Long.MIN_VALUE);
            if (end == Long.MIN_VALUE) {
                return false;
            }
            at = end + 1;
        }
        return true;
    }
}
