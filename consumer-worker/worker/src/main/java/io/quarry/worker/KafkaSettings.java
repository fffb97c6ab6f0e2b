package io.quarry.worker;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Settings of a worker's Kafka clients. Those that are a matter of correctness cannot be overridden. */
record KafkaSettings(Map<String, String> all, String clientId) {
    KafkaSettings {
        all = Map.copyOf(all);
    }

    /**
     * Of a topic of the group's queue.
     *
     * @param role what the consumer calls itself, behind the worker's name
     * @param fetchWaitMs how long the broker keeps the answer that there is nothing to take
     */
    Map<String, Object> shareConsumer(String role, String shareGroup, int fetchWaitMs) {
        Map<String, Object> settings = client(role);
        settings.put(ConsumerConfig.GROUP_ID_CONFIG, shareGroup);
        settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1);
        settings.put(ConsumerConfig.SHARE_ACQUIRE_MODE_CONFIG, "record_limit");
        settings.put(ConsumerConfig.SHARE_ACKNOWLEDGEMENT_MODE_CONFIG, "explicit");
        // A larger fetch makes the broker walk through the whole backlog for every single record.
        settings.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, 1024);
        settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, fetchWaitMs);
        // A busy worker does not poll for as long as its job runs: 24 days, the most there is.
        settings.put(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, Integer.MAX_VALUE);
        return settings;
    }

    Map<String, Object> commands() {
        Map<String, Object> settings = client("commands");
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "latest");
        settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 500);
        return settings;
    }

    /** Of the one record that a process was started for. */
    Map<String, Object> record() {
        Map<String, Object> settings = client("record");
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        // A record that was removed is to be seen as gone, not to be replaced by the next one.
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
        settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1);
        return settings;
    }

    Map<String, Object> groups() {
        Map<String, Object> settings = commands();
        settings.put("client.id", clientId + "-group");
        return settings;
    }

    Map<String, Object> producer() {
        Map<String, Object> settings = client("events");
        settings.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        settings.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        // A claim is durable or given up well before the 30 s lock on its record is over.
        settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 9_000);
        settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 4_000);
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 5_000);
        // The end of one job travels with the claim of the next.
        settings.put(ProducerConfig.LINGER_MS_CONFIG, 5);
        // A claim carries its job, whose inline input may have 1 MiB.
        settings.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, 8 << 20);
        return settings;
    }

    Map<String, Object> admin() {
        Map<String, Object> settings = client("admin");
        settings.remove(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG);
        settings.remove(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG);
        return settings;
    }

    private Map<String, Object> client(String role) {
        Map<String, Object> settings = new HashMap<>();
        all.forEach((name, value) -> {
            if (name.equals("bootstrap.servers")
                    || name.equals("security.protocol")
                    || name.equals("client.dns.lookup")
                    || name.startsWith("sasl.")
                    || name.startsWith("ssl.")) {
                settings.put(name, value);
            }
        });
        settings.put("client.id", clientId + "-" + role);
        settings.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        settings.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        return settings;
    }
}
