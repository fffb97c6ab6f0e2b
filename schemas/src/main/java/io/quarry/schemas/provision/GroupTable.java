package io.quarry.schemas.provision;

import io.quarry.avro.ResourceGroup;
import io.quarry.schemas.serde.UnreadableRecordException;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The topic resource-groups, read as a whole and written row by row. */
final class GroupTable {
    private static final Logger LOG = LoggerFactory.getLogger(GroupTable.class);

    private final String topic;
    private final ProvisionSettings settings;
    private final WireSerdes serdes;
    private final Map<String, UnreadableRecordException> unreadable = new HashMap<>();

    GroupTable(String topic, ProvisionSettings settings, WireSerdes serdes) {
        this.topic = topic;
        this.settings = settings;
        this.serdes = serdes;
    }

    /** Groups by name, the newest row of each; an unreadable row is logged and keeps its group's name with no value. */
    Map<String, @Nullable ResourceGroup> read() {
        Map<String, Object> client = settings.clientSettings();
        client.put("enable.auto.commit", "false");
        client.put("isolation.level", "read_committed");
        client.put("default.api.timeout.ms", (int) settings.adminTimeout().toMillis());
        Map<String, @Nullable ResourceGroup> groups = new TreeMap<>();
        unreadable.clear();
        try (KafkaConsumer<byte[], byte[]> consumer =
                        new KafkaConsumer<>(client, new ByteArrayDeserializer(), new ByteArrayDeserializer());
                Deserializer<ResourceGroup> deserializer = serdes.deserializer(ResourceGroup.class)) {
            TopicPartition partition = new TopicPartition(topic, 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
            while (consumer.position(partition) < end) {
                for (ConsumerRecord<byte[], byte[]> row : consumer.poll(Duration.ofMillis(200))) {
                    put(groups, row, deserializer);
                }
            }
        }
        return groups;
    }

    private void put(
            Map<String, @Nullable ResourceGroup> groups,
            ConsumerRecord<byte[], byte[]> row,
            Deserializer<ResourceGroup> deserializer) {
        String name = row.key() == null ? "" : new String(row.key(), StandardCharsets.UTF_8);
        if (row.value() == null) {
            groups.remove(name);
            return;
        }
        try {
            groups.put(name, deserializer.deserialize(topic, row.value()));
            unreadable.remove(name);
        } catch (UnreadableRecordException unreadable) {
            LOG.warn(
                    "A resource group's row cannot be read and is left alone; group={} topic={} offset={} reason={}",
                    name,
                    topic,
                    row.offset(),
                    unreadable.reason());
            groups.put(name, null);
            this.unreadable.put(name, unreadable);
        }
    }

    /** Why the newest row of a group could not be read the last time; null when it could, or is not there. */
    @Nullable UnreadableRecordException whyUnreadable(String group) {
        return unreadable.get(group);
    }

    void write(ResourceGroup group) {
        Map<String, Object> client = new HashMap<>(settings.clientSettings());
        client.put("acks", "all");
        client.put("enable.idempotence", "true");
        client.put("delivery.timeout.ms", (int) settings.adminTimeout().toMillis() + 30_000);
        try (KafkaProducer<byte[], byte[]> producer =
                        new KafkaProducer<>(client, new ByteArraySerializer(), new ByteArraySerializer());
                Serializer<ResourceGroup> serializer = serdes.serializer(ResourceGroup.class)) {
            byte[] key = group.getName().getBytes(StandardCharsets.UTF_8);
            producer.send(new ProducerRecord<>(topic, key, serializer.serialize(topic, group)))
                    .get();
        } catch (ExecutionException failure) {
            throw new ProvisionException(
                    "resource group " + group.getName() + " cannot be written to " + topic + ": " + failure.getCause(),
                    failure);
        } catch (InterruptedException stopped) {
            throw new InterruptException(stopped);
        }
    }
}
