package io.quarry.scheduler.launch;

import io.quarry.avro.JobState;
import io.quarry.avro.ResourceGroup;
import io.quarry.scheduler.streams.PlainConsumers;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.RegistryUnavailableException;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Follows job-state and resource-groups from their beginnings; stand-bys do so too, so that they can take over at once. One thread. */
final class News implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(News.class);

    private final Topics topics;
    private final Consumer<byte[], byte[]> consumer;
    private final Deserializer<JobState> rows;
    private final Deserializer<ResourceGroup> groups;
    private final Board board = new Board();
    private final Map<String, ResourceGroup> groupsByName = new HashMap<>();
    private Map<TopicPartition, Long> ends = Map.of();

    News(Topics topics, Consumer<byte[], byte[]> consumer, WireSerdes serdes) {
        this.topics = topics;
        this.consumer = consumer;
        this.rows = serdes.deserializer(JobState.class);
        this.groups = serdes.deserializer(ResourceGroup.class);
    }

    static News open(Topics topics, Map<String, String> kafka, WireSerdes serdes) {
        return new News(topics, PlainConsumers.open(PlainConsumers.settings(kafka, "quarry-launcher-news")), serdes);
    }

    Board board() {
        return board;
    }

    Map<String, ResourceGroup> groups() {
        return groupsByName;
    }

    /** Whether all has been read that was there when this was last asked for with nothing left to read. */
    boolean isCurrent() {
        return !ends.isEmpty()
                && ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
    }

    /** Wants to know again what there is, before it is believed that all was read. */
    void doubt() {
        ends = Map.of();
    }

    /** Reads what has come; whether anything has. */
    boolean read(Duration atMost) {
        if (consumer.assignment().isEmpty()) {
            begin();
        }
        if (ends.isEmpty()) {
            ends = consumer.endOffsets(consumer.assignment());
        }
        ConsumerRecords<byte[], byte[]> records = consumer.poll(atMost);
        try {
            records.forEach(this::take);
        } catch (RegistryUnavailableException down) {
            // All of this poll is read again: to take a row twice does no harm.
            for (TopicPartition partition : records.partitions()) {
                consumer.seek(partition, records.records(partition).get(0).offset());
            }
            throw down;
        }
        return !records.isEmpty();
    }

    private void begin() {
        List<TopicPartition> partitions = new ArrayList<>();
        for (String topic : List.of(topics.states(), topics.groups())) {
            consumer.partitionsFor(topic)
                    .forEach(info -> partitions.add(new TopicPartition(info.topic(), info.partition())));
        }
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
    }

    private void take(ConsumerRecord<byte[], byte[]> record) {
        if (record.key() == null) {
            return;
        }
        String key = new String(record.key(), StandardCharsets.UTF_8);
        boolean row = record.topic().equals(topics.states());
        try {
            if (record.value() == null) {
                gone(key, row);
            } else if (row) {
                board.row(key, Objects.requireNonNull(rows.deserialize(record.topic(), record.value())));
            } else {
                groupsByName.put(key, Objects.requireNonNull(groups.deserialize(record.topic(), record.value())));
            }
        } catch (RegistryUnavailableException down) {
            throw down;
        } catch (SerializationException unreadable) {
            LOG.warn("Unreadable row skipped topic={} offset={}", record.topic(), record.offset(), unreadable);
            gone(key, row);
        }
    }

    private void gone(String key, boolean row) {
        if (row) {
            board.gone(key);
        } else {
            groupsByName.remove(key);
        }
    }

    void wakeup() {
        consumer.wakeup();
    }

    @Override
    public void close() {
        consumer.close(CloseOptions.timeout(Duration.ofSeconds(2)));
    }
}
