package io.quarry.worker;

import io.quarry.avro.ResourceGroup;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Follows the row of the worker's group and tells what it says. A row that is gone counts as a pause: its jobs went elsewhere. */
final class GroupListener implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(GroupListener.class);
    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration FIRST = Duration.ofSeconds(10);

    private final org.apache.kafka.clients.consumer.Consumer<byte[], byte[]> consumer;
    private final TopicPartition rows;
    private final byte[] group;
    private final Deserializer<ResourceGroup> deserializer;
    private final Consumer<GroupWord> told;
    private @Nullable ConsumerRecord<byte[], byte[]> unread;
    private volatile boolean closed;

    private GroupListener(
            org.apache.kafka.clients.consumer.Consumer<byte[], byte[]> consumer,
            TopicPartition rows,
            String group,
            Deserializer<ResourceGroup> deserializer,
            Consumer<GroupWord> told) {
        this.consumer = consumer;
        this.rows = rows;
        this.group = group.getBytes(StandardCharsets.UTF_8);
        this.deserializer = deserializer;
        this.told = told;
    }

    /** Reads the rows there are, so that no job is taken of a group that is paused; gives that up after ten seconds. */
    static GroupListener caughtUp(
            org.apache.kafka.clients.consumer.Consumer<byte[], byte[]> consumer,
            String topic,
            String group,
            Deserializer<ResourceGroup> deserializer,
            Consumer<GroupWord> told) {
        GroupListener listener = new GroupListener(consumer, new TopicPartition(topic, 0), group, deserializer, told);
        listener.catchUp();
        return listener;
    }

    private void catchUp() {
        consumer.assign(List.of(rows));
        consumer.seekToBeginning(List.of(rows));
        long until = System.nanoTime() + FIRST.toNanos();
        try {
            long end = consumer.endOffsets(List.of(rows), FIRST).getOrDefault(rows, 0L);
            while (consumer.position(rows, FIRST) < end && System.nanoTime() < until) {
                consumer.poll(Duration.ofMillis(100)).forEach(this::take);
            }
        } catch (TimeoutException e) {
            LOG.atWarn()
                    .addKeyValue("reason", e.toString())
                    .log("row of the group could not be read yet; the worker goes on as if it were not paused");
        }
    }

    @Override
    public void run() {
        try (consumer) {
            while (!closed) {
                try {
                    ConsumerRecord<byte[], byte[]> again = unread;
                    unread = null;
                    if (again != null) {
                        take(again);
                    }
                    consumer.poll(POLL).forEach(this::take);
                } catch (InterruptException e) {
                    return;
                } catch (KafkaException e) {
                    LOG.atWarn()
                            .addKeyValue("reason", e.toString())
                            .log("row of the group could not be read; it is polled again");
                }
            }
        }
    }

    /** Ends {@link #run()} after its poll. */
    void close() {
        closed = true;
    }

    private void take(ConsumerRecord<byte[], byte[]> row) {
        if (!Arrays.equals(group, row.key())) {
            return;
        }
        // A newer row than one that is still to be read.
        unread = null;
        if (row.value() == null) {
            told.accept(GroupWord.GONE);
            return;
        }
        try {
            told.accept(GroupWord.of(deserializer.deserialize(row.topic(), row.value())));
        } catch (SerializationException e) {
            LOG.atWarn()
                    .addKeyValue("offset", row.offset())
                    .addKeyValue("reason", e.toString())
                    .log("row of the group cannot be read; what it said before holds");
        } catch (KafkaException e) {
            // The registry is away: it is asked again with the next poll.
            unread = row;
        }
    }
}
