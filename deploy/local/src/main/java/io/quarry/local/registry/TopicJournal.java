package io.quarry.local.registry;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** The registry's log: one compacted topic of one partition. It has one writer, the registry that replayed it. */
final class TopicJournal implements Journal, AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final String topic;
    private final Map<String, Object> clientSettings;
    private final Producer<String, String> producer;

    TopicJournal(String topic, Map<String, Object> clientSettings) {
        this.topic = topic;
        this.clientSettings = Map.copyOf(clientSettings);
        Map<String, Object> settings = new HashMap<>(clientSettings);
        settings.put("client.id", "quarry-registry");
        settings.put("acks", "all");
        settings.put("linger.ms", "0");
        settings.put("max.block.ms", Long.toString(LIMIT.toMillis()));
        settings.put("delivery.timeout.ms", Long.toString(LIMIT.toMillis()));
        settings.put("request.timeout.ms", "5000");
        settings.put("buffer.memory", "16777216");
        settings.put("max.request.size", "8388608");
        this.producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
    }

    /** Makes the topic when it is absent and folds all that it holds. */
    Catalogue replay(int replicationFactor) {
        createTopic(replicationFactor);
        Catalogue catalogue = new Catalogue();
        Map<String, Object> settings = new HashMap<>(clientSettings);
        settings.put("client.id", "quarry-registry-replay");
        settings.put("isolation.level", "read_committed");
        TopicPartition partition = new TopicPartition(topic, 0);
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition), LIMIT).getOrDefault(partition, 0L);
            while (consumer.position(partition, LIMIT) < end) {
                for (ConsumerRecord<String, String> r : consumer.poll(Duration.ofMillis(200))) {
                    EntryJson.read(r.key(), r.value()).ifPresent(catalogue::apply);
                }
            }
        }
        return catalogue;
    }

    private void createTopic(int replicationFactor) {
        NewTopic wanted = new NewTopic(topic, 1, (short) replicationFactor)
                .configs(Map.of(
                        "cleanup.policy", "compact",
                        "max.message.bytes", "8388608",
                        "segment.bytes", "16777216"));
        try (Admin admin = Admin.create(clientSettings)) {
            admin.createTopics(List.of(wanted)).all().get(LIMIT.toSeconds() * 3, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof TopicExistsException)) {
                throw new IllegalStateException("The registry's topic " + topic + " could not be created", e);
            }
        } catch (TimeoutException e) {
            throw new IllegalStateException("The broker did not answer the registry in time", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while creating the topic " + topic, e);
        }
    }

    @Override
    public void append(Entry entry) {
        EntryJson.Row row = EntryJson.write(entry);
        try {
            producer.send(new ProducerRecord<>(topic, 0, row.key(), row.value()))
                    .get(LIMIT.toSeconds() * 2, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw Refusal.unavailable("The registry's topic " + topic + " takes no writes: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Refusal.unavailable("The registry is stopping");
        }
    }

    @Override
    public void close() {
        producer.close(Duration.ofSeconds(2));
    }
}
