package io.quarry.local.cli;

import io.quarry.schemas.serde.UnreadableRecordException;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/** Reads small topics of one partition as a whole. */
final class LogLines {
    private LogLines() {}

    /** One record; its value is null for a tombstone. */
    record Line<T>(String key, @Nullable T value) {}

    /** All records of a topic, the oldest first; what cannot be read is left out. An absent topic has none. */
    static <T extends SpecificRecord> List<Line<T>> of(
            Connection connection, String topic, Class<T> type, Duration reach) {
        Map<String, Object> settings = new LinkedHashMap<>(connection.kafka());
        settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 100);
        settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) reach.toMillis());
        List<Line<T>> lines = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer =
                        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
                Deserializer<T> deserializer =
                        WireSerdes.of(connection.settings()).deserializer(type)) {
            if (consumer.partitionsFor(topic, reach).isEmpty()) {
                return lines;
            }
            TopicPartition partition = new TopicPartition(topic, 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
            while (consumer.position(partition) < end) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    add(lines, record, deserializer);
                }
            }
        }
        return lines;
    }

    /** The newest value of each key; keys whose newest record is a tombstone are not there. */
    static <T extends SpecificRecord> Map<String, T> table(
            Connection connection, String topic, Class<T> type, Duration reach) {
        Map<String, T> table = new LinkedHashMap<>();
        for (Line<T> line : of(connection, topic, type, reach)) {
            T value = line.value;
            if (value == null) {
                table.remove(line.key);
            } else {
                table.put(line.key, value);
            }
        }
        return table;
    }

    private static <T> void add(
            List<Line<T>> lines, ConsumerRecord<byte[], byte[]> record, Deserializer<T> deserializer) {
        String key = record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
        if (record.value() == null) {
            lines.add(new Line<>(key, null));
            return;
        }
        try {
            lines.add(new Line<>(key, deserializer.deserialize(record.topic(), record.value())));
        } catch (UnreadableRecordException unreadable) {
            // One line that nobody can read says nothing; the others do.
            return;
        }
    }
}
