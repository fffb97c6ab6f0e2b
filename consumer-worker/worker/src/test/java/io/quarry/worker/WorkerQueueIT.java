package io.quarry.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.quarry.avro.CommandType;
import io.quarry.avro.CustomPayload;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.Outcome;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.admin.SharePartitionOffsetInfo;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a worker takes from its queue and what it leaves there, with the topics as they are in production. */
class WorkerQueueIT {
    /** More of them by a property: the README says how. */
    private static final int DRAINS = Integer.getInteger("drains", 6);

    @TempDir
    private static Path shared;

    private static TestCluster cluster;

    private final List<WorkerProcess> workers = new ArrayList<>();

    @BeforeAll
    static void startCluster() throws Exception {
        cluster = TestCluster.start(
                shared.resolve("broker"), "acks", "aborted", "large", "drained", "held", "foreign", "both");
    }

    @AfterAll
    static void stopCluster() {
        cluster.close();
    }

    @AfterEach
    void endWorkers() {
        ScriptedHandler.BEGAN.forEach(ScriptedHandler::open);
        workers.forEach(WorkerProcess::close);
        ScriptedHandler.reset();
    }

    @Test
    void acknowledgementsArriveAtTheBroker() {
        for (int i = 0; i < 5; i++) {
            cluster.submit("acks", Jobs.scripted("k" + i, "ok"));
        }
        start("w1", "acks");
        JobEvent unused = cluster.await1(JobEventType.FINISHED, "k4");

        // The broker writes the offset down with the acknowledgement that comes after it.
        await().atMost(TestCluster.SOON).until(() -> startOffset("acks") >= 4);
    }

    @Test
    void anAbortedTriggerNeverRuns() {
        String topic = cluster.topics.jobs("aborted");
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(Map.of(
                "bootstrap.servers",
                bootstrap(),
                "transactional.id",
                "schedules",
                "key.serializer",
                ByteArraySerializer.class,
                "value.serializer",
                ByteArraySerializer.class))) {
            producer.initTransactions();
            producer.beginTransaction();
            send(producer, topic, "aborted-1");
            send(producer, topic, "aborted-2");
            producer.flush();
            producer.abortTransaction();
            producer.beginTransaction();
            send(producer, topic, "committed");
            producer.commitTransaction();
        }
        cluster.submit("aborted", Jobs.scripted("after", "ok"));
        start("w1", "aborted");

        JobEvent unused = cluster.await1(JobEventType.FINISHED, "after");

