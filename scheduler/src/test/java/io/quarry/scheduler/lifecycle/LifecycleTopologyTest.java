package io.quarry.scheduler.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.Command;
import io.quarry.avro.CommandType;
import io.quarry.avro.DeadJob;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.JobState;
import io.quarry.avro.OnMemory;
import io.quarry.avro.Outcome;
import io.quarry.avro.Progress;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.Source;
import io.quarry.avro.State;
import io.quarry.avro.Transition;
import io.quarry.scheduler.TestWire;
import io.quarry.scheduler.streams.StreamsApp;
import io.quarry.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The lifecycle without a broker; time is what the records say. */
class LifecycleTopologyTest {
    private static final Topics TOPICS = Topics.withDefaultPrefix();
    private static final Instant T0 = Instant.parse("2026-03-01T10:00:00Z");
    private static final LifecycleSettings SETTINGS = new LifecycleSettings(
            TOPICS,
            30,
            Duration.ofSeconds(1),
            Duration.ofSeconds(30),
            Duration.ofDays(30),
            Duration.ofDays(30),
            Duration.ofSeconds(5));

    @TempDir
    Path state;

    private final TestWire wire = new TestWire();
    private TopologyTestDriver driver;
    private TestInputTopic<byte[], byte[]> events;
    private Instant now = T0;

    @BeforeEach
    void open() {
        Properties p = StreamsApp.properties(
                "lifecycle", Map.of("bootstrap.servers", "none:1"), Map.of("state.dir", state.toString()));
        driver = new TopologyTestDriver(new LifecycleTopology(SETTINGS, () -> wire, () -> "", Map::of).get(), p);
        events = driver.createInputTopic(TOPICS.events(), new ByteArraySerializer(), new ByteArraySerializer());
        ResourceGroup group = ResourceGroup.newBuilder()
                .setName("default")
                .setWorker(new Resources(1L, 1L, 1L))
                .setOversizeCeiling(new Resources(9L, 9L, 9L))
                .setMaxAttempts(2)
                .setBackoffMs(4000)
                .build();
        driver.createInputTopic(TOPICS.groups(), new ByteArraySerializer(), new ByteArraySerializer())
                .pipeInput(utf8("default"), wire.write("", group));
    }

    @AfterEach
    void close() {
        driver.close();
    }

    @Test
    void aJobGoesFromSubmittedToPublished() {
        submit("a", 0);
        claim("a", 1, "w1");
        heartbeat("a", "w1", null);
        finish("a", "w1", Outcome.SUCCEEDED);
        assertThat(rows())
                .extracting(JobState::getState)
                .containsExactly(State.QUEUED, State.RUNNING, State.RUNNING, State.SUCCEEDED);
        assertThat(commands()).extracting(Command::getType).containsExactly(CommandType.GRANT);
    }

    @Test
    void aGroupsOwnLeaseAndLongestRunHoldForItsJobs() {
        ResourceGroup patient = ResourceGroup.newBuilder()
                .setName("default")
                .setWorker(new Resources(1L, 1L, 1L))
                .setLeaseMs(60_000L)
                .setMaxRunMs(90_000L)
                .build();
        driver.createInputTopic(TOPICS.groups(), new ByteArraySerializer(), new ByteArraySerializer())
                .pipeInput(utf8("default"), wire.write("", patient));
        submit("a", 0);
        claim("a", 1, "w1");
        heartbeat("a", "w1", null);
        List<JobState> begun = rows();
        JobState running = begun.get(begun.size() - 1);
        assertThat(running.getRunDeadline()).isEqualTo(running.getStartedAt().plusSeconds(90));
        ticks(59);
        assertThat(rows()).isEmpty();
        ticks(1);
        assertThat(row().getState()).isEqualTo(State.RETRYING);
    }

    @Test
    void anHourOfDowntimeLosesNobody() {
        submit("a", 0);
        claim("a", 1, "w1");
        heartbeat("a", "w1", null);
        rows();
        // Nobody ticked for an hour, while the worker went on; then everything is read at once.
        now = now.plus(Duration.ofHours(1));
        ticks(3);
        heartbeat("a", "w1", null);
        ticks(29);
        assertThat(rows()).isEmpty();
        ticks(1);
        assertThat(row().getState()).isEqualTo(State.RETRYING);
    }

    @Test
    void severalTickersCountAsOneAndABurstAsOneTick() {
        submit("a", 0);
        claim("a", 1, "w1");
        heartbeat("a", "w1", null);
        rows();
        for (int i = 0; i < 29; i++) {
            now = now.plusMillis(500);
            tick();
            now = now.plusMillis(500);
            tick();
            tick();
        }
        assertThat(rows()).isEmpty();
    }

