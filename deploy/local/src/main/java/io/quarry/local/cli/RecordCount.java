package io.quarry.local.cli;

import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Counts records by reading them: offsets count the marks of transactions, too, and what compaction removed.
 *
 * @param consumer reads committed records
 * @param patience longest silence of the broker
 */
record RecordCount(Consumer<byte[], byte[]> consumer, Duration patience) {
    private static final Duration POLL = Duration.ofMillis(200);

    /** How much is read at most to count one topic. */
    record Limit(long offsets, long bytes) {
        static final Limit NONE = new Limit(Long.MAX_VALUE, Long.MAX_VALUE);
    }

    /**
     * Counts.
     *
     * @param offsets how many offsets the partitions keep
     * @return the number of records, or empty when the limit does not allow to read them all
     */
    OptionalLong of(Collection<TopicPartition> partitions, long offsets, Limit limit) {
        if (offsets > limit.offsets()) {
            return OptionalLong.empty();
        }
        consumer.assign(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, patience);
        consumer.seekToBeginning(partitions);
        long count = 0;
        long bytes = 0;
        long heard = System.nanoTime();
        while (partitions.stream()
                .anyMatch(partition -> consumer.position(partition, patience) < end(ends, partition))) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                heard = System.nanoTime();
                bytes += Math.max(0, record.serializedKeySize()) + Math.max(0, record.serializedValueSize());
                if (record.offset() < end(ends, new TopicPartition(record.topic(), record.partition()))) {
                    count++;
                }
            }
            if (bytes > limit.bytes()) {
                return OptionalLong.empty();
            }
            if (System.nanoTime() - heard > patience.toNanos()) {
                throw new TimeoutException("no records came of " + partitions);
            }
        }
        return OptionalLong.of(count);
    }

    private static long end(Map<TopicPartition, Long> ends, TopicPartition partition) {
        return ends.getOrDefault(partition, 0L);
    }
}
