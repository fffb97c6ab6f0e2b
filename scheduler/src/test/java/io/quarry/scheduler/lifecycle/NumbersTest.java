package io.quarry.scheduler.lifecycle;

import static io.quarry.scheduler.lifecycle.TestLog.job;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.JobEventType;
import io.quarry.avro.JobState;
import io.quarry.avro.Outcome;
import io.quarry.avro.Progress;
import io.quarry.avro.Source;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the lifecycle counts and shows, and what it costs. */
class NumbersTest {
    @TempDir
    Path state;

    private TestLog log;

    @BeforeEach
    void open() {
        log = new TestLog(state);
    }

    @AfterEach
    void close() {
        log.close();
    }

    @Test
    void depthIsCountedFromStates() {
        for (int i = 0; i < 5; i++) {
            log.submit("a" + i, i);
        }
        log.submit(job("b").setResourceGroup("big").build(), 0);
        log.claim("a0", 1, "w0");
        log.claim("a1", 1, "w1");
        log.finish("a1", "w1", Outcome.RETRIABLE);
        log.claim("a2", 1, "w2");
        log.finish("a2", "w2", Outcome.SUCCEEDED);
        assertThat(depth("default", "QUEUED")).isEqualTo(2);
        assertThat(depth("default", "RUNNING")).isEqualTo(1);
        assertThat(depth("default", "RETRYING")).isEqualTo(1);
        assertThat(depth("big", "QUEUED")).isEqualTo(1);
        // All done, whatever a share group's lag says.
        for (String id : List.of("a0", "a1", "a3", "a4", "b")) {
            log.event(TestLog.begin(JobEventType.CANCEL_REQUESTED, id));
        }
        for (String group : List.of("default", "big")) {
            for (String counted : List.of("QUEUED", "RUNNING", "RETRYING", "LAUNCHING")) {
                assertThat(depth(group, counted)).as(group + counted).isZero();
            }
        }
    }

    @Test
    void rowsOfAVersionThatDidNotCountAreCountedOnce() {
        log.submit("a", 0);
        log.submit("b", 1);
        List<Recording.Line> rows = log.stored();
        log.close();
        log = new TestLog(state, name -> new Holding(name, name.equals(LifecycleTopology.ROWS) ? rows : List.of()));
        log.tick();
        assertThat(depth("default", "QUEUED")).isEqualTo(2);
        log.tick();
        assertThat(depth("default", "QUEUED")).isEqualTo(2);
        log.claim("a", 1, "w");
        assertThat(depth("default", "QUEUED")).isEqualTo(1);
    }

    @Test
    void endsAreCountedByCauseAndChangesByWhatTheyMean() {
        log.submit("a", 0);
        log.submit("a", 1);
        log.submit(job("a").setName("other").build(), 2);
        log.claim("a", 1, "w1");
        log.heartbeat("a", "w1", null);
        log.ticks(31);
        log.heartbeat("a", "w1", null);
        log.event(TestLog.begin(JobEventType.FINISHED, "a")
                .setClaim("w1")
                .setOutcome(Outcome.FAILED)
                .setCause(new Cause(CauseType.USER_ERROR, "no", Map.of())));
        log.submit("b", 3);
        log.passed(4);
        assertThat(total("duplicates")).isEqualTo(2);
        assertThat(total("conflicts")).isEqualTo(1);
        assertThat(total("lost")).isEqualTo(1);
        assertThat(total("came-back")).isEqualTo(1);
        assertThat(total("requeues")).isEqualTo(1);
        assertThat(log.metric("ended-by-cause-total", Map.of("cause", "USER_ERROR")))
                .isEqualTo(1);
        assertThat(log.metric("attempts-ended-by-cause-total", Map.of("cause", "WORKER_SILENT")))
                .isEqualTo(1);
        assertThat(log.metric("entered-total", Map.of("state", "QUEUED"))).isEqualTo(2);
    }

    @Test
    void eventsOfAStrangerChangeNothingAndAreCounted() {
        log.submit("a", 0);
        log.claim("a", 1, "owner");
        log.rows();
        log.claim("a", 1, "stranger");
        log.heartbeat("a", "stranger", null);
        log.finish("a", "stranger", Outcome.SUCCEEDED);
        log.finish("nobody-knows", "stranger", Outcome.SUCCEEDED);
        assertThat(log.rows()).isEmpty();
        assertThat(total("fenced")).isEqualTo(4);
        log.event(TestLog.begin(JobEventType.WORKER_DIED, "a").setClaim("stranger"));
        assertThat(log.rows()).isEmpty();
        // Not keyed by its job, so in nobody's partition; and an id of 10 kB.
        log.raw("b", TestLog.begin(JobEventType.CANCEL_REQUESTED, "a").build());
        log.event(TestLog.begin(JobEventType.CANCEL_REQUESTED, "x".repeat(10_240)));
        assertThat(log.rows()).isEmpty();
        assertThat(total("unreadable")).isEqualTo(2);
    }

    @Test
    void aJobQueuedForMoreThanHalfTheRetentionOfItsQueueRaisesTheAlarm() {
        log.submit("a", 0);
        log.wait(Duration.ofDays(14));
        log.ticks(10);
        assertThat(log.metric("oldest-queued-alarm", Map.of("group", "default")))
                .isZero();
        log.wait(Duration.ofDays(2));
        log.ticks(10);
        assertThat(log.metric("oldest-queued-alarm", Map.of("group", "default")))
                .isEqualTo(1);
        assertThat(log.metric("oldest-queued-seconds", Map.of("group", "default")))
                .isGreaterThan(16 * 86_400 - 1);
        log.event(TestLog.begin(JobEventType.CANCEL_REQUESTED, "a"));
        log.ticks(10);
        assertThat(log.metric("oldest-queued-alarm", Map.of("group", "default")))
                .isZero();
    }

