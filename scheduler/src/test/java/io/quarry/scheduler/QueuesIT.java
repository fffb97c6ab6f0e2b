package io.quarry.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.quarry.avro.CustomPayload;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.JobState;
import io.quarry.avro.Source;
import io.quarry.avro.State;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can happen to a record between a producer and a worker, on a real broker; a group for each test. */
class QueuesIT {
    @TempDir
    static Path directory;

    private static TestRegistry registry;
    private static TestBroker broker;
    private static TestInstallation quarry;
    private static SchedulerProcess scheduler;

    @BeforeAll
    static void start() throws Exception {
        registry = new TestRegistry();
        broker = new TestBroker(directory.resolve("broker"));
        quarry = new TestInstallation(broker, registry, "q.", Map.of());
        scheduler = SchedulerProcess.start(quarry.settings(
                "scheduler.state.dir", directory.resolve("state").toString()));
        scheduler.awaitReady(Duration.ofSeconds(40));
    }

    @AfterAll
    static void stop() {
        scheduler.close();
        quarry.close();
        broker.close();
        registry.close();
    }

    @Test
    void aNewGroupIsSeenInTenSeconds() {
        quarry.group("new");
        Job job = job("new");
        quarry.submit(job);
        await().atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(1))
                .pollInSameThread()
                .until(() -> {
                    quarry.poll(Duration.ofMillis(50));
                    return !quarry.seen(quarry.topics.states(), job.getId(), JobState.class)
                            .isEmpty();
                });
    }

    @Test
    void aProducerFromThePast() throws Exception {
        quarry.group("past");
        String topic = quarry.topics.jobs("past");
        quarry.read(topic);
        Job job = job("past");
        long aYearAgo = Instant.now().minus(Duration.ofDays(365)).toEpochMilli();
        quarry.producer
                .send(new ProducerRecord<>(
                        topic, 0, aYearAgo, job.getId().getBytes(StandardCharsets.UTF_8), quarry.write(topic, job)))
                .get();
        // Retention goes by the record's time, which is the broker's.
        ConsumerRecord<byte[], byte[]> record = quarry.awaitRaw(topic, r -> true);
        assertThat(record.timestampType()).isEqualTo(TimestampType.LOG_APPEND_TIME);
        assertThat(record.timestamp())
                .isGreaterThan(aYearAgo + Duration.ofDays(300).toMillis());
        JobState row = quarry.awaitRow(job, r -> r.getState() == State.QUEUED);
        assertThat(row.getSubmittedAt()).isAfterOrEqualTo(Instant.ofEpochMilli(record.timestamp()));
    }

    @Test
    void retentionPassesAQueuedJob() throws Exception {
        quarry.group("kept");
        quarry.read(quarry.topics.retries("kept"));
        Job job = job("kept");
        Source source = quarry.submit(job);
        quarry.awaitRow(job, row -> row.getState() == State.QUEUED);
        // No worker was ever there, so that there is no share group either that could know.
        quarry.admin
                .deleteRecords(Map.of(
                        new TopicPartition(source.getTopic(), 0), RecordsToDelete.beforeOffset(source.getOffset() + 1)))
                .all()
                .get();
        Job again = quarry.awaitRecord(quarry.topics.retries("kept"), job.getId(), Job.class, j -> true);
        assertThat(again.getAttempt()).isEqualTo(1);
        JobState row = quarry.awaitRow(
                job, r -> r.getSource() != null && r.getSource().getTopic().equals(quarry.topics.retries("kept")));
        assertThat(row.getRequeues()).isEqualTo(1);
        assertThat(row.getState()).isEqualTo(State.QUEUED);
    }

    @Test
    void aQueueThatWasDeletedByHandIsMadeAgainAndKeepsItsJobs() throws Exception {
        quarry.group("gone");
        String topic = quarry.topics.jobs("gone");
        String retries = quarry.topics.retries("gone");
        quarry.read(retries);
        Job job = job("gone");
        quarry.submit(job);
        quarry.awaitRow(job, row -> row.getState() == State.QUEUED);

        quarry.admin.deleteTopics(List.of(topic)).all().get();

        Job again = quarry.awaitRecord(retries, job.getId(), Job.class, j -> true);
        assertThat(again.getAttempt()).isEqualTo(1);
        assertThat(quarry.admin.listTopics().names().get()).contains(topic);
        // The new topic is read from its beginning: what is submitted now is seen.
        Job next = job("gone");
        quarry.submit(next);
        quarry.awaitRow(next, row -> row.getState() == State.QUEUED);
    }

    @Test
    void aQueueThatWasMadeAnewIsReadFromItsFirstRecordWhereverTheOldOneWasReadTo() throws Exception {
        String state = directory.resolve("stale").toString();
        try (TestInstallation stale = new TestInstallation(broker, registry, "stale.", Map.of())) {
            stale.group("gone");
            String topic = stale.topics.jobs("gone");
            Job old = job("gone");
            try (SchedulerProcess first = SchedulerProcess.start(stale.settings("scheduler.state.dir", state))) {
                first.awaitReady(Duration.ofSeconds(40));
                String changelog = "stale.intake-intake-changelog";
                stale.read(changelog);
                stale.submit(old);
                stale.awaitRow(old, row -> row.getState() == State.QUEUED);
                stale.awaitRaw(changelog, r -> TestInstallation.text(r.key()).equals("I" + topic));
            }
            stale.admin.deleteTopics(List.of(topic)).all().get();
            await().until(() -> !stale.admin.listTopics().names().get().contains(topic));
            stale.group("gone");
            Job one = job("gone");
            Job two = job("gone");
            stale.submit(one);
            stale.submit(two);
            // What a commit on its way leaves behind: a position of the old topic, and one of the new one as well.
            stale.admin
                    .alterConsumerGroupOffsets(
                            "stale.intake", Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(1)))
                    .all()
                    .get();

            try (SchedulerProcess second = SchedulerProcess.start(stale.settings("scheduler.state.dir", state))) {
                second.awaitReady(Duration.ofSeconds(40));
                stale.awaitRow(one, row -> row.getState() == State.QUEUED);
                stale.awaitRow(two, row -> row.getState() == State.QUEUED);
                Job next = job("gone");
                stale.submit(next);
                stale.awaitRow(next, row -> row.getState() == State.QUEUED);
                for (Job job : List.of(one, two, next)) {
                    // Read twice is submitted once.
                    assertThat(stale.seen(stale.topics.states(), job.getId(), JobState.class))
                            .allSatisfy(row -> assertThat(row.getDuplicates()).isZero());
                }
            }
        }
    }

    @Test
    void anArchivedRecordIsRequeuedOnce() throws Exception {
        quarry.group("archived");
        String group = quarry.topics.shareGroup("archived");
        quarry.admin
                .incrementalAlterConfigs(Map.of(
                        new ConfigResource(ConfigResource.Type.GROUP, group),
                        List.of(new AlterConfigOp(
                                new ConfigEntry("share.delivery.count.limit", "2"), AlterConfigOp.OpType.SET))))
                .all()
                .get();
        String retries = quarry.topics.retries("archived");
        quarry.read(retries);
        Job job = job("archived");
        Source source = quarry.submit(job);
        try (KafkaShareConsumer<byte[], byte[]> worker = worker(group)) {
            worker.subscribe(List.of(source.getTopic()));
            int[] released = {0};
            await().atMost(Duration.ofSeconds(30))
                    .pollInterval(Duration.ofMillis(1))
                    .pollInSameThread()
                    .until(() -> {
                        worker.poll(Duration.ofMillis(500)).forEach(r -> {
                            worker.acknowledge(r, AcknowledgeType.RELEASE);
                            released[0]++;
                        });
                        worker.commitSync();
                        return released[0] >= 2;
                    });
        }
        quarry.awaitRecord(retries, job.getId(), Job.class, j -> true);
        long passed = passed(source.getTopic());
        await().atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(1))
                .pollInSameThread()
                .until(() -> {
                    quarry.poll(Duration.ofMillis(50));
                    return passed(source.getTopic()) > passed;
                });
        // A job behind the repeated Passed: when it is seen, that was taken in.
        Job next = job("archived");
        quarry.submit(next);
        quarry.awaitRow(next, row -> row.getState() == State.QUEUED);
        assertThat(quarry.seen(retries, job.getId(), Job.class)).hasSize(1);
    }

    @Tag("long")
    @Test
    void anOpenTransactionDelaysAtMost20s() throws Exception {
        quarry.group("held");
        String topic = quarry.topics.jobs("held");
        Map<String, Object> settings = Map.of(
                "bootstrap.servers", broker.bootstrapServers(),
                "transactional.id", "died",
                "transaction.timeout.ms", "10000");
        KafkaProducer<byte[], byte[]> died =
                new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
        died.initTransactions();
        died.beginTransaction();
        Job never = job("held");
        died.send(new ProducerRecord<>(
                        topic, never.getId().getBytes(StandardCharsets.UTF_8), quarry.write(topic, never)))
                .get();
        try {
            Job job = job("held");
            quarry.submit(job);
            // Ten seconds of the transaction, and ten until the broker looks; two for a busy machine.
            await().atMost(Duration.ofSeconds(22))
                    .pollInterval(Duration.ofMillis(1))
                    .pollInSameThread()
                    .until(() -> {
                        quarry.poll(Duration.ofMillis(50));
                        return !quarry.seen(quarry.topics.states(), job.getId(), JobState.class)
                                .isEmpty();
                    });
            assertThat(quarry.seen(quarry.topics.states(), never.getId(), JobState.class))
                    .isEmpty();
        } finally {
            died.close(Duration.ZERO);
        }
    }

    private static long passed(String topic) {
        return quarry.seen(quarry.topics.events(), "", JobEvent.class).stream()
                .filter(e -> e.getType() == JobEventType.PASSED
                        && e.getSource().getTopic().equals(topic))
                .count();
    }

    private static KafkaShareConsumer<byte[], byte[]> worker(String group) {
        return new KafkaShareConsumer<>(
                Map.of(
                        "bootstrap.servers",
                        broker.bootstrapServers(),
                        "group.id",
                        group,
                        "share.acknowledgement.mode",
                        "explicit",
                        "max.poll.records",
                        "1"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }

    private static Job job(String group) {
        return Job.newBuilder()
                .setId(UUID.randomUUID().toString())
                .setResourceGroup(group)
                .setKind("nothing")
                .setCustom(new CustomPayload("text/plain", ByteBuffer.wrap(new byte[] {1})))
                .build();
    }
}
