package io.quarry.scheduler;

import static org.awaitility.Awaitility.await;

import io.quarry.avro.Cause;
import io.quarry.avro.CustomPayload;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.JobState;
import io.quarry.avro.Outcome;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.Source;
import io.quarry.scheduler.trigger.LedgerAudit;
import io.quarry.schemas.Topics;
import io.quarry.schemas.provision.ProvisionSettings;
import io.quarry.schemas.provision.TopicProvisioner;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** The topics of one prefix, provisioned, with all that a test needs to write and to read them. Schedulers are the test's. */
final class TestInstallation implements AutoCloseable {
    private static final Duration SOON = Duration.ofSeconds(30);

    final Topics topics;
    final Admin admin;
    final KafkaProducer<byte[], byte[]> producer;
    private final Map<String, String> settings;
    private final WireSerdes serdes;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final List<ConsumerRecord<byte[], byte[]>> seen = new ArrayList<>();

    TestInstallation(TestBroker broker, TestRegistry registry, String prefix, Map<String, String> more) {
        topics = new Topics(prefix);
        settings = new HashMap<>(Map.of(
                "bootstrap.servers", broker.bootstrapServers(),
                "schema.registry.url", registry.url(),
                "topic.prefix", prefix,
                "replication.factor", "1",
                "tick.interval.ms", "100",
                "job.events.partitions", "2",
                "scheduler.passed.interval.ms", "200",
                "scheduler.progress.interval.ms", "0"));
        settings.putAll(more);
        serdes = WireSerdes.of(settings);
        Map<String, Object> kafka = Map.of("bootstrap.servers", broker.bootstrapServers());
        admin = Admin.create(kafka);
        producer = new KafkaProducer<>(kafka, new ByteArraySerializer(), new ByteArraySerializer());
        group("default");
        Map<String, Object> reading = new HashMap<>(kafka);
        reading.put("isolation.level", "read_committed");
        reading.put("auto.offset.reset", "earliest");
        reading.put("metadata.max.age.ms", "1000");
        consumer = new KafkaConsumer<>(reading, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        read(
                topics.states(),
                topics.events(),
                topics.commands(),
                topics.retries("default"),
                topics.dead(),
                topics.invalid());
    }

    /** Settings of a scheduler with more of them, given as name, value, name, value. */
    Map<String, String> settings(String... more) {
        Map<String, String> all = new HashMap<>(settings);
        for (int i = 0; i < more.length; i += 2) {
            all.put(more[i], more[i + 1]);
        }
        return Map.copyOf(all);
    }

    /** Makes a group of two attempts. */
    void group(String name) {
        TopicProvisioner.of(admin, topics, ProvisionSettings.of(settings))
                .provisionGroup(ResourceGroup.newBuilder()
                        .setName(name)
                        .setWorker(new Resources(1000L, 1L << 30, 1L << 30))
                        .setMaxAttempts(2)
                        .setBackoffMs(50)
                        .build());
    }

    /** Reads these topics as well, from their beginning. */
    void read(String... more) {
        List<TopicPartition> partitions = new ArrayList<>(consumer.assignment());
        for (String topic : more) {
            consumer.partitionsFor(topic).forEach(p -> partitions.add(new TopicPartition(topic, p.partition())));
        }
        consumer.assign(partitions);
    }

    // ---- sending

    static Job job() {
        return Job.newBuilder()
                .setId(UUID.randomUUID().toString())
                .setKind("nothing")
                .setCustom(new CustomPayload("text/plain", ByteBuffer.wrap(new byte[] {1})))
                .build();
    }

    Source submit(Job job) {
        String topic = topics.jobs(job.getResourceGroup());
        return new Source(topic, send(topic, job.getId(), job));
    }

    void event(JobEvent event) {
        send(topics.events(), event.getJobId(), event);
    }

    private static JobEvent.Builder begin(JobEventType type, Job job, String claim) {
        return JobEvent.newBuilder()
                .setType(type)
                .setJobId(job.getId())
                .setAt(Instant.EPOCH)
                .setWorker("worker-1")
                .setClaim(claim);
    }

    static JobEvent claimed(Job job, int attempt, String claim, @Nullable Source source) {
        return begin(JobEventType.CLAIMED, job, claim)
                .setAttempt(attempt)
                .setSource(source)
                .setStarted(true)
                .setJob(job)
                .build();
    }

    static JobEvent heartbeat(Job job, String claim) {
        return begin(JobEventType.HEARTBEAT, job, claim).setStarted(true).build();
    }

    static JobEvent finished(Job job, String claim, Outcome outcome, @Nullable Cause cause) {
        return begin(JobEventType.FINISHED, job, claim)
                .setOutcome(outcome)
                .setCause(cause)
                .build();
    }

    <T extends SpecificRecord> long send(String topic, String key, T value) {
        return sendBytes(topic, key, write(topic, value));
    }

    <T extends SpecificRecord> byte[] write(String topic, T value) {
        @SuppressWarnings("unchecked") // the class of a T
        Class<T> type = (Class<T>) value.getClass();
        return serdes.serializer(type).serialize(topic, value);
    }

    long sendBytes(String topic, String key, byte[] value) {
        try {
            return producer.send(new ProducerRecord<>(topic, key.getBytes(StandardCharsets.UTF_8), value))
                    .get()
                    .offset();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    // ---- reading

    JobState awaitRow(Job job, Predicate<JobState> wanted) {
        return awaitRecord(topics.states(), job.getId(), JobState.class, wanted);
    }

    <T extends SpecificRecord> T awaitRecord(String topic, String key, Class<T> type, Predicate<T> wanted) {
        ConsumerRecord<byte[], byte[]> record =
                awaitRaw(topic, r -> key.equals(text(r.key())) && r.value() != null && wanted.test(read(r, type)));
        return read(record, type);
    }

    ConsumerRecord<byte[], byte[]> awaitRaw(String topic, Predicate<ConsumerRecord<byte[], byte[]>> wanted) {
        return await().atMost(SOON)
                .pollInterval(Duration.ofMillis(1))
                .pollInSameThread()
                .until(
                        () -> {
                            poll(Duration.ofMillis(20));
                            return seen.stream()
                                    .filter(r -> r.topic().equals(topic) && wanted.test(r))
                                    .findFirst()
                                    .orElse(null);
                        },
                        record -> record != null);
    }

    /** Records that came since the last look; all of them are kept for {@link #seen} as well. */
    List<ConsumerRecord<byte[], byte[]>> poll(Duration atMost) {
        List<ConsumerRecord<byte[], byte[]>> fresh = new ArrayList<>();
        consumer.poll(atMost).forEach(fresh::add);
        seen.addAll(fresh);
        return fresh;
    }

    /** Committed records of a topic and key so far, in their order. */
    <T extends SpecificRecord> List<T> seen(String topic, String key, Class<T> type) {
        return seen.stream()
                .filter(r -> r.topic().equals(topic) && key.equals(text(r.key())) && r.value() != null)
                .map(r -> read(r, type))
                .toList();
    }

    <T extends SpecificRecord> T read(ConsumerRecord<byte[], byte[]> record, Class<T> type) {
        return serdes.deserializer(type).deserialize(record.topic(), record.value());
    }

    /** A recount of the whole ledger. */
    LedgerAudit.Report audit() {
        return new LedgerAudit(
                        topics, Map.of("bootstrap.servers", settings.getOrDefault("bootstrap.servers", "")), serdes)
                .run(Instant.EPOCH, Instant.now(), Duration.ofMinutes(1));
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        producer.close();
        consumer.close();
        admin.close();
    }
}
