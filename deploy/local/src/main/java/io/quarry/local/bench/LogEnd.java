package io.quarry.local.bench;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Consumers without a group that read what comes after the end of whole topics. */
final class LogEnd {
    private LogEnd() {}

    /**
     * A consumer that stands nowhere yet.
     *
     * @param more what it wants besides the broker's address and bytes
     */
    static KafkaConsumer<byte[], byte[]> consumer(Map<String, String> settings, Map<String, Object> more) {
        Map<String, Object> all = new HashMap<>(more);
        all.put("bootstrap.servers", settings.getOrDefault("bootstrap.servers", ""));
        all.put("key.deserializer", ByteArrayDeserializer.class);
        all.put("value.deserializer", ByteArrayDeserializer.class);
        all.put("enable.auto.commit", false);
        return new KafkaConsumer<>(all);
    }

    /** Puts it at the end of all partitions of some topics. The ends are fixed when this returns. */
    static void seek(KafkaConsumer<byte[], byte[]> consumer, Collection<String> topics) {
        List<TopicPartition> partitions = topics.stream()
                .flatMap(topic -> consumer.partitionsFor(topic).stream())
                .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToEnd(partitions);
        partitions.forEach(consumer::position);
    }
}
