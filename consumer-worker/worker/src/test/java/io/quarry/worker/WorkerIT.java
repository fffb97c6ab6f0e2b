package io.quarry.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.quarry.avro.CauseType;
import io.quarry.avro.Command;
import io.quarry.avro.CommandType;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.Outcome;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.WireSerdes;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole workers against a real broker: every test has topics of its own. */
class WorkerIT {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final AtomicInteger TESTS = new AtomicInteger();

    private static TestBroker broker;
    private static TestRegistry registry;
    private static Admin admin;
    private static KafkaProducer<byte[], byte[]> producer;

    @TempDir
    private static Path brokerDir;

    @TempDir
    private Path dir;

    private final List<WorkerProcess> workers = new ArrayList<>();
    private final List<String> halted = new CopyOnWriteArrayList<>();
    private Topics topics = Topics.withDefaultPrefix();
    private Map<String, String> settings = Map.of();
    private WireSerdes serdes = WireSerdes.of(Map.of("schema.registry.url", "http://127.0.0.1:1"));

    @BeforeAll
    static void startBroker() throws Exception {
        broker = TestBroker.start(brokerDir);
        registry = TestRegistry.start();
        admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()));
        producer = new KafkaProducer<>(Map.of(
                "bootstrap.servers", broker.bootstrap(),
                "key.serializer", ByteArraySerializer.class,
                "value.serializer", ByteArraySerializer.class));
    }

    @AfterAll
    static void stopBroker() {
        producer.close();
        admin.close();
        registry.close();
        broker.close();
    }

    @BeforeEach
    void makeTopics() throws Exception {
        topics = new Topics("t" + TESTS.incrementAndGet() + ".");
        makeTopics(1);
        settings = Map.ofEntries(
                Map.entry("bootstrap.servers", broker.bootstrap()),
                Map.entry("schema.registry.url", registry.url()),
                Map.entry("topic.prefix", topics.prefix()),
                Map.entry("worker.memory.bytes", "536870912"),
                Map.entry("worker.cpu.millis", "1500"),
                Map.entry("worker.scratch.dir", dir.resolve("scratch").toString()),
                Map.entry("worker.datasets.dir", dir.resolve("datasets").toString()),
                Map.entry("worker.heartbeat.ms", "200"));
        serdes = WireSerdes.of(settings);
        Map<String, String> safe =
                Map.of("share.auto.offset.reset", "earliest", "share.isolation.level", "read_committed");
        share(topics.shareGroup("default"), safe);
        share(topics.retriesShareGroup("default"), safe);
    }

    @AfterEach
    void stopWorkers() {
        registry.away(false);
        ScriptedHandler.BEGAN.forEach(ScriptedHandler::open);
        workers.forEach(WorkerProcess::close);
        ScriptedHandler.reset();
    }

    @Test
    void jobIsClaimedRunAndFinished() {
        settings = with("worker.heartbeat.ms", "5000");
        submit(Jobs.scripted("a", "ok"));
        worker("w1");

        List<JobEvent> events = events("a", 2);

        assertThat(events).extracting(JobEvent::getType).containsExactly(JobEventType.CLAIMED, JobEventType.FINISHED);
        JobEvent claimed = events.get(0);
        assertThat(claimed.getJob()).isEqualTo(Jobs.scripted("a", "ok"));
        assertThat(claimed.getSource().getTopic()).isEqualTo(topics.jobs("default"));
        assertThat(claimed.getSource().getOffset()).isZero();
        assertThat(claimed.getWriter()).isEqualTo("worker/w1");
        JobEvent finished = events.get(1);
        assertThat(finished.getOutcome()).isEqualTo(Outcome.SUCCEEDED);
        assertThat(finished.getClaim()).isEqualTo(claimed.getClaim());
        assertThat(finished.getManifest().getPeakMemoryBytes()).isPositive();
        assertThat(finished.getProgress().getLogLine()).isEqualTo("began a");
        Path output = Path.of(URI.create(finished.getManifest().getLocation()));
        assertThat(output).isEqualTo(dir.resolve("datasets/a/1-" + claimed.getClaim()));
        assertThat(output.resolve("manifest.json")).exists();
        await().atMost(SOON).until(() -> isEmpty(dir.resolve("scratch/w1")));
    }

    @Test
    void oneWorkerRunsJobsOneAtATimeInTheirOrder() {
        submit(Jobs.scripted("f1", "wait"));
        for (int i = 2; i <= 6; i++) {
            submit(Jobs.scripted("f" + i, "ok"));
        }
        worker("w1");
        awaitBegan("f1");
        events("f1", 3);
        assertThat(ScriptedHandler.BEGAN).containsExactly("f1");

        ScriptedHandler.open("f1");

        events("f6", 2);
        assertThat(ScriptedHandler.BEGAN).containsExactly("f1", "f2", "f3", "f4", "f5", "f6");
    }

    @Test
    void noSecondRecordIsHeldByABusyWorker() {
        submit(Jobs.scripted("h1", "wait"));
        submit(Jobs.scripted("h2", "wait"));
        submit(Jobs.scripted("h3", "ok"));
        worker("w1");
        awaitBegan("h1");

        worker("w2");

        // Held by the first worker, the second job would be out of reach for the 30 s of its lock.
        awaitBegan("h2");
        assertThat(claimOf("h2").getWorker()).isEqualTo("w2");
        assertThat(claimOf("h1").getWorker()).isEqualTo("w1");
        ScriptedHandler.open("h1");
        events("h3", 2);
        assertThat(claimOf("h3").getWorker()).isEqualTo("w1");
        ScriptedHandler.open("h2");
    }

    @Test
    void aRetryAlternatesWithTheBacklog() {
        for (int i = 0; i < 6; i++) {
            submit(Jobs.scripted("j" + i, "wait"));
        }
        retry("r0", "ok");
        worker("w1");

        // Each job lasts for some heartbeats: what the other queue handed out meanwhile is at hand by then.
        for (int i = 0; i < 4 && !ScriptedHandler.BEGAN.contains("r0"); i++) {
            String job = "j" + i;
            awaitBegan(job);
            events(job, 4);
            ScriptedHandler.open(job);
            int begun = i + 1;
            await().atMost(SOON).until(() -> ScriptedHandler.BEGAN.size() > begun);
        }
        List<JobEvent> retried = events("r0", 2);

        assertThat(ScriptedHandler.BEGAN.indexOf("r0")).isLessThan(4);
        assertThat(retried).extracting(JobEvent::getAttempt).containsOnly(2);
    }

    /** During each of these the worker leaves its queue, and what the other topic would have handed out is nowhere at hand. */
    @Test
    void retriesAlternateWithABacklogOfLongJobsAsWell() {
        for (int i = 0; i < 6; i++) {
            submit(Jobs.scripted("j" + i, "wait"));
        }
        for (int i = 0; i < 3; i++) {
            retry("r" + i, "wait");
        }
        worker("w1");

        List<String> began = ScriptedHandler.BEGAN;
        for (int i = 0; i < 9; i++) {
            int before = i;
            await().atMost(SOON).until(() -> began.size() > before);
            await().atMost(SOON).until(() -> members() == 0);
            ScriptedHandler.open(began.get(i));
        }

        assertThat(began).filteredOn(id -> id.startsWith("j")).containsExactly("j0", "j1", "j2", "j3", "j4", "j5");
        assertThat(began).filteredOn(id -> id.startsWith("r")).containsExactly("r0", "r1", "r2");
        for (int i = 0; i < 3; i++) {
            assertThat(began.indexOf("r" + i)).as("r" + i + " of %s", began).isLessThanOrEqualTo(2 * i + 1);
        }
    }

    @Test
    void recordThatCannotBeReadOrBreaksARuleIsSkipped() {
        send(topics.jobs("default"), "p1", new byte[] {1, 2, 3});
        send(topics.jobs("default"), "p2", null);
        send(topics.jobs("default"), "p3", new byte[] {0, 0, 0, 99, 9, 1});
        submit(Job.newBuilder(Jobs.scripted("p4", "ok")).setMaxAttempts(-1).build());
        send(topics.jobs("default"), "another-key", bytes(Jobs.scripted("p5", "ok")));
        submit(Jobs.scripted("p6", "ok"));
        worker("w1");

        events("p6", 2);

        assertThat(ScriptedHandler.BEGAN).containsExactly("p6");
        assertThat(allEvents()).extracting(JobEvent::getJobId).containsOnly("p6");
    }

    @Test
    void failuresAreReportedWithTheirCause() {
        submit(Jobs.scripted("e1", "fail"));
        submit(Jobs.scripted("e2", "crash"));
        submit(Jobs.scripted("e3", "full"));
        submit(Jobs.of("nobodys", "e4", "ok"));
        submit(Job.newBuilder(Jobs.scripted("e5", "ok"))
                .setResources(io.quarry.avro.Resources.newBuilder()
                        .setMemoryBytes(1L << 40)
                        .build())
                .build());
        worker("w1");

        events("e5", 2);

        assertThat(finishOf("e1").getOutcome()).isEqualTo(Outcome.FAILED);
        assertThat(finishOf("e1").getCause().getType()).isEqualTo(CauseType.INVALID_INPUT);
        assertThat(finishOf("e2").getOutcome()).isEqualTo(Outcome.RETRIABLE);
        assertThat(finishOf("e2").getCause().getMessage()).contains("java.lang.IllegalStateException: boom");
        assertThat(finishOf("e3").getCause().getType()).isEqualTo(CauseType.DISK_FULL);
        assertThat(finishOf("e4").getCause().getType()).isEqualTo(CauseType.UNKNOWN_KIND);
        assertThat(finishOf("e5").getOutcome()).isEqualTo(Outcome.MISPLACED);
        assertThat(finishOf("e5").getCause().getType()).isEqualTo(CauseType.MISPLACED);
        assertThat(finishOf("e5").getCause().getMessage()).contains("memory_bytes=536870912");
        await().atMost(SOON).until(() -> isEmpty(dir.resolve("datasets")));
    }

    @Test
    void aProcessForOneRecordRunsThatJobAloneAndItsExitCodeTells() throws Exception {
        settings = with("worker.heartbeat.ms", "5000");
        submit(Jobs.scripted("before", "ok"));
        submit(Jobs.scripted("one", "ok"));
        submit(Jobs.scripted("bad", "fail"));
        admin.deleteRecords(Map.of(new TopicPartition(topics.jobs("default"), 0), RecordsToDelete.beforeOffset(1)))
                .all()
                .get();
        String claim = "5f0c1c6e-0000-4000-8000-000000000001";

        assertThat(one(1, claim).awaitEnd()).isEqualTo(ExitCode.DONE);
        assertThat(one(2, "").awaitEnd()).as("it failed, and said so").isEqualTo(ExitCode.REPORTED);
        assertThat(one(0, "").awaitEnd()).as("it was removed").isEqualTo(ExitCode.NO_RECORD);
        assertThat(one(9, "").awaitEnd()).as("it was never there").isEqualTo(ExitCode.NO_RECORD);

        List<JobEvent> events = events("one", 2);
        assertThat(events).extracting(JobEvent::getType).containsExactly(JobEventType.CLAIMED, JobEventType.FINISHED);
        assertThat(events).extracting(JobEvent::getClaim).containsOnly(claim);
        assertThat(events.get(0).getSource().getOffset()).isEqualTo(1);
        assertThat(finishOf("bad").getOutcome()).isEqualTo(Outcome.FAILED);
        assertThat(allEvents()).extracting(JobEvent::getJobId).doesNotContain("before");
    }

    @Test
    void aProcessForOneRecordThatIsFencedSaysNothingButItsExitCode() throws Exception {
        submit(Jobs.scripted("one", "wait"));
        WorkerProcess process = one(0, "");
        awaitBegan("one");

        command(CommandType.FENCE, claimOf("one").getClaim(), null);

        assertThat(process.awaitEnd()).isEqualTo(ExitCode.UNHEARD);
        assertThat(allEvents()).extracting(JobEvent::getType).doesNotContain(JobEventType.FINISHED);
    }

    private WorkerProcess one(long offset, String claim) {
        Map<String, String> own = with("worker.name", "one-" + offset);
        own.put("worker.record", topics.jobs("default") + "@" + offset);
        own.put("worker.claim", claim);
        WorkerProcess process = WorkerProcess.start(own, () -> {}, code -> halted.add("one " + code));
        workers.add(process);
        return process;
    }

    @Test
    void busyWorkerSendsHeartbeats() {
        submit(Jobs.scripted("b", "wait"));
        worker("w1");

        List<JobEvent> events = events("b", 4);
        ScriptedHandler.open("b");

        JobEvent beat = events.get(2);
        assertThat(beat.getType()).isEqualTo(JobEventType.HEARTBEAT);
        assertThat(beat.getClaim()).isEqualTo(events.get(0).getClaim());
        assertThat(beat.getStarted()).isTrue();
        assertThat(beat.getProgress().getPhase()).isEqualTo("scripted");
        assertThat(beat.getProgress().getMemoryBytes()).isPositive();
    }

    @Test
    void fencedAttemptIsStoppedAndReportsNothing() {
        submit(Jobs.scripted("x1", "wait"));
        submit(Jobs.scripted("x2", "ok"));
        worker("w1");
        awaitBegan("x1");
        JobEvent claimed = claimOf("x1");

        command(CommandType.FENCE, claimed.getClaim(), null);

        events("x2", 2);
        assertThat(ScriptedHandler.INTERRUPTED).containsExactly("x1");
        assertThat(allEvents())
                .filteredOn(event -> event.getJobId().equals("x1"))
                .extracting(JobEvent::getType)
                .doesNotContain(JobEventType.FINISHED);
        assertThat(dir.resolve("datasets/x1")).doesNotExist();
    }

    @Test
    void effectfulHandlerWaitsForItsGrant() {
        submit(Jobs.of(EffectfulHandler.KIND, "g", "ok"));
        worker("w1");
        List<JobEvent> waiting = events("g", 3);
        assertThat(waiting).extracting(JobEvent::getStarted).containsOnly(false);
        assertThat(ScriptedHandler.BEGAN).isEmpty();

        command(CommandType.GRANT, waiting.get(0).getClaim(), null);

        awaitFinish("g");
        assertThat(finishOf("g").getOutcome()).isEqualTo(Outcome.SUCCEEDED);
    }

    @Test
    void workerThatFinishesLeavesTheNextJobToOthers() throws Exception {
        submit(Jobs.scripted("s1", "wait"));
        submit(Jobs.scripted("s2", "ok"));
        WorkerProcess first = worker("w1");
        awaitBegan("s1");

        first.stop(OnStop.FINISH);
        ScriptedHandler.open("s1");

        assertThat(first.awaitEnd()).isEqualTo(ExitCode.DONE);
        assertThat(finishOf("s1").getOutcome()).isEqualTo(Outcome.SUCCEEDED);
        assertThat(ScriptedHandler.BEGAN).containsExactly("s1");
        worker("w2");
        events("s2", 2);
    }

    @Test
    void workerThatHandsBackSaysSoAndLeaves() throws Exception {
        submit(Jobs.scripted("k1", "wait"));
        WorkerProcess first = worker("w1");
        awaitBegan("k1");

        first.stop(OnStop.HAND_BACK);

        assertThat(first.awaitEnd()).isEqualTo(ExitCode.DONE);
        assertThat(finishOf("k1").getOutcome()).isEqualTo(Outcome.HANDED_BACK);
        assertThat(finishOf("k1").getCause().getType()).isEqualTo(CauseType.HANDED_BACK);
    }

    @Test
    void drainedWorkerTakesNoMoreJobAndStays() {
        WorkerProcess drained = worker("w1");
        command(CommandType.DRAIN, null, "w1");
        await().atMost(SOON).until(() -> !drained.takesJobs());

        worker("w2");
        submit(Jobs.scripted("d1", "ok"));

        events("d1", 2);
        assertThat(claimOf("d1").getWorker()).isEqualTo("w2");
    }

    @Test
    void registryThatIsAwayIsWaitedForAndTheOrderKept() {
        for (int i = 1; i <= 3; i++) {
            submit(Jobs.scripted("q" + i, "ok"));
        }
        registry.away(true);
        worker("w1");
        await().atMost(SOON).until(() -> registry.refused() > 0);
        assertThat(ScriptedHandler.BEGAN).isEmpty();

        registry.away(false);

        events("q3", 2);
        assertThat(ScriptedHandler.BEGAN).containsExactly("q1", "q2", "q3");
    }

    @Test
    void attemptThatRanOverItsTimeoutIsStopped() {
        submit(Job.newBuilder(Jobs.scripted("z", "wait")).setTimeoutMs(100L).build());
        worker("w1");

        awaitFinish("z");

        assertThat(finishOf("z").getOutcome()).isEqualTo(Outcome.FAILED);
        assertThat(finishOf("z").getCause().getType()).isEqualTo(CauseType.RUN_DEADLINE);
    }

    @Test
    void handlerThatDoesNotStopHaltsTheProcess() {
        settings = with("worker.stop.grace.ms", "300");
        submit(Jobs.scripted("deaf", "deaf"));
        worker("w1");
        awaitBegan("deaf");

        command(CommandType.CANCEL, claimOf("deaf").getClaim(), null);

        await().atMost(SOON).until(() -> halted.contains("w1 " + ExitCode.STUCK));
    }

    @Test
    void exhaustedHeapIsReportedAndTheWorkerLeaves() throws Exception {
        submit(Jobs.scripted("o", "oom"));

        WorkerProcess worker = worker("w1");

        assertThat(worker.awaitEnd()).isEqualTo(ExitCode.OUT_OF_MEMORY);
        assertThat(finishOf("o").getCause().getType()).isEqualTo(CauseType.MEMORY_LIMIT);
    }

    @Test
    void queueOfTwoPartitionsIsRefused() throws Exception {
        topics = new Topics("two.");
        makeTopics(2);
        settings = with("topic.prefix", "two.");

        assertThatThrownBy(() -> WorkerProcess.start(with("worker.name", "w1")))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("two.jobs.default has 2 partitions");
    }

    @Test
    void shareGroupThatWouldSkipJobsIsRefused() throws Exception {
        share(topics.retriesShareGroup("default"), Map.of("share.auto.offset.reset", "latest"));

        assertThatThrownBy(() -> WorkerProcess.start(with("worker.name", "w1")))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("share.auto.offset.reset=latest");
    }

    @Test
    void missingTopicsAreNamed() {
        settings = with("topic.prefix", "nowhere.");

        assertThatThrownBy(() -> WorkerProcess.start(with("worker.name", "w1")))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("does not exist");
    }

    private WorkerProcess worker(String name) {
        WorkerProcess worker =
                WorkerProcess.start(with("worker.name", name), () -> {}, code -> halted.add(name + " " + code));
        workers.add(worker);
        return worker;
    }

    private Map<String, String> with(String name, String value) {
        Map<String, String> all = new HashMap<>(settings);
        all.put(name, value);
        return all;
    }

    private void makeTopics(int partitionsOfJobs) throws Exception {
        admin.createTopics(List.of(
                        new NewTopic(topics.jobs("default"), partitionsOfJobs, (short) 1),
                        new NewTopic(topics.retries("default"), 1, (short) 1),
                        new NewTopic(topics.commands(), 1, (short) 1),
                        new NewTopic(topics.groups(), 1, (short) 1),
                        new NewTopic(topics.workers(), 1, (short) 1),
                        new NewTopic(topics.events(), 4, (short) 1)))
                .all()
                .get();
        // Made is not yet known to the broker that is asked next.
        await().atMost(SOON)
                .ignoreExceptions()
                .until(() -> admin.describeTopics(List.of(topics.jobs("default"), topics.events()))
                                .allTopicNames()
                                .get()
                                .size()
                        == 2);
    }

    private void share(String shareGroup, Map<String, String> config) throws Exception {
        Collection<AlterConfigOp> operations = config.entrySet().stream()
                .map(entry ->
                        new AlterConfigOp(new ConfigEntry(entry.getKey(), entry.getValue()), AlterConfigOp.OpType.SET))
                .toList();
        ConfigResource group = new ConfigResource(ConfigResource.Type.GROUP, shareGroup);
        admin.incrementalAlterConfigs(Map.of(group, operations)).all().get();
    }

    private void retry(String id, String script) {
        Job job = Job.newBuilder(Jobs.scripted(id, script)).setAttempt(2).build();
        send(topics.retries("default"), id, serdes.serializer(Job.class).serialize(topics.retries("default"), job));
    }

    /** Members of both share groups. */
    private long members() throws Exception {
        return admin
                .describeShareGroups(List.of(topics.shareGroup("default"), topics.retriesShareGroup("default")))
                .all()
                .get()
                .values()
                .stream()
                .mapToLong(group -> group.members().size())
                .sum();
    }

    private void submit(Job job) {
        send(topics.jobs("default"), job.getId(), bytes(job));
    }

    private byte[] bytes(Job job) {
        return serdes.serializer(Job.class).serialize(topics.jobs("default"), job);
    }

    private void command(CommandType type, @Nullable String claim, @Nullable String worker) {
        Command command = Command.newBuilder()
                .setType(type)
                .setClaim(claim)
                .setWorker(worker)
                .setAt(Instant.EPOCH)
                .build();
        send(topics.commands(), "k", serdes.serializer(Command.class).serialize(topics.commands(), command));
    }

    private static void send(String topic, String key, byte @Nullable [] value) {
        try {
            producer.send(new ProducerRecord<>(topic, key.getBytes(StandardCharsets.UTF_8), value))
                    .get();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private void awaitBegan(String id) {
        await().atMost(SOON).until(() -> ScriptedHandler.BEGAN.contains(id));
    }

    private void awaitFinish(String id) {
        await().atMost(SOON)
                .until(() -> allEvents().stream()
                        .anyMatch(event -> event.getJobId().equals(id) && event.getType() == JobEventType.FINISHED));
    }

    /** The first events of a job, in order. */
    private List<JobEvent> events(String id, int least) {
        return await().atMost(SOON)
                .until(
                        () -> allEvents().stream()
                                .filter(event -> event.getJobId().equals(id))
                                .toList(),
                        events -> events.size() >= least);
    }

    private JobEvent claimOf(String id) {
        return events(id, 1).get(0);
    }

    private JobEvent finishOf(String id) {
        awaitFinish(id);
        return allEvents().stream()
                .filter(event -> event.getJobId().equals(id) && event.getType() == JobEventType.FINISHED)
                .findFirst()
                .orElseThrow();
    }

    private List<JobEvent> allEvents() {
        List<JobEvent> events = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", broker.bootstrap()),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                partitions.add(new TopicPartition(topics.events(), i));
            }
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.getOrDefault(p, 0L))) {
                consumer.poll(Duration.ofMillis(100))
                        .forEach(record -> events.add(
                                serdes.deserializer(JobEvent.class).deserialize(record.topic(), record.value())));
            }
        }
        return events;
    }

    private static boolean isEmpty(Path directory) throws java.io.IOException {
        if (!Files.exists(directory)) {
            return true;
        }
        try (var entries = Files.list(directory)) {
            return entries.findAny().isEmpty();
        }
    }
}