    @Test
    void aLostOwnerComesBack() {
        submit("a", 0);
        claim("a", 1, "w1");
        heartbeat("a", "w1", null);
        ticks(31);
        JobState lost = last();
        assertThat(lost.getState()).isEqualTo(State.RETRYING);
        assertThat(lost.getCharged()).isEqualTo(2);
        assertThat(commands()).extracting(Command::getType).doesNotContain(CommandType.FENCE);
        ticks(5);
        assertThat(appended()).extracting(Job::getAttempt).containsExactly(2);
        heartbeat("a", "w1", null);
        JobState back = last();
        assertThat(back.getState()).isEqualTo(State.RUNNING);
        assertThat(back.getAttempt()).isEqualTo(1);
        assertThat(back.getCharged()).isEqualTo(1);
        // The next attempt's record is fenced like any other.
        claim("a", 2, "w2");
        assertThat(commands()).last().satisfies(c -> {
            assertThat(c.getType()).isEqualTo(CommandType.FENCE);
            assertThat(c.getClaim()).isEqualTo("w2");
        });
        // Lost again: the number two is not given out again.
        ticks(31);
        assertThat(last().getAttempt()).isEqualTo(3);
    }

    @Test
    void numbersAreNeverReused() {
        submit("a", 0);
        claim("a", 1, "w1");
        heartbeat("a", "w1", null);
        ticks(36);
        // Lost, come back, lost again: two was issued, and nobody claimed it.
        heartbeat("a", "w1", null);
        ticks(36);
        assertThat(appended()).extracting(Job::getAttempt).containsExactly(2, 3);
        claim("a", 2, "w2");
        assertThat(commands()).last().extracting(Command::getType).isEqualTo(CommandType.FENCE);
        claim("a", 3, "w3");
        assertThat(last().getOwner().getClaim()).isEqualTo("w3");
    }

    @Test
    void aMisplacedDuplicateIsLaunched() {
        event(begin(JobEventType.SUBMITTED, "a").setJob(job("a")).setSource(new Source(TOPICS.oversize(), 0L)));
        event(begin(JobEventType.LAUNCHED, "a").setAttempt(1));
        // The same job lies in its group's queue as well, and a worker takes that before the pod is up.
        submit("a", 0);
        claim("a", 1, "w1");
        finish("a", "w1", Outcome.MISPLACED);
        JobState row = last();
        assertThat(row.getState()).isEqualTo(State.LAUNCHING);
        assertThat(row.getCharged()).isEqualTo(1);
        // A pod of a name of its own: the first one's would be taken for launched already.
        assertThat(read(TOPICS.oversize(), Job.class))
                .extracting(Job::getAttempt)
                .containsExactly(2);
    }

    @Test
    void aRecordRemovedFromTheRouterIsAppendedAgain() {
        event(begin(JobEventType.SUBMITTED, "a").setJob(job("a")).setSource(new Source(TOPICS.oversize(), 3L)));
        JobState submitted = last();
        event(begin(JobEventType.PASSED, "").setSource(new Source(TOPICS.oversize(), 3L)));
        assertThat(rows()).as("it is the first one that is still there").isEmpty();
        assertThat(submitted.getSource().getOffset()).isEqualTo(3);

        event(begin(JobEventType.PASSED, "").setSource(new Source(TOPICS.oversize(), 4L)));

        JobState removed = last();
        assertThat(removed.getState()).isEqualTo(State.LAUNCHING);
        assertThat(removed.getSource()).isNull();
        assertThat(read(TOPICS.oversize(), Job.class))
                .extracting(Job::getAttempt)
                .containsExactly(1);
        event(begin(JobEventType.ENQUEUED, "a").setAttempt(1).setSource(new Source(TOPICS.oversize(), 9L)));
        assertThat(last().getSource().getOffset()).isEqualTo(9);
    }

    @Test
    void whyAJobWaitsIsSaidOnceAndForgottenWhenItRuns() {
        event(begin(JobEventType.SUBMITTED, "a").setJob(job("a")).setSource(new Source(TOPICS.oversize(), 3L)));
        event(begin(JobEventType.WAITING, "a").setAttempt(1).setReason("no node has so much"));
        event(begin(JobEventType.WAITING, "a").setAttempt(1).setReason("one node less"));
        event(begin(JobEventType.WAITING, "a").setAttempt(1).setReason("one node less"));
        List<JobState> rows = rows();
        assertThat(rows)
                .extracting(JobState::getWaitsBecause)
                .containsExactly(null, "no node has so much", "one node less");
        assertThat(rows.get(2).getHistory())
                .extracting(Transition::getDetail)
                .containsExactly("submitted", "no node has so much");

        claim("a", 1, "w1");

        assertThat(last().getWaitsBecause()).isNull();
    }

