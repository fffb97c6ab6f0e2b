package io.quarry.worker;

import io.quarry.avro.Command;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the commands from the position that was the end when it was made, which is before the first claim, so that no answer
 * to a claim is missed. Commands are hints: one that cannot be read is skipped, the next heartbeat brings another.
 */
final class CommandListener implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(CommandListener.class);
    private static final Duration POLL = Duration.ofMillis(500);

    private final org.apache.kafka.clients.consumer.Consumer<byte[], byte[]> consumer;
    private final Deserializer<Command> deserializer;
    private final Consumer<Command> obey;
    private volatile boolean closed;

    private CommandListener(
            org.apache.kafka.clients.consumer.Consumer<byte[], byte[]> consumer,
            Deserializer<Command> deserializer,
            Consumer<Command> obey) {
        this.consumer = consumer;
        this.deserializer = deserializer;
        this.obey = obey;
    }

    /** Fixes the position; needs the broker. */
    static CommandListener atTheEnd(
            org.apache.kafka.clients.consumer.Consumer<byte[], byte[]> consumer,
            String topic,
            Deserializer<Command> deserializer,
            Consumer<Command> obey) {
        TopicPartition partition = new TopicPartition(topic, 0);
        consumer.assign(List.of(partition));
        Map<TopicPartition, Long> ends = consumer.endOffsets(List.of(partition));
        consumer.seek(partition, ends.getOrDefault(partition, 0L));
        return new CommandListener(consumer, deserializer, obey);
    }

    @Override
    public void run() {
        try (consumer) {
            while (!closed) {
                try {
                    consumer.poll(POLL).forEach(record -> obey(record.topic(), record.offset(), record.value()));
                } catch (InterruptException e) {
                    return;
                } catch (KafkaException e) {
                    LOG.atWarn()
                            .addKeyValue("reason", e.toString())
                            .log("commands could not be read; they are polled again");
                }
            }
        }
    }

    /** Ends {@link #run()} after its poll. */
    void close() {
        closed = true;
    }

    private void obey(String topic, long offset, byte[] value) {
        Command command;
        try {
            command = deserializer.deserialize(topic, value);
        } catch (KafkaException e) {
            String kind = e instanceof SerializationException
                    ? "cannot be read"
                    : "cannot be read while the registry is away";
            LOG.atWarn()
                    .addKeyValue("topic", topic)
                    .addKeyValue("offset", offset)
                    .addKeyValue("reason", e.toString())
                    .log("command {}; it is skipped", kind);
            return;
        }
        obey.accept(command);
    }
}
