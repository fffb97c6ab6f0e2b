package io.quarry.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.quarry.avro.CauseType;
import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.State;
import io.quarry.avro.Transition;
import io.quarry.client.JobHandle;
import io.quarry.client.QuarryClient;
import io.quarry.schemas.Topics;
import io.quarry.schemas.provision.ProvisionSettings;
import io.quarry.schemas.provision.TopicProvisioner;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jobs larger than their group's worker, on one machine: child processes of the size asked. Leases last for hours here, so whatever goes on does so because a death was seen. */
@Tag("long")
class OversizeIT {
    private static final Duration SOON = Duration.ofMinutes(2);
    private static final Resources WORKER = new Resources(1000L, 512L << 20, 1L << 30);

    @TempDir
    private static Path temporary;

    private static LocalMode local;
    private static QuarryClient client;

    @BeforeAll
    static void start() {
        Map<String, String> given = new TreeMap<>();
        given.put("worker.heap.bytes", Long.toString(96L << 20));
        given.put("worker.memory.bytes", Long.toString(WORKER.getMemoryBytes()));
        given.put("worker.cpu.millis", "1000");
        given.put("worker.spill.bytes", Long.toString(1L << 30));
        given.put("lease.ticks", "100000");
        given.put("tick.interval.ms", "200");
        local = LocalMode.start(LocalSettings.of(temporary.resolve("data"), given, new Machine(4L << 30, 2)));
        allowOversize(local.bootstrapServers(), local.registryUrl());
        client = client(local.bootstrapServers(), local.registryUrl());
    }

    @AfterAll
    static void stop() {
        client.close();
        local.close();
    }

    @Test
    void aJobLargerThanAWorkerRunsInAProcessOfItsOwn() throws Exception {
        JobState end = end(submit("ok", "1Gi"));

        assertThat(end.getState()).isEqualTo(State.SUCCEEDED);
        assertThat(end.getOversize()).isTrue();
        assertThat(end.getOwner().getWorker()).startsWith("quarry-job-");
        assertThat(end.getHistory())
                .extracting(Transition::getDetail)
                .contains("submitted", "its pod was made", "claimed", "published");
    }

    @Test
    void theDeathOfItsProcessIsSeenAtOnceAndAnotherOneTriesAgain() throws Exception {
        JobState end = end(submit("KILL", "1Gi"));

        assertThat(end.getState()).isEqualTo(State.SUCCEEDED);
        assertThat(end.getAttempt()).isEqualTo(2);
        assertThat(end.getHistory())
                .filteredOn(line -> line.getCause() != null)
                .extracting(
                        line -> line.getCause().getType(),
                        line -> line.getCause().getEvidence().get("signal_name"))
                .containsExactly(org.assertj.core.groups.Tuple.tuple(CauseType.WORKER_KILLED, "SIGKILL"));
    }