    @Test
    void aJobOnTheRouterThatIsLargerThanTheCeilingFailsWithTheNearestSize() {
        Job giant = Job.newBuilder(job("a"))
                .setResources(new Resources(null, 1L << 60, null))
                .build();
        event(begin(JobEventType.SUBMITTED, "a").setJob(giant).setSource(new Source(TOPICS.oversize(), 3L)));

        JobState row = last();
        assertThat(row.getState()).isEqualTo(State.FAILED);
        assertThat(row.getCause().getMessage()).contains("The nearest size is");
    }

    @Test
    void whatTheJobSaysAboutItsAttemptsComesBeforeWhatItsGroupSays() {
        Job job = Job.newBuilder(job("a"))
                .setBackoffMs(0L)
                .setMaxAttempts(2)
                .setRetryOn(List.of("USER_ERROR"))
                .setNoRetryOn(List.of("WORKER_SILENT"))
                .build();
        event(begin(JobEventType.SUBMITTED, "a").setJob(job).setSource(new Source(TOPICS.jobs("default"), 0L)));
        claim("a", 1, "w1");
        event(begin(JobEventType.FINISHED, "a")
                .setClaim("w1")
                .setOutcome(Outcome.FAILED)
                .setCause(new Cause(CauseType.USER_ERROR, "no", Map.of())));
        JobState waiting = last();
        assertThat(waiting.getState()).isEqualTo(State.RETRYING);
        assertThat(waiting.getDueAt()).isEqualTo(now);
        ticks(1);
        claim("a", 2, "w2");
        heartbeat("a", "w2", null);
        ticks(31);
        JobState lost = last();
        assertThat(lost.getState()).isEqualTo(State.FAILED);
        assertThat(lost.getCause().getType()).isEqualTo(CauseType.WORKER_SILENT);
    }

    @Test
    void notAfterTheSuccessorClaimed() {
        submit("a", 0);
        claim("a", 1, "w1");
        heartbeat("a", "w1", null);
        ticks(36);
        claim("a", 2, "w2");
        heartbeat("a", "w1", null);
        finish("a", "w1", Outcome.SUCCEEDED);
        JobState row = last();
        assertThat(row.getOwner().getClaim()).isEqualTo("w2");
        assertThat(row.getState()).isEqualTo(State.RUNNING);
    }

    @Test
    void aRetryIsAppendedOnceItsBackoffIsOverAndTheLastFailureIsDead() {
        submit("a", 0);
        claim("a", 1, "w1");
        finish("a", "w1", Outcome.RETRIABLE);
        JobState waiting = last();
        assertThat(waiting.getDueAt()).isBetween(now, now.plusSeconds(4));
        ticks(5);
        assertThat(appended()).extracting(Job::getAttempt).containsExactly(2);
        claim("a", 2, "w2");
        finish("a", "w2", Outcome.RETRIABLE);
        assertThat(last().getState()).isEqualTo(State.FAILED);
        DeadJob dead = read(TOPICS.dead(), DeadJob.class).get(0);
        assertThat(dead.getAttempts()).isEqualTo(2);
    }

    @Test
    void oneSourceIsRequeuedOnce() {
        submit("a", 0);
        submit("b", 1);
        passed(1);
        passed(1);
        assertThat(appended()).extracting(Job::getId).containsExactly("a");
        passed(2);
        assertThat(appended()).extracting(Job::getId).containsExactly("b");
    }

    @Test
    void passedNeverDoublesAClaimedJob() {
        submit("a", 0);
        claim("a", 1, "w1");
        passed(1);
        assertThat(appended()).isEmpty();
    }

    @Test
    void moreThanOneSweepOfPassedRecordsIsRequeuedInTheirOrder() {
        for (int i = 0; i < 1200; i++) {
            submit("j" + i, i);
        }
        passed(1200);
        ticks(3);
        List<Job> all = appended();
        assertThat(all).hasSize(1200);
        assertThat(all.get(1199).getId()).isEqualTo("j1199");
    }

