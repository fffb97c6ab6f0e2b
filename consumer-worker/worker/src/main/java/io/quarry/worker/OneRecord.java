package io.quarry.worker;

import io.quarry.avro.Source;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * One record of the router topic as the queue of a process that was started for it: given once, then nothing more. Nobody
 * else is kept from reading it, so there is nothing to acknowledge: the claim decides.
 */
final class OneRecord implements JobQueue {
    private static final Duration CLOSE = Duration.ofSeconds(5);

    private final Supplier<Consumer<byte[], byte[]>> consumers;
    private final TopicPartition partition;
    private final long offset;
    private @Nullable Consumer<byte[], byte[]> consumer;
    private boolean given;
    private boolean gone;

    OneRecord(Supplier<Consumer<byte[], byte[]>> consumers, Source source) {
        this.consumers = consumers;
        this.partition = new TopicPartition(source.getTopic(), 0);
        this.offset = source.getOffset();
    }

    /** Whether the record is not there any more: retention or a person removed it, or its transaction was aborted. */
    boolean gone() {
        return gone;
    }

    @Override
    public Optional<Taken> poll(Duration longest) {
        if (given || gone) {
            return Optional.empty();
        }
        Consumer<byte[], byte[]> open = open();
        try {
            for (ConsumerRecord<byte[], byte[]> record : open.poll(longest)) {
                if (record.offset() == offset) {
                    given = true;
                    return Optional.of(TopicQueue.taken(record));
                }
                gone = true;
            }
            gone |= open.position(partition) > offset;
        } catch (OffsetOutOfRangeException e) {
            gone = true;
        }
        return Optional.empty();
    }

    /** A record that goes back is given again. */
    @Override
    public void settle(Taken taken, Settlement settlement) {
        if (settlement == Settlement.RELEASE) {
            given = false;
            close();
        }
    }

    @Override
    public void send() {}

    @Override
    public void close() {
        Consumer<byte[], byte[]> open = consumer;
        consumer = null;
        if (open != null) {
            open.close(org.apache.kafka.clients.consumer.CloseOptions.timeout(CLOSE));
        }
    }

    private Consumer<byte[], byte[]> open() {
        Consumer<byte[], byte[]> open = consumer;
        if (open == null) {
            open = consumers.get();
            open.assign(List.of(partition));
            open.seek(partition, offset);
            consumer = open;
        }
        return open;
    }

    /** The offset that a setting such as {@code quarry.jobs.oversize@17} names; empty when it names none. */
    static OptionalLong offset(String record) {
        int at = record.lastIndexOf('@');
        String digits = record.substring(at + 1);
        return at > 0 && digits.matches("[0-9]{1,18}") ? OptionalLong.of(Long.parseLong(digits)) : OptionalLong.empty();
    }
}