        assertThat(ScriptedHandler.BEGAN).containsExactly("committed", "after");
    }

    /** It dies between taking the record and the claim: nobody knows of it but the broker. */
    @Test
    void aKillBeforeTheClaimCostsNeitherTheJobNorItsTurn() throws Exception {
        cluster.submit("held", Jobs.scripted("first", "ok"));
        cluster.submit("held", Jobs.scripted("second", "ok"));
        try (ChildWorker holder = ChildWorker.start(
                shared.resolve("held"),
                HolderMain.class,
                bootstrap(),
                cluster.topics.shareGroup("held"),
                cluster.topics.jobs("held"))) {
            holder.awaitReady();
            assertThat(holder.output()).containsExactly("HOLDS 0");
            holder.kill();
            assertThat(holder.exitCode()).isEqualTo(137);
        }
        start("w1", "held");

        JobEvent unused = cluster.await1(JobEventType.FINISHED, "second");

        assertThat(ScriptedHandler.BEGAN).containsExactly("first", "second");
        assertThat(cluster.await1(JobEventType.CLAIMED, "first").getAttempt()).isEqualTo(1);
    }

    /** Kafka's assignor gives the partitions of one share group to some of its members each. */
    @Test
    void everyIdleWorkerServesTheJobsAndTheRetries() {
        start("w1", "both");
        start("w2", "both");
        await().ignoreExceptions()
                .atMost(TestCluster.SOON)
                .until(() -> serving(cluster.topics.shareGroup("both")) == 2
                        && serving(cluster.topics.retriesShareGroup("both")) == 2);
        for (int i = 0; i < 60; i++) {
            cluster.submit("both", Jobs.scripted("b" + i, "ok"));
            cluster.retry(
                    "both",
                    Job.newBuilder(Jobs.scripted("r" + i, "ok")).setAttempt(2).build());
        }

        await().atMost(TestCluster.SOON).until(() -> ScriptedHandler.BEGAN.size() == 120);

        for (String some : List.of("b", "r")) {
            assertThat(cluster.events())
                    .filteredOn(event -> event.getType() == JobEventType.CLAIMED
                            && event.getJobId().matches(some + "\\d+"))
                    .extracting(JobEvent::getWorker)
                    .contains("w1", "w2");
        }
    }

    /** It would reject every job that waits, since it could read none. */
    @Test
    void aWorkerWithAnotherClustersRegistryTakesNothing() throws Exception {
        cluster.submit("foreign", Jobs.scripted("waits", "ok"));
        try (TestRegistry others = TestRegistry.start()) {
            Map<String, String> settings = cluster.worker("lost", "foreign", shared);
            settings.put("schema.registry.url", others.url());

            assertThatThrownBy(() -> WorkerProcess.start(settings))
                    .isInstanceOf(SettingException.class)
                    .hasMessageContaining(others.url())
                    .hasMessageContaining("it is another cluster's registry")
                    .hasMessageContaining("Set schema.registry.url to the registry that belongs to this cluster");
        }

        start("w1", "foreign");
        assertThat(cluster.await1(JobEventType.CLAIMED, "waits").getDeliveries())
                .isEqualTo(1);
    }

    @Test
    void aJobOfAlmostOneMebibytePasses() {
        byte[] body = "ok ".concat("x".repeat((1 << 20) - 3)).getBytes(StandardCharsets.UTF_8);
        Job job = Job.newBuilder(Jobs.scripted("large", "ok"))
                .setCustom(new CustomPayload("text/plain", ByteBuffer.wrap(body)))
                .build();
        // A stranger's id of 10 kB before it: skipped, and nothing is written under such a key.
        String tooLong = "x".repeat(10_240);
        cluster.submit("large", Jobs.scripted(tooLong, "ok"));
        cluster.submit("large", job);
        start("w1", "large");

        assertThat(cluster.await1(JobEventType.FINISHED, "large").getOutcome()).isEqualTo(Outcome.SUCCEEDED);
        assertThat(cluster.await1(JobEventType.CLAIMED, "large").getJob()).isEqualTo(job);
        assertThat(cluster.events()).extracting(JobEvent::getJobId).doesNotContain(tooLong);
    }

    /**
     * Submits while a worker is drained, again and again. A record that a drained worker had fetched or held would come to the
     * other one only when its lock is over, after 30 s.
     */
    @Test
    void drainingTakesNothing() {
        start("stays", "drained");
        int jobs = 0;
        for (int round = 0; round < DRAINS; round++) {
            String name = "drained-" + round;
            WorkerProcess drained = start(name, "drained");
            cluster.command(CommandType.DRAIN, null, name);
            while (drained.takesJobs()) {
                cluster.submit("drained", Jobs.scripted("d" + jobs++, "ok"));
            }
            int last = jobs;
            for (int i = 0; i < 5; i++) {
                cluster.submit("drained", Jobs.scripted("d" + jobs++, "ok"));
            }
            int all = jobs;
            await().atMost(Duration.ofSeconds(20)).until(() -> ScriptedHandler.BEGAN.size() == all);
            assertThat(cluster.events())
                    .filteredOn(event -> event.getType() == JobEventType.CLAIMED
                            && name.equals(event.getWorker())
                            && event.getJobId().startsWith("d"))
                    .allSatisfy(event -> assertThat(
                                    Integer.parseInt(event.getJobId().substring(1)))
                            .as("taken after the drain")
                            .isLessThanOrEqualTo(last));
        }
        assertThat(ScriptedHandler.BEGAN).doesNotHaveDuplicates();
    }

    private WorkerProcess start(String name, String group) {
        WorkerProcess worker =
                WorkerProcess.start(cluster.worker(name, group, shared.resolve(group)), () -> {}, code -> {});
        workers.add(worker);
        return worker;
    }

    private static void send(KafkaProducer<byte[], byte[]> producer, String topic, String id) {
        var unused = producer.send(new ProducerRecord<>(
                topic, id.getBytes(StandardCharsets.UTF_8), cluster.bytes(topic, Jobs.scripted(id, "ok"))));
    }

    private static String bootstrap() {
        return cluster.bootstrap();
    }

    /** Members of a share group that have a partition. */
    private static long serving(String shareGroup) throws Exception {
        try (Admin admin = cluster.admin()) {
            return admin.describeShareGroups(List.of(shareGroup)).all().get().values().stream()
                    .flatMap(group -> group.members().stream())
                    .filter(member -> !member.assignment().topicPartitions().isEmpty())
                    .count();
        }
    }

    private static long startOffset(String group) {
        TopicPartition partition = new TopicPartition(cluster.topics.jobs(group), 0);
        String shareGroup = cluster.topics.shareGroup(group);
        try (Admin admin = cluster.admin()) {
            SharePartitionOffsetInfo info = admin.listShareGroupOffsets(
                            Map.of(shareGroup, new ListShareGroupOffsetsSpec().topicPartitions(List.of(partition))))
                    .partitionsToOffsetInfo(shareGroup)
                    .get()
                    .get(partition);
            return info == null ? 0 : info.startOffset();
        } catch (Exception e) {
            return 0;
        }
    }
}
