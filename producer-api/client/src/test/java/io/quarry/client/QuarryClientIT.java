package io.quarry.client;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.JobState;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.State;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class QuarryClientIT {
    private static Installation installation;
    private QuarryClient client;

    @BeforeAll
    static void startBroker() throws Exception {
        Awaitility.setDefaultTimeout(Duration.ofSeconds(30));
        installation = Installation.start();
    }

    @AfterAll
    static void stopBroker() {
        installation.close();
    }

    @BeforeEach
    void connect() {
        client = QuarryClient.connect(installation.settings());
    }

    @AfterEach
    void disconnect() {
        client.close();
    }

    @Test
    void aSubmittedJobIsARecordOfItsGroupsQueueThatAnyoneCanRead() {
        Job job = client.job()
                .offlineQuery(query())
                .name("cities")
                .tag("team", "growth")
                .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
                .cpu("1500m")
                .memory("2Gi")
                .timeout(Duration.ofMinutes(5))
                .build();

        JobHandle handle = client.submit(job);

        Job found = installation.submitted(installation.topics().jobs("default"), handle.id());
        assertThat(found.getSubmittedAt()).isNotNull();
        assertThat(Job.newBuilder(found).setSubmittedAt(null).build()).isEqualTo(job);
        assertThat(handle.state()).isEmpty();
    }

    @Test
    void aHandleAwaitsTheFinalRow() throws Exception {
        Job job = client.job().offlineQuery(query()).build();
        JobHandle handle = client.submit(job);
        CompletableFuture<JobState> finished = handle.await();
        List<State> seen = new CopyOnWriteArrayList<>();
        handle.onChange(row -> seen.add(row.getState()));

        installation.row(job, State.QUEUED);
        installation.row(job, State.RUNNING);
        await().untilAsserted(() -> assertThat(seen).contains(State.RUNNING));
        assertThat(finished).isNotDone();
        installation.row(job, State.SUCCEEDED);

        assertThat(finished.get(30, SECONDS).getState()).isEqualTo(State.SUCCEEDED);
        await().untilAsserted(() -> assertThat(seen).endsWith(State.SUCCEEDED));
        assertThat(handle.state().orElseThrow().getState()).isEqualTo(State.SUCCEEDED);
        assertThat(handle.await().get(30, SECONDS).getState()).isEqualTo(State.SUCCEEDED);
    }

    @Test
    void awaitOfAJobThatIsLongDoneCompletes() throws Exception {
        Job job = job("done-before");
        installation.row(job, State.FAILED);
        assertThat(client.handle("done-before").await().get(30, SECONDS).getState())
                .isEqualTo(State.FAILED);
    }

    @Test
    void stateIsAsOfTheCall() {
        Job job = job("as-of-the-call");
        JobHandle handle = client.handle("as-of-the-call");
        assertThat(handle.state()).isEmpty();
        for (int round = 0; round < 20; round++) {
            for (State state : List.of(State.QUEUED, State.RUNNING, State.RETRYING)) {
                installation.row(job, state);
                assertThat(handle.state().orElseThrow().getState()).isEqualTo(state);
            }
        }
    }

    @Test
    void aCallbackMayAskTheClient() throws Exception {
        Job job = job("asks-back");
        CompletableFuture<State> asked = client.handle("asks-back")
                .await()
                .thenApply(
                        row -> client.handle("asks-back").state().orElseThrow().getState());
        installation.row(job, State.CANCELLED);
        assertThat(asked.get(30, SECONDS)).isEqualTo(State.CANCELLED);
    }

    @Test
    void aListenerThatThrowsIsToldFurtherChangesAndAClosedOneIsNot() throws Exception {
        Job job = job("listened");
        JobHandle handle = client.handle("listened");
        List<State> thrower = new CopyOnWriteArrayList<>();
        List<State> closed = new CopyOnWriteArrayList<>();
        handle.onChange(row -> {
            thrower.add(row.getState());
            throw new IllegalStateException("the listener's own");
        });
        Subscription subscription = handle.onChange(row -> closed.add(row.getState()));
        installation.row(job, State.QUEUED);
        await().untilAsserted(() -> assertThat(closed).containsExactly(State.QUEUED));
        subscription.close();
        installation.row(job, State.SUCCEEDED);
        handle.await().get(30, SECONDS);
        await().untilAsserted(() -> assertThat(thrower).containsExactly(State.QUEUED, State.SUCCEEDED));
        assertThat(closed).containsExactly(State.QUEUED);
    }

    @Test
    void theSameJobTwiceIsOneJob() {
        Job job = job("twice");
        client.submit(job);
        installation.row(job, State.QUEUED);

        JobHandle again = client.submit(JobBuilder.withId("twice")
                .offlineQuery(query())
                .header("traceparent", "another")
                .build());

        assertThat(again.id()).isEqualTo("twice");
        assertThat(again.state()).isPresent();
        assertThat(installation.count(installation.topics().jobs("default"), "twice"))
                .isEqualTo(1);
    }

    @Test
    void equalIdempotencyKeysAreOneJob() {
        Job first = JobBuilder.withIdempotencyKey("nightly 2026-01-01")
                .offlineQuery(query())
                .startBy(Instant.parse("2030-01-01T00:00:00.123456789Z"))
                .build();
        installation.row(first, State.RUNNING);
        JobHandle handle = client.submit(first);
        assertThat(handle.state().orElseThrow().getState()).isEqualTo(State.RUNNING);
        assertThat(installation.count(installation.topics().jobs("default"), first.getId()))
                .isZero();
    }

    @Test
    void anIdOfAnotherPayloadIsAConflictBeforeAnythingIsWritten() {
        installation.row(job("taken"), State.SUCCEEDED);
        Job other = JobBuilder.withId("taken")
                .offlineQuery(OfflineQueryBuilder.of("airport.state")
                        .range("airport", 0, 10)
                        .build())
                .build();
        assertThatThrownBy(() -> client.submit(other))
                .isInstanceOfSatisfying(
                        ConflictException.class, e -> assertThat(e.id()).isEqualTo("taken"));
        assertThat(installation.count(installation.topics().jobs("default"), "taken"))
                .isZero();
    }

    @Test
    void aConflictThatTurnsOutLaterIsReportedByTheHandle() {
        Job mine = job("raced");
        JobHandle handle = client.submit(mine);
        CompletableFuture<JobState> finished = handle.await();
        Job theirs =
                JobBuilder.withId("raced").offlineQuery(query()).name("theirs").build();
        installation.row(theirs, State.SUCCEEDED);
        assertThat(finished)
                .failsWithin(Duration.ofSeconds(30))
                .withThrowableThat()
                .withCauseInstanceOf(ConflictException.class);
        assertThatThrownBy(handle::state).isInstanceOf(ConflictException.class);
    }

    @Test
    void aCancelThatOvertookTheSubmitIsNoConflict() {
        installation.row(Job.newBuilder().setId("overtaken").build(), State.CANCELLED);
        assertThat(client.submit(job("overtaken")).state().orElseThrow().getState())
                .isEqualTo(State.CANCELLED);
    }

    @Test
    void anUnknownGroupIsRefusedAtOnceWithTheKnownOnes() {
        long begun = System.nanoTime();
        UnknownGroupException refused = catchThrowableOfType(
                UnknownGroupException.class,
                () -> client.submit(
                        client.job().group("nowhere").offlineQuery(query()).build()));
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(15));
        assertThat(refused.group()).isEqualTo("nowhere");
        assertThat(refused.known()).contains("default");
        assertThat(refused).hasMessageContaining("there are").hasMessageContaining("default");
    }

    @Test
    void aGroupWithoutAQueueIsRefused() {
        installation.group(ResourceGroup.newBuilder()
                .setName("queueless")
                .setWorker(Installation.WORKER)
                .build());
        assertThat(client.groups()).containsKeys("default", "queueless");
        assertThatThrownBy(() -> client.submit(
                        client.job().group("queueless").offlineQuery(query()).build()))
                .isInstanceOf(UnknownGroupException.class)
                .hasMessageContaining("quarry.jobs.queueless does not exist");
    }

    @Test
    void aWrongPrefixIsNamedAsALikelyReason() {
        Map<String, Object> settings = installation.settings();
        settings.put("topic.prefix", "elsewhere.");
        try (QuarryClient lost = QuarryClient.connect(settings)) {
            assertThatThrownBy(
                            () -> lost.submit(lost.job().offlineQuery(query()).build()))
                    .isInstanceOf(UnknownGroupException.class)
                    .hasMessageContaining("topic.prefix");
        }
    }

    @Test
    void aJobLargerThanAnythingHereIsRefusedWithTheNearestSize() {
        TooLargeException refused = catchThrowableOfType(
                TooLargeException.class,
                () -> client.submit(
                        client.job().offlineQuery(query()).memory("450Gi").build()));
        assertThat(refused.nearest()).isEqualTo(Installation.WORKER);
        assertThat(refused).hasMessageContaining("450Gi").hasMessageContaining("memory 4Gi");
    }

    @Test
    void anInvalidJobIsRefusedWithEveryBrokenRule() {
        InvalidJobException refused = catchThrowableOfType(
                InvalidJobException.class,
                () -> client.submit(Job.newBuilder()
                        .setId("../etc")
                        .setAttempt(2)
                        .setMaxAttempts(0)
                        .build()));
        assertThat(refused.violations())
                .extracting(violation -> violation.field())
                .containsExactly("id", "offline_query", "max_attempts", "attempt");
    }

    @Test
    void twoHundredMegabytesInlineAreRefusedWithTheClaimCheckWay() {
        List<String> values = new ArrayList<>();
        String kilobyte = "x".repeat(1024);
        for (int i = 0; i < 200 * 1024; i++) {
            values.add(kilobyte);
        }
        Job job = client.job()
                .offlineQuery(OfflineQueryBuilder.of("airport.city")
                        .column("airport", values)
                        .build())
                .build();
        assertThatThrownBy(() -> client.submit(job))
                .isInstanceOf(InvalidJobException.class)
                .hasMessageContaining("Parquet file")
                .hasMessageContaining("input.files");
    }

    @Test
    void aMebibyteInlineIsTaken() {
        List<String> values = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            values.add("x".repeat(1024));
        }
        Job job = client.job()
                .offlineQuery(OfflineQueryBuilder.of("airport.city")
                        .column("airport", values)
                        .build())
                .build();
        JobHandle handle = client.submit(job);
        assertThat(installation.count(installation.topics().jobs("default"), handle.id()))
                .isEqualTo(1);
    }

    @Test
    void anOversizeJobGoesToTheRouter() {
        installation.group(ResourceGroup.newBuilder()
                .setName("default")
                .setWorker(Installation.WORKER)
                .setOversizeCeiling(new Resources(null, 64L << 30, null))
                .build());
        try {
            JobHandle handle = client.submit(
                    client.job().offlineQuery(query()).memory("8Gi").build());
            assertThat(installation.count(installation.topics().oversize(), handle.id()))
                    .isEqualTo(1);
        } finally {
            installation.group(ResourceGroup.newBuilder()
                    .setName("default")
                    .setWorker(Installation.WORKER)
                    .build());
        }
    }

    @Test
    void aRegistryThatIsNotThereIsReported() throws Exception {
        Map<String, Object> settings = installation.settings();
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            settings.put("schema.registry.url", "http://localhost:" + socket.getLocalPort());
        }
        settings.put("submit.timeout.ms", 1500);
        try (QuarryClient cut = QuarryClient.connect(settings)) {
            // A first read of the groups may take all of the time.
            await().atMost(Duration.ofMinutes(1))
                    .untilAsserted(() -> assertThatThrownBy(() ->
                                    cut.submit(cut.job().offlineQuery(query()).build()))
                            .isInstanceOf(RegistryUnreachableException.class));
        }
    }

    @Test
    void cancelIsAnEventOfTheJob() {
        client.handle("stop-me").cancel("ann", "wrong week");
        JobEvent event = installation.event("stop-me");
        assertThat(event.getType()).isEqualTo(JobEventType.CANCEL_REQUESTED);
        assertThat(event.getRequestedBy()).isEqualTo("ann");
        assertThat(event.getReason()).isEqualTo("wrong week");
        assertThat(installation.records(installation.topics().events()))
                .filteredOn(record -> new String(record.key(), StandardCharsets.UTF_8).equals("stop-me"))
                .extracting(record -> record.partition())
                .containsExactly(StateReader.partition("stop-me", Installation.PARTITIONS));
    }

    @Test
    void jobsAreListedByTheirNewestRows() {
        Map<String, State> expected = new HashMap<>();
        for (int i = 0; i < 50; i++) {
            String id = "listed-" + i;
            Job job = JobBuilder.withId(id)
                    .offlineQuery(query())
                    .tag("list", "yes")
                    .build();
            installation.row(job, State.QUEUED);
            State last = i % 2 == 0 ? State.RUNNING : State.SUCCEEDED;
            installation.row(job, last);
            expected.put(id, last);
        }
        JobFilter listed = JobFilter.all().tagged("list", "yes");
        assertThat(states(listed)).isEqualTo(expected);
        assertThat(states(listed.in(State.RUNNING))).hasSize(25);
        assertThat(states(listed.in(State.QUEUED))).isEmpty();
        assertThat(states(listed.ofGroup("elsewhere"))).isEmpty();
    }

    @Test
    void rowsOfAnAbortedTransactionAreNotSeen() throws Exception {
        Job job = job("transactional");
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", installation.settings().get("bootstrap.servers"));
        config.put("transactional.id", "lifecycle");
        try (KafkaProducer<byte[], byte[]> writer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            writer.initTransactions();
            writer.beginTransaction();
            writer.send(state(job, State.FAILED)).get();
            writer.abortTransaction();
            JobHandle handle = client.handle("transactional");
            assertThat(handle.state()).isEmpty();
            writer.beginTransaction();
            writer.send(state(job, State.SUCCEEDED)).get();
            writer.commitTransaction();
            await().untilAsserted(() ->
                    assertThat(handle.state().orElseThrow().getState()).isEqualTo(State.SUCCEEDED));
        }
    }

    @Test
    void anUnreadableRowIsPassedOver() throws Exception {
        Job job = job("garbled");
        CompletableFuture<JobState> finished = client.handle("garbled").await();
        installation.write(installation.topics().states(), "garbled", new byte[] {9, 9, 9});
        installation.row(job, State.SUCCEEDED);
        assertThat(finished.get(30, SECONDS).getState()).isEqualTo(State.SUCCEEDED);
    }

    @Test
    void aThousandHandlesAreServedByOneReader() throws Exception {
        List<CompletableFuture<JobState>> all = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            all.add(client.handle("many-" + i).await());
        }
        for (int i = 0; i < 1000; i++) {
            installation.row(job("many-" + i), State.SUCCEEDED);
        }
        CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).get(30, SECONDS);
    }

    @Test
    void closingEndsWhatIsAwaited() {
        CompletableFuture<JobState> finished = client.handle("never").await();
        client.close();
        assertThat(finished)
                .failsWithin(Duration.ofSeconds(30))
                .withThrowableThat()
                .withMessageContaining("the client is closed");
        assertThatThrownBy(() -> client.handle("never").state()).hasMessageContaining("the client is closed");
    }

    private Map<String, State> states(JobFilter filter) {
        Map<String, State> states = new HashMap<>();
        try (Stream<JobState> rows = client.jobs(filter)) {
            rows.forEach(row -> states.put(row.getJob().getId(), row.getState()));
        }
        return states;
    }

    private static ProducerRecord<byte[], byte[]> state(Job job, State state) {
        return new ProducerRecord<>(
                installation.topics().states(),
                job.getId().getBytes(StandardCharsets.UTF_8),
                installation.stateBytes(job, state));
    }

    private static Job job(String id) {
        return JobBuilder.withId(id).offlineQuery(query()).build();
    }

    private static io.quarry.avro.OfflineQuery query() {
        return OfflineQueryBuilder.of("airport.city").range("airport", 0, 10).build();
    }
}
