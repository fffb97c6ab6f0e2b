package io.quarry.client;

import io.quarry.schemas.Topics;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The client's settings, read once.
 *
 * @param all everything that was given, for the serdes
 * @param submitTimeout longest that submit, cancel and a look-up wait for brokers
 */
record ClientSettings(Map<String, Object> all, Topics topics, Duration submitTimeout) {
    static final String SUBMIT_TIMEOUT = "submit.timeout.ms";

    /** Most bytes of a job's record: what the rules allow inline, and room for the rest. */
    private static final int LARGEST_REQUEST = 4 << 20;

    ClientSettings {
        all = Map.copyOf(all);
    }

    static ClientSettings of(Map<String, ?> given) {
        Map<String, Object> all = new HashMap<>();
        given.forEach((name, value) -> {
            if (value != null) {
                all.put(name, value);
            }
        });
        String servers = String.valueOf(all.getOrDefault(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, ""));
        if (servers.isBlank()) {
            throw new ConfigException(
                    ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, servers, "must name at least one broker as host:port");
        }
        Duration timeout = timeout(all.getOrDefault(SUBMIT_TIMEOUT, "10000"));
        // A registry that is down is found out within the time that is set for a submit, too.
        all.putIfAbsent("http.connect.timeout.ms", Math.min(5_000, timeout.toMillis()));
        all.putIfAbsent("http.read.timeout.ms", Math.min(10_000, timeout.toMillis()));
        Object prefix = all.getOrDefault("topic.prefix", Topics.DEFAULT_PREFIX);
        return new ClientSettings(all, new Topics(prefix.toString()), timeout);
    }

    String servers() {
        return String.valueOf(all.get(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG));
    }

    Map<String, Object> producer() {
        Map<String, Object> config = known(ProducerConfig.configNames());
        int millis = (int) submitTimeout.toMillis();
        config.putIfAbsent(ProducerConfig.CLIENT_ID_CONFIG, "quarry-client");
        config.putIfAbsent(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, LARGEST_REQUEST);
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        // A batch of its own for each job: a worker that fetches one job is shipped the whole batch.
        config.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        config.put(ProducerConfig.BATCH_SIZE_CONFIG, 0);
        config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, millis);
        config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, millis);
        config.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, Math.max(1, Math.min(5_000, millis)));
        config.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        config.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        return config;
    }

    Map<String, Object> consumer() {
        Map<String, Object> config = known(ConsumerConfig.configNames());
        config.remove(ConsumerConfig.GROUP_ID_CONFIG);
        config.putIfAbsent(ConsumerConfig.CLIENT_ID_CONFIG, "quarry-client");
        config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        config.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        // A look-up waits behind a fetch that waits for news, on the same connection: keep that short.
        config.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 50);
        config.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        config.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        return config;
    }

    /** Kafka's own settings pass through under their own names; what a client does not know it would warn about. */
    private Map<String, Object> known(Set<String> names) {
        Map<String, Object> config = new HashMap<>(all);
        config.keySet().removeIf(name -> !names.contains(name) && !name.startsWith("metrics.context."));
        return config;
    }

    private static Duration timeout(Object value) {
        try {
            int millis = Integer.parseInt(value.toString().trim());
            if (millis >= 1) {
                return Duration.ofMillis(millis);
            }
        } catch (NumberFormatException notANumber) {
            throw new ConfigException(SUBMIT_TIMEOUT, value, "must be a whole number of milliseconds");
        }
        throw new ConfigException(SUBMIT_TIMEOUT, value, "must be at least 1");
    }
}