    @Test
    void cancelOvertakesSubmit() {
        event(begin(JobEventType.CANCEL_REQUESTED, "a").setRequestedBy("me"));
        submit("a", 0);
        claim("a", 1, "w1");
        JobState row = last();
        assertThat(row.getState()).isEqualTo(State.CANCELLED);
        assertThat(row.getDuplicates()).isZero();
        assertThat(row.getSubmittedSource()).isNotNull();
        assertThat(commands()).extracting(Command::getType).containsExactly(CommandType.FENCE);
    }

    @Test
    void sameIdOtherBody() {
        submit("a", 0);
        event(begin(JobEventType.SUBMITTED, "a")
                .setJob(Job.newBuilder(job("a")).setName("another").build())
                .setSource(new Source(TOPICS.jobs("default"), 1L)));
        JobState row = last();
        assertThat(row.getConflict()).isTrue();
        assertThat(row.getDuplicates()).isEqualTo(1);
        assertThat(row.getJob()).isEqualTo(job("a"));
        assertThat(row.getHistory())
                .last()
                .satisfies(line -> assertThat(line.getDetail()).contains("another body"));
    }

    @Test
    void aJobThatRunsOutOfMemoryGoesOnInTheNextLargerGroupAndStaysTheSameJob() {
        ladder();
        submit("a", 0);
        runsOutOfMemory(1, "w1");
        ticks(1);
        List<Job> moved = read(TOPICS.retries("large"), Job.class);
        assertThat(moved).singleElement().satisfies(job -> {
            assertThat(job.getId()).isEqualTo("a");
            assertThat(job.getAttempt()).isEqualTo(2);
            assertThat(job.getResourceGroup()).isEqualTo("large");
        });
        assertThat(appended()).isEmpty();

        // A late word of the first worker, another one with the first record, the submission again: all without effect.
        commands();
        finish("a", "w1", Outcome.SUCCEEDED);
        claim("a", 1, "w2");
        submit("a", 1);
        assertThat(last().getConflict()).isFalse();
        assertThat(commands()).extracting(Command::getType).containsExactly(CommandType.FENCE, CommandType.FENCE);

        event(begin(JobEventType.CLAIMED, "a")
                .setAttempt(2)
                .setClaim("w3")
                .setWorker("large-1")
                .setStarted(true)
                .setJob(moved.get(0)));
        finish("a", "w3", Outcome.SUCCEEDED);
        JobState row = last();
        assertThat(row.getState()).isEqualTo(State.SUCCEEDED);
        assertThat(row.getAsked().getResourceGroup()).isEqualTo("default");
        assertThat(row.getHistory())
                .anySatisfy(line -> assertThat(line.getDetail())
                        .startsWith("ran out of memory, is tried again on a worker of group large"));
    }

    @Test
    void aJobThatHasTheLargestSizeIsDeadAsItWasSubmitted() {
        ladder();
        submit("a", 0);
        runsOutOfMemory(1, "w1");
        ticks(1);
        runsOutOfMemory(2, "w2");
        ticks(1);
        // The ceiling of group large: a process of its own.
        assertThat(read(TOPICS.oversize(), Job.class)).singleElement().satisfies(job -> {
            assertThat(job.getResourceGroup()).isEqualTo("large");
            assertThat(job.getResources().getMemoryBytes()).isEqualTo(6);
        });
        runsOutOfMemory(3, "pod");
        JobState row = last();
        assertThat(row.getState()).isEqualTo(State.FAILED);
        assertThat(row.getHistory())
                .last()
                .satisfies(line -> assertThat(line.getDetail()).contains("no larger size: it had 6"));
        assertThat(read(TOPICS.dead(), DeadJob.class))
                .singleElement()
                .satisfies(dead -> assertThat(dead.getJob()).isEqualTo(job("a")));
    }

    /** Group default, then group large, then a process of its own. */
    private void ladder() {
        ResourceGroup small = ResourceGroup.newBuilder()
                .setName("default")
                .setWorker(new Resources(1L, 1L, 1L))
                .setOnMemory(new OnMemory("large", 2.0))
                .build();
        ResourceGroup large = ResourceGroup.newBuilder()
                .setName("large")
                .setWorker(new Resources(1L, 4L, 1L))
                .setOversizeCeiling(new Resources(null, 6L, null))
                .setMaxAttempts(5)
                .setOnMemory(new OnMemory(null, 2.0))
                .build();
        TestInputTopic<byte[], byte[]> groups =
                driver.createInputTopic(TOPICS.groups(), new ByteArraySerializer(), new ByteArraySerializer());
        groups.pipeInput(utf8("default"), wire.write("", small));
        groups.pipeInput(utf8("large"), wire.write("", large));
    }

