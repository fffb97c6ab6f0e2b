package io.quarry.client;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

/**
 * A consumer without a group, from whose partitions records are read in order or one by one. For one thread, but for
 * {@link #wake}.
 */
final class Fetcher {
    private static final Duration POLL = Duration.ofMillis(500);

    /** Longest that the reader's thread is held by one question to the brokers; whoever waits longer asks again. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final Consumer<byte[], byte[]> consumer;
    private final Set<TopicPartition> assigned = new HashSet<>();
    private final Map<String, Integer> counts = new HashMap<>();
    private final Object lock = new Object();
    private boolean polling;

    Fetcher(Consumer<byte[], byte[]> consumer) {
        this.consumer = consumer;
    }

    /** Number of partitions of a topic, 0 when there is no such topic. One that is there keeps its number. */
    int partitionCount(String topic) {
        Integer known = counts.get(topic);
        if (known != null) {
            return known;
        }
        Collection<PartitionInfo> infos = uninterrupted(() -> consumer.partitionsFor(topic, PATIENCE));
        int count = infos == null ? 0 : infos.size();
        if (count > 0) {
            counts.put(topic, count);
        }
        return count;
    }

    /** Takes up a partition from its beginning, unless it was taken up before. */
    void add(TopicPartition partition) {
        if (assigned.add(partition)) {
            consumer.assign(assigned);
            consumer.seekToBeginning(List.of(partition));
        }
    }

    boolean isEmpty() {
        return assigned.isEmpty();
    }

    /** What committed records end at now. */
    Map<TopicPartition, Long> ends(Set<TopicPartition> partitions) {
        return uninterrupted(() -> consumer.endOffsets(partitions, PATIENCE));
    }

    long position(TopicPartition partition) {
        return uninterrupted(() -> consumer.position(partition, PATIENCE));
    }

    void seek(TopicPartition partition, long offset) {
        consumer.seek(partition, offset);
    }

    /** Fetches from these partitions and no others. */
    void only(Set<TopicPartition> needed) {
        Set<TopicPartition> rest = new HashSet<>(assigned);
        rest.removeAll(needed);
        consumer.pause(rest);
        Set<TopicPartition> wanted = new HashSet<>(assigned);
        wanted.retainAll(needed);
        consumer.resume(wanted);
    }

    /** What has come; waits for something until woken. Does not wait when there is something else to do. */
    List<ConsumerRecord<byte[], byte[]>> poll(BooleanSupplier elseToDo) {
        synchronized (lock) {
            if (elseToDo.getAsBoolean()) {
                return List.of();
            }
            polling = true;
        }
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        try {
            consumer.poll(POLL).forEach(records::add);
        } catch (WakeupException woken) {
            return List.of();
        } finally {
            synchronized (lock) {
                polling = false;
            }
        }
        return records;
    }

    /**
     * The record at an offset, or the first one behind it when it is gone; leaves the position as it was.
     *
     * @param others takes what came of other partitions meanwhile
     */
    ConsumerRecord<byte[], byte[]> recordAt(
            TopicPartition partition, long offset, List<ConsumerRecord<byte[], byte[]>> others) {
        long position = position(partition);
        consumer.seek(partition, offset);
        consumer.resume(List.of(partition));
        try {
            long begun = System.nanoTime();
            ConsumerRecord<byte[], byte[]> found = null;
            while (found == null && System.nanoTime() - begun < PATIENCE.toNanos()) {
                found = first(partition, offset, others);
            }
            if (found == null) {
                throw new TimeoutException("the row at offset " + offset + " of " + partition + " did not come");
            }
            return found;
        } finally {
            consumer.seek(partition, position);
        }
    }

    private @Nullable ConsumerRecord<byte[], byte[]> first(
            TopicPartition partition, long offset, List<ConsumerRecord<byte[], byte[]>> others) {
        ConsumerRecord<byte[], byte[]> found = null;
        for (ConsumerRecord<byte[], byte[]> record : uninterrupted(() -> consumer.poll(POLL))) {
            if (!partition.equals(new TopicPartition(record.topic(), record.partition()))) {
                others.add(record);
            } else if (found == null && record.offset() >= offset) {
                found = record;
            }
        }
        return found;
    }

    /** Ends a poll that waits. May be called by any thread. */
    void wake() {
        synchronized (lock) {
            if (polling) {
                consumer.wakeup();
            }
        }
    }

    void close() {
        consumer.close(CloseOptions.timeout(Duration.ofSeconds(1)));
    }

    /** Runs a call that has to finish, again when a wakeup that was meant for a poll hits it. */
    private static <T> T uninterrupted(Supplier<T> call) {
        try {
            return call.get();
        } catch (WakeupException late) {
            return call.get();
        }
    }
}
