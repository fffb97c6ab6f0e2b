package io.quarry.local.chaos;

import io.quarry.avro.JobEvent;
import io.quarry.avro.JobState;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Follows events and rows by a door that no fault is at, in a thread of its own. */
final class Observer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Observer.class);
    private static final Duration POLL = Duration.ofMillis(50);

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Deserializer<JobEvent> events;
    private final Deserializer<JobState> states;
    private final Topics topics;
    private final Sightings sightings = new Sightings();
    private final Thread thread = new Thread(this::read, "chaos-observer");
    private volatile boolean closed;

    Observer(Map<String, String> settings, Topics topics, int partitions) {
        this.topics = topics;
        WireSerdes serdes = WireSerdes.of(settings);
        this.events = serdes.deserializer(JobEvent.class);
        this.states = serdes.serde(JobState.class).deserializer();
        Map<String, Object> kafka = new HashMap<>();
        kafka.put("bootstrap.servers", settings.getOrDefault("bootstrap.servers", ""));
        kafka.put("isolation.level", "read_committed");
        kafka.put("enable.auto.commit", false);
        kafka.put("auto.offset.reset", "earliest");
        kafka.put("fetch.max.wait.ms", 100);
        this.consumer = new KafkaConsumer<>(kafka, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        List<TopicPartition> assigned = new ArrayList<>();
        for (int i = 0; i < partitions; i++) {
            assigned.add(new TopicPartition(topics.events(), i));
            assigned.add(new TopicPartition(topics.states(), i));
        }
        consumer.assign(assigned);
        thread.setDaemon(true);
        thread.start();
    }

    private void read() {
        while (!closed) {
            try {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    if (!record.topic().equals(topics.states())) {
                        sightings.event(events.deserialize(record.topic(), record.value()));
                    } else if (record.key() != null && record.value() != null) {
                        sightings.row(
                                new String(record.key(), StandardCharsets.UTF_8),
                                states.deserialize(record.topic(), record.value()));
                    }
                }
            } catch (KafkaException e) {
                LOG.debug("The observer tries again", e);
            }
        }
        consumer.close();
    }

    /** What it has seen so far. */
    Sightings sightings() {
        return sightings;
    }

    @Override
    public void close() {
        closed = true;
        try {
            thread.join(5_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
