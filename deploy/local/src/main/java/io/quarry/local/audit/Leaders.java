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
 * a queue's records. Where one broker alone holds the queue and another partition it leads both, and then the other's epochs
 * show the changes as well. Not safe for use by several threads.
 */
final class Leaders {
    /** A change after the record before it was appended, and before the one after it. */
    private record Change(long after, long before) {}

    private static final class Series {
        private int epoch = -1;
        private long last = Long.MIN_VALUE;
        private final List<Change> changes = new ArrayList<>();

        private void seen(int now, long at) {
            if (epoch >= 0 && now > epoch) {
                changes.add(new Change(last, at));
            }
            epoch = Math.max(epoch, now);
            last = at;
        }

        private boolean changed(long from, long to) {
            return changes.stream().anyMatch(change -> change.after <= to && change.before >= from);
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
        seen(new TopicPartition(queue, 0), epoch, Long.MAX_VALUE);
    }

    /** Whether the leader of a queue may have changed within a time. */
    boolean changed(String queue, long from, long to) {
        TopicPartition asked = new TopicPartition(queue, 0);
        return partitions.entrySet().stream()
                .anyMatch(entry ->
                        oneLeader(asked, entry.getKey()) && entry.getValue().changed(from, to));
    }

    private boolean oneLeader(TopicPartition queue, TopicPartition other) {
        @Nullable Integer broker = soleBrokers.get(queue);
        return queue.equals(other) || (broker != null && broker.equals(soleBrokers.get(other)));
    }
}