    @Test
    void aThousandWorkersWriteAtMostOneRowEachPerProgressInterval() {
        int workers = 1000;
        for (int i = 0; i < workers; i++) {
            log.submit("j" + i, i);
            log.claim("j" + i, 1, "w" + i);
            log.heartbeat("j" + i, "w" + i, Progress.newBuilder().build());
        }
        log.rows();
        for (int seconds = 0; seconds < 90; seconds += 5) {
            log.wait(Duration.ofSeconds(5));
            for (int i = 0; i < workers; i++) {
                log.heartbeat(
                        "j" + i, "w" + i, Progress.newBuilder().setRows(seconds).build());
            }
        }
        // 18,000 heartbeats in three intervals of 30 s.
        assertThat(log.rows()).hasSize(3 * workers);
    }

    @Test
    void aMillionJobsInBackoffCostNothingPerTickWhenNoneIsDue() {
        CountedStore store = new CountedStore();
        Timers timers = new Timers(store);
        long hour = 3_600_000;
        for (int i = 0; i < 1_000_000; i++) {
            timers.arm("job-" + i, hour + i);
        }
        timers.tick(1000, 1000);
        assertThat(timers.due(1000, 500)).isEmpty();
        store.operations = 0;
        for (int second = 2; second < 102; second++) {
            timers.tick(second * 1000L, 1000);
            assertThat(timers.due(second * 1000L, 500)).isEmpty();
            timers.leasesOut(500, job -> 30, (job, claim) -> assertThat(job).isNull());
            timers.save();
        }
        // A look at the due ones, one at the leases, and the clock.
        assertThat(store.operations).isLessThanOrEqualTo(3 * 100);
        assertThat(timers.due(hour + 2, 500)).containsExactly("job-0", "job-1", "job-2");
    }

    @Test
    void aJobStateTopicThatWasDeletedIsFilledAgain() {
        log.statesTopic = "first";
        for (int i = 0; i < 1200; i++) {
            log.submit("j" + i, i);
        }
        log.tick();
        assertThat(log.rows()).hasSize(1200);
        log.ticks(2);
        assertThat(log.rows()).isEmpty();
        log.statesTopic = "second";
        log.ticks(1);
        assertThat(log.rows()).hasSize(500);
        log.ticks(4);
        List<JobState> again = log.rows();
        assertThat(again).hasSize(700);
        assertThat(again).extracting(row -> row.getJob().getId()).doesNotHaveDuplicates();
        log.ticks(2);
        assertThat(log.rows()).isEmpty();
    }

    @Test
    void jobsOfAQueueThatWasMadeAnewAreAppendedAgainOnce() {
        String jobs = TestLog.TOPICS.jobs("default");
        String retries = TestLog.TOPICS.retries("default");
        log.queues = Map.of(jobs, "first", retries, "r");
        for (int i = 0; i < 700; i++) {
            log.submit("j" + i, i + 5000);
        }
        log.ticks(2);
        assertThat(log.retries()).isEmpty();
        log.queues = Map.of(jobs, "second", retries, "r");
        log.ticks(1);
        assertThat(log.retries()).hasSize(500);
        log.ticks(3);
        assertThat(log.retries()).hasSize(200);
        log.queues = Map.of(retries, "r");
        log.ticks(1);
        log.queues = Map.of(jobs, "second", retries, "r");
        log.ticks(2);
        assertThat(log.retries()).isEmpty();
    }

    @Test
    void aWorkersClockAYearOffChangesNothing() {
        log.submit(job("right").setBackoffMs(0L).build(), 0);
        log.submit(job("wrong").setBackoffMs(0L).build(), 1);
        for (String id : List.of("right", "wrong")) {
            var at = id.equals("wrong") ? TestLog.T0.plus(Duration.ofDays(365)) : TestLog.T0;
            log.event(TestLog.begin(JobEventType.CLAIMED, id)
                    .setAt(at)
                    .setAttempt(1)
                    .setClaim(id)
                    .setWorker("w")
                    .setSource(new Source(TestLog.TOPICS.jobs("default"), 0L)));
            log.event(TestLog.begin(JobEventType.HEARTBEAT, id)
                    .setAt(at)
                    .setClaim(id)
                    .setStarted(true));
        }
        log.ticks(31);
        List<JobState> rows = new ArrayList<>(log.rows());
        assertThat(rows.stream()
                        .filter(row -> row.getJob().getId().equals("wrong"))
                        .map(NumbersTest::times))
                .containsExactlyElementsOf(rows.stream()
                        .filter(row -> row.getJob().getId().equals("right"))
                        .map(NumbersTest::times)
                        .toList());
    }

    private static String times(JobState row) {
        return row.getState() + " " + row.getStartedAt() + row.getRunDeadline()
                + row.getHistory().stream()
                        .map(line -> line.getAt() + line.getDetail())
                        .toList();
    }

    private double depth(String group, String counted) {
        return log.metric("depth", Map.of("group", group, "state", counted));
    }

    private double total(String name) {
        return log.metric(name + "-total", Map.of());
    }

    /** A store that holds something already, as after a restore. */
    record Holding(String name, List<Recording.Line> lines) implements KeyValueBytesStoreSupplier {
        @Override
        public KeyValueStore<Bytes, byte[]> get() {
            KeyValueStore<Bytes, byte[]> store =
                    Stores.inMemoryKeyValueStore(name).get();
            lines.forEach(line -> store.put(Bytes.wrap(line.key()), line.value()));
            return store;
        }

        @Override
        public String metricsScope() {
            return "holding";
        }
    }
}
