package io.quarry.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.Command;
import io.quarry.avro.CommandType;
import io.quarry.avro.CustomPayload;
import io.quarry.avro.DeadJob;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.JobState;
import io.quarry.avro.Outcome;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.Source;
import io.quarry.avro.State;
import io.quarry.schemas.Topics;
import io.quarry.schemas.provision.ProvisionSettings;
import io.quarry.schemas.provision.TopicProvisioner;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole scheduler on a real broker. */
class SchedulerIT {
    private static final Topics TOPICS = Topics.withDefaultPrefix();
    private static final Duration SOON = Duration.ofSeconds(20);

    @TempDir
    static Path directory;

    private static TestRegistry registry;
    private static TestBroker broker;
    private static SchedulerProcess scheduler;
    private static KafkaProducer<byte[], byte[]> producer;
    private static KafkaConsumer<byte[], byte[]> consumer;
    private static WireSerdes serdes;
    private static final List<ConsumerRecord<byte[], byte[]>> SEEN = Collections.synchronizedList(new ArrayList<>());

    @BeforeAll
    static void start() throws Exception {
        registry = new TestRegistry();
        broker = new TestBroker(directory.resolve("broker"));
        Map<String, Object> kafka = new HashMap<>(Map.of("bootstrap.servers", broker.bootstrapServers()));
        Map<String, String> settings = Map.of(
                "bootstrap.servers",
                broker.bootstrapServers(),
                "schema.registry.url",
                registry.url(),
                "replication.factor",
                "1",
                "tick.interval.ms",
                "100",
                "job.events.partitions",
                "2",
                "scheduler.progress.interval.ms",
                "0",
                "scheduler.state.dir",
                directory.resolve("state").toString());
        serdes = WireSerdes.of(settings);
        producer = new KafkaProducer<>(kafka, new ByteArraySerializer(), new ByteArraySerializer());
        ResourceGroup group = ResourceGroup.newBuilder()
                .setName("default")
                .setWorker(new Resources(1000L, 1L << 30, 1L << 30))
                .setMaxAttempts(2)
                .setBackoffMs(50)
                .build();
        try (Admin admin = Admin.create(kafka)) {
            TopicProvisioner.of(admin, TOPICS, ProvisionSettings.of(settings)).provisionGroup(group);
        }
        Map<String, Object> reading = new HashMap<>(kafka);
        reading.put("isolation.level", "read_committed");
        reading.put("auto.offset.reset", "earliest");
        consumer = new KafkaConsumer<>(reading, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        List<TopicPartition> partitions = new ArrayList<>();
        for (String topic : List.of(
                TOPICS.states(), TOPICS.commands(), TOPICS.retries("default"), TOPICS.dead(), TOPICS.invalid())) {
            consumer.partitionsFor(topic).forEach(p -> partitions.add(new TopicPartition(topic, p.partition())));
        }
        consumer.assign(partitions);
        long begin = System.nanoTime();
        scheduler = SchedulerProcess.start(settings);
        scheduler.awaitReady(Duration.ofSeconds(40));
        System.out.println("scheduler ready after ms " + (System.nanoTime() - begin) / 1_000_000);
    }

    @AfterAll
    static void stop() {
        scheduler.close();
        producer.close();
        consumer.close();
        broker.close();
        registry.close();
    }

    @AfterEach
    void registryUp() {
        registry.down(false);
    }

    @Test
    void aJobRunsToSucceeded() {
        Job job = job();
        Source source = submit(job);
        long begin = System.nanoTime();
        awaitRow(job, row -> row.getState() == State.QUEUED);
        long queued = System.nanoTime();
        event(claimed(job, 1, "claim-" + job.getId(), source));
        JobState running = awaitRow(job, row -> row.getState() == State.RUNNING);
        System.out.println("submit to QUEUED row us " + (queued - begin) / 1000 + ", claim to RUNNING row us "
                + (System.nanoTime() - queued) / 1000);
        assertThat(running.getOwner().getClaim()).isEqualTo("claim-" + job.getId());
        Command grant = awaitRecord(TOPICS.commands(), "claim-" + job.getId(), Command.class, c -> true);
        assertThat(grant.getType()).isEqualTo(CommandType.GRANT);
        event(finished(job, "claim-" + job.getId(), Outcome.SUCCEEDED, null));
        JobState done = awaitRow(job, row -> row.getState() == State.SUCCEEDED);
        assertThat(done.getOwner().getClaim()).isEqualTo("claim-" + job.getId());
        assertThat(done.getDuplicates()).isZero();
    }

    @Test
    void aRetriableFailureComesBackOnTheRetryTopicAndTheLastOneIsDead() {
        Job job = job();
        Source source = submit(job);
        event(claimed(job, 1, "a-" + job.getId(), source));
        Cause cause = new Cause(CauseType.TRANSIENT_FAILURE, "it broke", Map.of());
        event(finished(job, "a-" + job.getId(), Outcome.RETRIABLE, cause));
        Job retry = awaitRecord(TOPICS.retries("default"), job.getId(), Job.class, j -> true);
        assertThat(retry.getAttempt()).isEqualTo(2);
        JobState waiting = awaitRow(job, row -> row.getSource() != null && row.getAttempt() == 2);
        assertThat(waiting.getState()).isEqualTo(State.RETRYING);
        event(claimed(job, 2, "b-" + job.getId(), waiting.getSource()));
        event(finished(job, "b-" + job.getId(), Outcome.RETRIABLE, cause));
        DeadJob dead = awaitRecord(TOPICS.dead(), job.getId(), DeadJob.class, d -> true);
        assertThat(dead.getState()).isEqualTo(State.FAILED);
        assertThat(dead.getAttempts()).isEqualTo(2);
        assertThat(dead.getCause().getMessage()).isEqualTo("it broke");
    }

    @Test
    void poisonIsKeptWithItsReasonAndTheNextJobGoesOn() {
        sendBytes(TOPICS.jobs("default"), "poison", new byte[] {1, 2, 3, 4, 5, 6});
        Job next = job();
        submit(next);
        ConsumerRecord<byte[], byte[]> invalid =
                awaitRaw(TOPICS.invalid(), record -> "poison".equals(text(record.key())));
        assertThat(text(invalid.headers().lastHeader("quarry.reason").value())).isEqualTo("BAD_MAGIC");
        assertThat(text(invalid.headers().lastHeader("quarry.topic").value())).isEqualTo(TOPICS.jobs("default"));
        assertThat(invalid.value()).containsExactly(1, 2, 3, 4, 5, 6);
        awaitRow(next, row -> row.getState() == State.QUEUED);
    }

    @Test
    void aJobThatBreaksARuleIsFailedWhereItsSubmitterLooks() {
        Job bad = Job.newBuilder(job()).setMaxAttempts(0).build();
        submit(bad);
        JobState row = awaitRow(bad, r -> r.getState() == State.FAILED);
        assertThat(row.getCause().getMessage()).contains("max_attempts");
        awaitRaw(TOPICS.invalid(), record -> bad.getId().equals(text(record.key())));
    }

    @Test
    void aSilentWorkerLosesItsJobAfterALeaseOfTicks() {
        Job job = job();
        Source source = submit(job);
        event(claimed(job, 1, "silent-" + job.getId(), source));
        event(heartbeat(job, "silent-" + job.getId()));
        JobState lost = awaitRow(job, row -> row.getState() == State.RETRYING);
        assertThat(lost.getLostOwner().getClaim()).isEqualTo("silent-" + job.getId());
        assertThat(lost.getCharged()).isEqualTo(2);
    }

    // ---- sending

    private static Job job() {
        return Job.newBuilder()
                .setId(UUID.randomUUID().toString())
                .setKind("nothing")
                .setCustom(new CustomPayload("text/plain", ByteBuffer.wrap(new byte[] {1})))
                .build();
    }

    private static Source submit(Job job) {
        long offset = send(TOPICS.jobs("default"), job.getId(), job);
        return new Source(TOPICS.jobs("default"), offset);
    }

    private static void event(JobEvent event) {
        send(TOPICS.events(), event.getJobId(), event);
    }

    private static JobEvent.Builder begin(JobEventType type, Job job, String claim) {
        return JobEvent.newBuilder()
                .setType(type)
                .setJobId(job.getId())
                .setAt(Instant.EPOCH)
                .setWorker("worker-1")
                .setClaim(claim);
    }

    private static JobEvent claimed(Job job, int attempt, String claim, Source source) {
        return begin(JobEventType.CLAIMED, job, claim)
                .setAttempt(attempt)
                .setSource(source)
                .setStarted(true)
                .setJob(job)
                .build();
    }

    private static JobEvent heartbeat(Job job, String claim) {
        return begin(JobEventType.HEARTBEAT, job, claim).setStarted(true).build();
    }

    private static JobEvent finished(Job job, String claim, Outcome outcome, @Nullable Cause cause) {
        return begin(JobEventType.FINISHED, job, claim)
                .setOutcome(outcome)
                .setCause(cause)
                .build();
    }

    private static <T extends SpecificRecord> long send(String topic, String key, T value) {
        @SuppressWarnings("unchecked") // the class of a T
        Class<T> type = (Class<T>) value.getClass();
        return sendBytes(topic, key, serdes.serializer(type).serialize(topic, value));
    }

    private static long sendBytes(String topic, String key, byte[] value) {
        try {
            return producer.send(new ProducerRecord<>(topic, key.getBytes(StandardCharsets.UTF_8), value))
                    .get()
                    .offset();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    // ---- reading

    private static JobState awaitRow(Job job, Predicate<JobState> wanted) {
        return awaitRecord(TOPICS.states(), job.getId(), JobState.class, wanted);
    }

    private static <T extends SpecificRecord> T awaitRecord(
            String topic, String key, Class<T> type, Predicate<T> wanted) {
        ConsumerRecord<byte[], byte[]> record = awaitRaw(
                topic,
                r -> key.equals(text(r.key()))
                        && r.value() != null
                        && wanted.test(serdes.deserializer(type).deserialize(topic, r.value())));
        return serdes.deserializer(type).deserialize(topic, record.value());
    }

    private static ConsumerRecord<byte[], byte[]> awaitRaw(
            String topic, Predicate<ConsumerRecord<byte[], byte[]>> wanted) {
        return await().atMost(SOON)
                .pollInterval(Duration.ofMillis(1))
                .pollInSameThread()
                .until(
                        () -> {
                            consumer.poll(Duration.ofMillis(20)).forEach(SEEN::add);
                            return SEEN.stream()
                                    .filter(r -> r.topic().equals(topic) && wanted.test(r))
                                    .findFirst()
                                    .orElse(null);
                        },
                        record -> record != null);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