    /** An attempt at job a that takes more memory than there is. */
    private void runsOutOfMemory(int attempt, String claim) {
        claim("a", attempt, claim);
        heartbeat("a", claim, null);
        event(begin(JobEventType.FINISHED, "a")
                .setClaim(claim)
                .setOutcome(Outcome.FAILED)
                .setCause(new Cause(CauseType.MEMORY_LIMIT, "Too large.", Map.of())));
    }

    @Test
    void progressMakesARowAtMostOnceAnInterval() {
        submit("a", 0);
        claim("a", 1, "w1");
        rows();
        for (int i = 0; i < 12; i++) {
            now = now.plusSeconds(5);
            heartbeat("a", "w1", Progress.newBuilder().setRows(i).build());
        }
        assertThat(rows()).hasSize(2);
    }

    @Test
    void aFinalRowGoesAfterTheRetention() {
        submit("a", 0);
        claim("a", 1, "w1");
        finish("a", "w1", Outcome.SUCCEEDED);
        rows();
        now = now.plus(Duration.ofDays(31));
        tick();
        assertThat(driver.createOutputTopic(TOPICS.states(), new ByteArrayDeserializer(), new ByteArrayDeserializer())
                        .readValue())
                .isNull();
    }

    @Test
    void garbageInTheLogStopsNobody() {
        events.pipeInput(utf8("a"), new byte[] {9}, now);
        events.pipeInput(new TestRecord<>(utf8("a"), (byte[]) null, now));
        event(begin(JobEventType.CLAIMED, "a"));
        submit("a", 0);
        assertThat(last().getState()).isEqualTo(State.QUEUED);
    }

    @Test
    void historyIsBoundedAndKeepsItsBeginning() {
        submit("a", 0);
        claim("a", 1, "w1");
        for (int i = 0; i < 100; i++) {
            event(begin(JobEventType.SUBMITTED, "a")
                    .setJob(Job.newBuilder(job("a")).setName("n" + i).build())
                    .setSource(new Source(TOPICS.jobs("default"), i + 1L)));
        }
        JobState row = last();
        assertThat(row.getHistory()).hasSize(64);
        assertThat(row.getHistory().get(0).getDetail()).isEqualTo("submitted");
        assertThat(row.getDuplicates()).isEqualTo(100);
    }

    // ---- events

    private static Job job(String id) {
        return Job.newBuilder().setId(id).setKind("nothing").build();
    }

    private static JobEvent.Builder begin(JobEventType type, String id) {
        return JobEvent.newBuilder().setType(type).setJobId(id).setAt(T0);
    }

    private void submit(String id, long offset) {
        event(begin(JobEventType.SUBMITTED, id).setJob(job(id)).setSource(new Source(TOPICS.jobs("default"), offset)));
    }

    private void claim(String id, int attempt, String claim) {
        event(begin(JobEventType.CLAIMED, id)
                .setAttempt(attempt)
                .setClaim(claim)
                .setWorker("worker")
                .setStarted(false));
    }

    private void heartbeat(String id, String claim, @Nullable Progress progress) {
        event(begin(JobEventType.HEARTBEAT, id).setClaim(claim).setStarted(true).setProgress(progress));
    }

    private void finish(String id, String claim, Outcome outcome) {
        event(begin(JobEventType.FINISHED, id).setClaim(claim).setOutcome(outcome));
    }

    private void passed(long offset) {
        event(begin(JobEventType.PASSED, "").setSource(new Source(TOPICS.jobs("default"), offset)));
    }

    private void ticks(int n) {
        for (int i = 0; i < n; i++) {
            now = now.plusSeconds(1);
            tick();
        }
    }

    private void tick() {
        event(begin(JobEventType.TICK, "").setTickIntervalMs(1000L));
    }

    private void event(JobEvent.Builder event) {
        events.pipeInput(utf8(event.getJobId()), wire.write("", event.build()), now);
    }

    // ---- what came of them

    private List<JobState> rows() {
        return read(TOPICS.states(), JobState.class);
    }

    private JobState row() {
        return rows().get(0);
    }

    private JobState last() {
        List<JobState> rows = rows();
        return rows.get(rows.size() - 1);
    }

    private List<Command> commands() {
        return read(TOPICS.commands(), Command.class);
    }

    private List<Job> appended() {
        return read(TOPICS.retries("default"), Job.class);
    }

    private <T extends org.apache.avro.specific.SpecificRecord> List<T> read(String topic, Class<T> type) {
        return driver
                .createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer())
                .readValuesToList()
                .stream()
                .filter(Objects::nonNull)
                .map(bytes -> wire.read(topic, bytes, type))
                .toList();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
