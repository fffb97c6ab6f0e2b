package io.quarry.local.bench;

import io.quarry.avro.CatchUpPolicy;
import io.quarry.avro.CustomPayload;
import io.quarry.avro.Job;
import io.quarry.avro.OverlapPolicy;
import io.quarry.avro.Schedule;
import io.quarry.scheduler.streams.RegistryWire;
import io.quarry.schemas.Topics;
import io.quarry.schemas.schedule.TickIds;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Writes schedules and sees what comes of them. One thread. */
final class CronTopics implements AutoCloseable {
    private static final Duration LONGEST = Duration.ofMinutes(30);
    private static final Duration LOOK = Duration.ofMillis(20);

    private final Topics topics;
    private final RegistryWire wire;
    private final Map<String, String> settings;
    private final KafkaProducer<byte[], byte[]> producer;
    private final KafkaConsumer<byte[], byte[]> consumer;

    CronTopics(Map<String, String> settings, Topics topics) {
        this.settings = settings;
        this.topics = topics;
        this.wire = new RegistryWire(WireSerdes.of(settings));
        this.producer = producer(Map.of());
        this.consumer = LogEnd.consumer(
                settings, Map.of("client.id", "bench-" + UUID.randomUUID(), "isolation.level", "read_committed"));
    }

    /** Another producer to the same broker. */
    KafkaProducer<byte[], byte[]> producer(Map<String, String> more) {
        Map<String, Object> client = new HashMap<>(more);
        client.put("bootstrap.servers", settings.getOrDefault("bootstrap.servers", ""));
        client.put("linger.ms", "5");
        return new KafkaProducer<>(client, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** Topic of the jobs that all schedules here make. */
    String jobs() {
        return topics.jobs("default");
    }

    String states() {
        return topics.scheduleStates();
    }

    String ticks() {
        return topics.ticks();
    }

    static Job template() {
        return Job.newBuilder()
                .setId("")
                .setKind("no-op")
                .setCustom(new CustomPayload(
                        "text/plain", ByteBuffer.wrap("{{tick.time}}".getBytes(StandardCharsets.UTF_8))))
                .build();
    }

    static Schedule.Builder schedule(String name) {
        return Schedule.newBuilder()
                .setName(name)
                .setJob(template())
                .setOverlap(OverlapPolicy.ALLOW)
                .setCatchUp(CatchUpPolicy.NONE);
    }

    void define(Schedule.Builder schedule) {
        send(producer, topics.schedules(), schedule.getName(), schedule.build());
    }

    void send(KafkaProducer<byte[], byte[]> to, String topic, String key, SpecificRecord value) {
        var unused =
                to.send(new ProducerRecord<>(topic, key.getBytes(StandardCharsets.UTF_8), wire.write(topic, value)));
    }

    /** Counts from here on what comes to a topic. */
    void watch(String topic) {
        LogEnd.seek(consumer, List.of(topic));
    }

    /** Sends what is still to be sent, and waits until records of so many keys that begin like this have come. */
    void await(int records, String begin, String what) {
        await(records, begin, what, key -> key);
    }

    /** Waits until so many schedules whose names begin like this have made a job. */
    void awaitEach(int schedules, String begin) {
        await(schedules, begin, "schedules", key -> TickIds.scheduleOf(key).orElse(key));
    }

    private void await(int wanted, String begin, String what, UnaryOperator<String> of) {
        producer.flush();
        long end = System.nanoTime() + LONGEST.toNanos();
        Set<String> seen = new HashSet<>();
        while (seen.size() < wanted) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(LOOK)) {
                String key = new String(record.key(), StandardCharsets.UTF_8);
                if (key.startsWith(begin)) {
                    seen.add(of.apply(key));
                }
            }
            if (System.nanoTime() > end) {
                throw new IllegalStateException("of " + wanted + " " + what + " only " + seen.size() + " came");
            }
        }
    }

    /** What has come since the last look. */
    Iterable<ConsumerRecord<byte[], byte[]>> news() {
        producer.flush();
        return consumer.poll(LOOK);
    }

    @Override
    public void close() {
        producer.close();
        consumer.close();
    }
}
