package io.quarry.local.audit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * When the leaders of queues changed, as far as the epochs of their records show: with a leader go all locks on records, so
 * that what a worker had taken and not claimed is handed out once more. Not safe for use by several threads.
 */
final class Leaders {
    /** A change after the record before it was appended, and before the one after it. */
    private record Change(long after, long before) {}

    private static final class Queue {
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
    }

    private final Map<String, Queue> queues = new HashMap<>();

    /** Takes the records of a queue in the order of their offsets. */
    void seen(String queue, int epoch, long at) {
        queues.computeIfAbsent(queue, name -> new Queue()).seen(epoch, at);
    }

    /** Takes the epoch that a queue has now, after its last record. */
    void now(String queue, int epoch) {
        seen(queue, epoch, Long.MAX_VALUE);
    }

    /** Whether the leader of a queue may have changed within a time. */
    boolean changed(String queue, long from, long to) {
        Queue found = queues.get(queue);
        return found != null && found.changes.stream().anyMatch(change -> change.after <= to && change.before >= from);
    }
}
