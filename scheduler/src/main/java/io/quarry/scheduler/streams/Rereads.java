package io.quarry.scheduler.streams;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.KafkaClientSupplier;

/**
 * Topics of one partition that a topology reads again from their first record, because they were deleted and made anew: a
 * position is a number, and that of the old topic is one of the new topic as soon as it has as many records. What came of such a
 * topic before the consumer was set back does not count. For one task, and the consumer of the
 * thread that has it.
 */
public final class Rereads {
    /** The consumer has still to be set back. */
    private static final long WANTED = -2;

    /** It was set back; nothing has come since. */
    private static final long SOUGHT = -1;

    /** What is known of each: one of the above, or the offset of the first record that came since. */
    private final Map<String, Long> topics = new ConcurrentHashMap<>();

    /** Whether a record counts. */
    public enum Turn {
        /** It came after the consumer was set back, or of a topic that is not read again. */
        COUNTS,
        /** It is the first one of those: the topic is read as any other from here on. */
        FIRST,
        /** It came before, and comes again. */
        COMES_AGAIN
    }

    /** Nothing is read again. */
    public void clear() {
        topics.clear();
    }

    /** Has a topic read again, from now on. */
    public void want(String topic) {
        topics.put(topic, WANTED);
    }

    /** What a record of a topic is; records are to be shown in the order in which the topology gets them. */
    public Turn turn(String topic, long offset) {
        Long first = topics.isEmpty() ? null : topics.get(topic);
        if (first == null) {
            return Turn.COUNTS;
        }
        if (first != offset) {
            return Turn.COMES_AGAIN;
        }
        topics.remove(topic);
        return Turn.FIRST;
    }

    /** Clients of a topology whose consumer reads these again. */
    public KafkaClientSupplier clients() {
        return new RereadingClients(this);
    }

    // ---- the consumer's side

    /** The partitions that a consumer has still to be set back in. */
    Set<TopicPartition> wanted() {
        return withState(WANTED);
    }

    /** The partitions of which nothing has come since it was. */
    Set<TopicPartition> sought() {
        return withState(SOUGHT);
    }

    private Set<TopicPartition> withState(long state) {
        return topics.isEmpty()
                ? Set.of()
                : topics.entrySet().stream()
                        .filter(entry -> entry.getValue() == state)
                        .map(entry -> new TopicPartition(entry.getKey(), 0))
                        .collect(Collectors.toSet());
    }

    /** The consumer is set back. */
    void setBack(TopicPartition partition) {
        topics.replace(partition.topic(), SOUGHT);
    }

    /** The first record since came, and is still to reach the topology. */
    void came(TopicPartition partition, long offset) {
        topics.replace(partition.topic(), offset);
    }

    /** The consumer's positions are no longer those that it was given: they were assigned to it anew. */
    void forgetPositions(Iterable<TopicPartition> partitions) {
        partitions.forEach(partition -> topics.replace(partition.topic(), WANTED));
    }
}