    @Test
    void aRecordThatIsTooLargeForItsQueueIsForwardedOnce() throws Exception {
        Job job = client.job()
                .custom(DyingHandler.KIND, "text/plain", bytes("ok"))
                .memory("1Gi")
                .build();
        Topics topics = Topics.withDefaultPrefix();
        String queue = topics.jobs(Topics.DEFAULT_GROUP);
        try (KafkaProducer<byte[], byte[]> foreign = new KafkaProducer<>(
                Map.of("bootstrap.servers", local.bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            byte[] value = WireSerdes.of(Map.of("schema.registry.url", local.registryUrl()))
                    .serializer(Job.class)
                    .serialize(queue, job);
            foreign.send(new ProducerRecord<>(queue, bytes(job.getId()), value)).get();
        }

        JobState end = end(client.handle(job.getId()));

        assertThat(end.getState()).isEqualTo(State.SUCCEEDED);
        assertThat(end.getAttempt()).isEqualTo(2);
        assertThat(end.getCharged()).as("the detour costs no attempt").isEqualTo(1);
        assertThat(end.getOwner().getWorker()).startsWith("quarry-job-");
    }

    @Test
    void whatTheMachineCannotHoldIsRefusedWithTheNearestSize() throws Exception {
        JobState end = end(submit("ok", "8Gi"));

        assertThat(end.getState()).isEqualTo(State.FAILED);
        assertThat(end.getCause().getType()).isEqualTo(CauseType.MISPLACED);
        assertThat(end.getCause().getMessage())
                .contains("memory 8Gi is more than 3Gi", "The nearest size is cpu 1, memory 3Gi");
    }

    @Test
    void aJobForWhichThereIsNoRoomWaitsAndSaysWhy() throws Exception {
        JobHandle large = submit("hang", "2Gi");
        await().atMost(SOON).until(() -> state(large) == State.RUNNING);
        JobHandle waiting = submit("ok", "2Gi");
        JobHandle cancelled = submit("ok", "2Gi");
        await().atMost(SOON)
                .until(() -> String.valueOf(row(waiting).getWaitsBecause()).startsWith("The job needs 2Gi of memory"));
        assertThat(end(submit("ok", "768Mi")).getState())
                .as("a smaller one goes ahead")
                .isEqualTo(State.SUCCEEDED);
        cancelled.cancel("the test", "to see");
        JobHandle expired = client.submit(client.job()
                .custom(DyingHandler.KIND, "text/plain", bytes("ok"))
                .memory("2Gi")
                .startBy(Instant.now().plusMillis(1500))
                .build());
        assertThat(end(expired).getCause().getType()).isEqualTo(CauseType.START_DEADLINE);
        assertThat(row(waiting).getState()).isEqualTo(State.LAUNCHING);

        large.cancel("the test", "enough");

        assertThat(end(waiting).getState()).isEqualTo(State.SUCCEEDED);
        assertThat(row(waiting).getWaitsBecause()).isNull();
        assertThat(end(large).getState()).isEqualTo(State.CANCELLED);
        assertThat(end(cancelled).getState()).isEqualTo(State.CANCELLED);
    }

    @Test
    void aLocalModeThatIsKilledTakesItsLaunchedJobAlongAndTheJobGoesOnAfterTheNextStart() throws Exception {
        Path root = temporary.resolve("killed");
        Process killed = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        KilledMain.class.getName(),
                        root.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String job;
        try {
            assertThat(killed.inputReader().readLine()).isNotNull();
            Connection connection = Connection.read(root).orElseThrow();
            allowOversize(connection.bootstrapServers(), connection.registryUrl());
            try (QuarryClient other = client(connection.bootstrapServers(), connection.registryUrl())) {
                JobHandle hanging = other.submit(other.job()
                        .custom(DyingHandler.KIND, "text/plain", bytes("hang"))
                        .memory("1Gi")
                        .build());
                await().atMost(SOON).until(() -> state(hanging) == State.RUNNING);
                assertThat(row(hanging).getOversize()).isTrue();
                job = hanging.id();
            }
        } finally {
            killed.destroyForcibly().waitFor();
        }

        LocalSettings same = LocalSettings.of(root, Map.of("lease.ticks", "100000"), new Machine(4L << 30, 2));
        try (LocalMode again = LocalMode.start(same);
                QuarryClient other = client(again.bootstrapServers(), again.registryUrl())) {
            JobState end = end(other.handle(job));
            assertThat(end.getState()).isEqualTo(State.SUCCEEDED);
            assertThat(end.getAttempt()).isEqualTo(2);
            assertThat(end.getOwner().getWorker()).startsWith("quarry-job-");
        }
    }

    private static QuarryClient client(String bootstrapServers, String registryUrl) {
        return QuarryClient.connect(Map.of("bootstrap.servers", bootstrapServers, "schema.registry.url", registryUrl));
    }

    private static void allowOversize(String bootstrapServers, String registryUrl) {
        Map<String, String> settings = Map.of(
                "bootstrap.servers",
                bootstrapServers,
                "schema.registry.url",
                registryUrl,
                "job.events.partitions",
                "4",
                "replication.factor",
                "1");
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
            TopicProvisioner.of(admin, Topics.withDefaultPrefix(), ProvisionSettings.of(settings))
                    .provisionGroup(ResourceGroup.newBuilder()
                            .setName(Topics.DEFAULT_GROUP)
                            .setWorker(WORKER)
                            .setOversizeCeiling(new Resources(4000L, 64L << 30, null))
                            .setBackoffMs(100)
                            .build());
        }
    }

    private static JobHandle submit(String script, String memory) {
        return client.submit(client.job()
                .custom(DyingHandler.KIND, "text/plain", bytes(script))
                .memory(memory)
                .build());
    }

    private static JobState end(JobHandle job) throws Exception {
        return job.await().get(SOON.toSeconds(), TimeUnit.SECONDS);
    }

    private static JobState row(JobHandle job) {
        return await().atMost(SOON).until(job::state, Optional::isPresent).orElseThrow();
    }

    private static State state(JobHandle job) {
        return job.state().map(JobState::getState).orElse(State.UNKNOWN);
    }

    private static byte[] bytes(String text) {
        return Objects.requireNonNull(text).getBytes(StandardCharsets.UTF_8);
    }
}
