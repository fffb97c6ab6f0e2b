package io.quarry.client;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.OptionalLong;
import java.util.Spliterators;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Reads topics from one offset to another on the caller's thread, without a group: nothing that anybody else reads moves by
 * it. One reading at a time. A broker that is silent for the whole patience is {@link BrokerUnreachableException}.
 */
record TopicScan(Consumer<byte[], byte[]> consumer, Duration patience, String servers) implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(200);

    private interface Call<T> {
        T ask();
    }

    /** The partitions of a topic; empty when there is no such topic. */
    List<TopicPartition> partitions(String topic) {
        List<PartitionInfo> infos = asked(topic, () -> consumer.partitionsFor(topic, patience));
        return infos == null
                ? List.of()
                : IntStream.range(0, infos.size())
                        .mapToObj(number -> new TopicPartition(topic, number))
                        .toList();
    }

    long beginning(TopicPartition partition) {
        return asked(partition.topic(), () -> consumer.beginningOffsets(List.of(partition), patience))
                .getOrDefault(partition, 0L);
    }

    /** Where committed records end now. */
    long end(TopicPartition partition) {
        return asked(partition.topic(), () -> consumer.endOffsets(List.of(partition), patience))
                .getOrDefault(partition, 0L);
    }

    /** Offset of the first record that was appended at an instant or later; empty when there is none. */
    OptionalLong offsetAt(TopicPartition partition, Instant instant) {
        Map<TopicPartition, OffsetAndTimestamp> found = asked(
                partition.topic(), () -> consumer.offsetsForTimes(Map.of(partition, instant.toEpochMilli()), patience));
        OffsetAndTimestamp at = found.get(partition);
        return at == null ? OptionalLong.empty() : OptionalLong.of(at.offset());
    }

    /** The records of a partition from an offset up to, and without, another one. */
    Iterator<ConsumerRecord<byte[], byte[]>> read(TopicPartition partition, long from, long to) {
        consumer.assign(List.of(partition));
        consumer.seek(partition, from);
        return new Records(partition, to);
    }

    /** All that a topic holds now, a partition after the other. */
    Stream<ConsumerRecord<byte[], byte[]>> all(String topic) {
        return partitions(topic).stream()
                .flatMap(partition ->
                        StreamSupport.stream(Spliterators.spliteratorUnknownSize(whole(partition), 0), false));
    }

    private Iterator<ConsumerRecord<byte[], byte[]>> whole(TopicPartition partition) {
        // Kafka warns about answers that concern a partition that is not assigned any more.
        consumer.assign(List.of(partition));
        return read(partition, beginning(partition), end(partition));
    }

    @Override
    public void close() {
        consumer.close();
    }

    private <T> T asked(String topic, Call<T> call) {
        try {
            return call.ask();
        } catch (TimeoutException late) {
            throw new BrokerUnreachableException("topic " + topic, servers, patience, late);
        }
    }

    private final class Records implements Iterator<ConsumerRecord<byte[], byte[]>> {
        private final TopicPartition partition;
        private final long to;
        private final Deque<ConsumerRecord<byte[], byte[]>> ready = new ArrayDeque<>();
        private @Nullable ConsumerRecord<byte[], byte[]> next;

        Records(TopicPartition partition, long to) {
            this.partition = partition;
            this.to = to;
        }

        @Override
        public boolean hasNext() {
            if (next == null) {
                next = fetch();
            }
            return next != null;
        }

        @Override
        public ConsumerRecord<byte[], byte[]> next() {
            if (!hasNext() || next == null) {
                throw new NoSuchElementException();
            }
            ConsumerRecord<byte[], byte[]> record = next;
            next = null;
            return record;
        }

        private @Nullable ConsumerRecord<byte[], byte[]> fetch() {
            long begun = System.nanoTime();
            while (ready.isEmpty() && asked(partition.topic(), () -> consumer.position(partition, patience)) < to) {
                consumer.poll(POLL).records(partition).forEach(ready::add);
                if (ready.isEmpty() && System.nanoTime() - begun > patience.toNanos()) {
                    throw new BrokerUnreachableException(
                            "topic " + partition.topic(),
                            servers,
                            patience,
                            new TimeoutException("no records came from " + partition));
                }
            }
            ConsumerRecord<byte[], byte[]> record = ready.poll();
            return record == null || record.offset() >= to ? null : record;
        }
    }
}
