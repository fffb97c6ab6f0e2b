package io.quarry.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarry.avro.Job;
import io.quarry.avro.Resources;
import io.quarry.avro.State;
import io.quarry.client.ReplayReport.Skip;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class ReplayIT {
    private static Installation installation;
    private QuarryClient client;

    @BeforeAll
    static void startBroker() throws Exception {
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

    /** A group of its own for a test, with jobs of ids that begin with its name. */
    private static List<Job> filled(String group, int count) throws Exception {
        String topic = installation.queue(group);
        List<Job> jobs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Job job = job(group + "-" + i, group, i % 2 == 0 ? "even" : "odd").build();
            installation.job(topic, job);
            jobs.add(job);
        }
        return jobs;
    }

    private static Job.Builder job(String id, String group, String tag) {
        return Job.newBuilder(JobBuilder.withId(id)
                .group(group)
                .custom("echo", "text/plain", id.getBytes(StandardCharsets.UTF_8))
                .tag("side", tag)
                .build());
    }

    private static void silent(ReplayReport report) {}

    private static List<String> repeated(String topic) {
        return installation.jobs(topic).stream()
                .filter(job -> job.getRepeats() != null)
                .map(Job::getRepeats)
                .toList();
    }

    private static List<String> ids(List<Job> jobs) {
        return jobs.stream().map(Job::getId).toList();
    }

    @Test
    void theOldJobsAreAppendedAgainInTheOldOrderAndTheReplayEndsThoughTheyLandInItsRange() throws Exception {
        List<Job> jobs = filled("order", 20);
        String topic = installation.topics().jobs("order");

        ReplayReport report = client.replay(Replay.ofGroup("order"), ReplayIT::silent);

        assertThat(report.complete()).isTrue();
        assertThat(report.read()).isEqualTo(20);
        assertThat(report.appended()).isEqualTo(20);
        assertThat(report.fromOffset()).isZero();
        assertThat(report.toOffset()).isEqualTo(20);
        assertThat(report.skipped().values()).containsOnly(0L);
        assertThat(repeated(topic)).isEqualTo(ids(jobs));
        assertThat(installation.jobs(topic).subList(20, 40))
                .allSatisfy(job -> assertThat(job.getId())
                        .isEqualTo(Repeats.id(job.getRepeats(), "replay/" + report.replayId())
                                .toString()));
    }

    @Test
    void theSameReplayAgainChangesNothing() throws Exception {
        filled("twice", 5);
        String topic = installation.topics().jobs("twice");
        client.replay(Replay.ofGroup("twice").withId("t1"), ReplayIT::silent);

        ReplayReport again = client.replay(Replay.ofGroup("twice").withId("t1"), ReplayIT::silent);

        assertThat(again.appended()).isZero();
        assertThat(again.read()).isEqualTo(10);
        assertThat(again.skipped()).containsEntry(Skip.ALREADY_REPLAYED, 5L).containsEntry(Skip.OF_THIS_REPLAY, 5L);
        assertThat(installation.records(topic)).hasSize(10);
    }

    @Test
    void aReplayThatStoppedHalfWayGoesOnUnderItsNameAndDoublesNothing() throws Exception {
        List<Job> jobs = filled("half", 12);
        String topic = installation.topics().jobs("half");

        ReplayReport stopped = client.replay(Replay.ofGroup("half").withId("h1"), report -> {
            if (report.appended() == 7) {
                Thread.currentThread().interrupt();
            }
        });

        assertThat(Thread.interrupted()).as("the caller learns of it").isTrue();
        assertThat(stopped.complete()).isFalse();
        assertThat(stopped.appended()).isEqualTo(7);
        assertThat(stopped.nextOffset()).isEqualTo(7);
        assertThat(repeated(topic)).hasSize(7);
        // Another process knows nothing but the name.
        try (QuarryClient other = QuarryClient.connect(installation.settings())) {
            ReplayReport rest = other.replay(Replay.ofGroup("half").to(12).withId("h1"), ReplayIT::silent);
            assertThat(rest.appended()).isEqualTo(5);
            assertThat(rest.skipped()).containsEntry(Skip.ALREADY_REPLAYED, 7L);
        }
        assertThat(repeated(topic)).isEqualTo(ids(jobs));
    }

    @Test
    void aJobThatTheLifecycleKnowsIsNotAppendedAgainThoughItsRecordIsGone() throws Exception {
        Job job = filled("known", 1).get(0);
        installation.row(Repeats.replayed(job, "replay/k1", null, Instant.EPOCH), State.SUCCEEDED);

        ReplayReport report = client.replay(Replay.ofGroup("known").withId("k1"), ReplayIT::silent);

        assertThat(report.skipped()).containsEntry(Skip.ALREADY_REPLAYED, 1L);
        assertThat(report.appended()).isZero();
    }

    @Test
    void onlyWhatIsAskedForIsReplayed() throws Exception {
        List<Job> jobs = filled("filter", 6);
        String topic = installation.topics().jobs("filter");
        installation.job(
                topic,
                Job.newBuilder(job("filter-other", "filter", "even").build())
                        .setKind("other")
                        .build());
        installation.row(jobs.get(0), State.RUNNING);
        installation.row(jobs.get(0), State.FAILED);
        installation.row(jobs.get(1), State.FAILED);
        installation.row(jobs.get(2), State.FAILED);
        installation.row(jobs.get(2), State.SUCCEEDED);

        ReplayReport report = client.replay(
                Replay.ofGroup("filter").ofKind("echo").tagged("side", "even").in(State.FAILED), ReplayIT::silent);

        assertThat(repeated(topic)).containsExactly("filter-0");
        assertThat(report.read()).isEqualTo(7);
        assertThat(report.skipped())
                .containsEntry(Skip.KIND, 1L)
                .containsEntry(Skip.TAG, 3L)
                .containsEntry(Skip.STATE, 2L);
        assertThat(report.byState()).isEqualTo(Map.of(State.FAILED, 1L));
    }

    @Test
    void aDryRunTellsTheStatesOfWhatItWouldAppendCancelledJobsIncluded() throws Exception {
        List<Job> jobs = filled("states", 4);
        installation.row(jobs.get(0), State.SUCCEEDED);
        installation.row(jobs.get(1), State.CANCELLED);
        installation.row(jobs.get(2), State.SUCCEEDED);

        ReplayReport all = client.replay(Replay.ofGroup("states").dryRun(), ReplayIT::silent);
        ReplayReport some =
                client.replay(Replay.ofGroup("states").in(State.CANCELLED).dryRun(), ReplayIT::silent);

        assertThat(all.byState()).isEqualTo(Map.of(State.SUCCEEDED, 2L, State.CANCELLED, 1L, State.UNKNOWN, 1L));
        assertThat(some.byState()).isEqualTo(Map.of(State.CANCELLED, 1L));
    }

    @Test
    void aRangeIsGivenByOffsetOrByTheTimeOfTheLog() throws Exception {
        filled("range", 6);
        String topic = installation.topics().jobs("range");

        assertThat(client.replay(Replay.ofTopic(topic).from(2).to(4).dryRun(), ReplayIT::silent))
                .extracting(ReplayReport::fromOffset, ReplayReport::toOffset, ReplayReport::read)
                .containsExactly(2L, 4L, 2L);
        assertThat(client.replay(Replay.ofTopic(topic).to(Instant.EPOCH).dryRun(), ReplayIT::silent)
                        .read())
                .isZero();
        assertThat(client.replay(
                                Replay.ofTopic(topic)
                                        .from(Instant.EPOCH)
                                        .to(Instant.parse("2999-01-01T00:00:00Z"))
                                        .dryRun(),
                                ReplayIT::silent)
                        .read())
                .isEqualTo(6);
        assertThat(client.replay(Replay.ofTopic(topic).from(99).dryRun(), ReplayIT::silent)
                        .read())
                .as("beyond the end")
                .isZero();
    }

    @Test
    void aDryRunAppendsNothingAndSaysWhatItWould() throws Exception {
        filled("dry", 3);

        ReplayReport report = client.replay(Replay.ofGroup("dry").dryRun(), ReplayIT::silent);

        assertThat(report.dryRun()).isTrue();
        assertThat(report.appended()).isEqualTo(3);
        assertThat(installation.records(installation.topics().jobs("dry"))).hasSize(3);
    }

    @Test
    void anotherGroupGetsTheJobsAndItsOwnRouteForLargeOnes() throws Exception {
        List<Job> jobs = filled("small", 2);
        String topic = installation.topics().jobs("small");
        installation.job(
                topic,
                job("small-giant", "small", "even")
                        .setResources(new Resources(64_000L, null, null))
                        .build());
        String other = installation.queue("bigger");

        ReplayReport report = client.replay(Replay.ofGroup("small").into("bigger"), ReplayIT::silent);

        assertThat(repeated(other)).isEqualTo(ids(jobs));
        assertThat(installation.jobs(other))
                .allSatisfy(job -> assertThat(job.getResourceGroup()).isEqualTo("bigger"));
        assertThat(report.skipped()).as("fits nowhere").containsEntry(Skip.TOO_LARGE, 1L);
        assertThat(installation.records(topic)).hasSize(3);
    }

    @Test
    void whatIsNoJobIsCountedAndSkipped() throws Exception {
        List<Job> jobs = filled("poison", 1);
        String topic = installation.topics().jobs("poison");
        installation.write(topic, "a", null);
        installation.write(topic, "b", "not avro".getBytes(StandardCharsets.UTF_8));
        Job later = job("poison-later", "poison", "even").setAttempt(2).build();
        installation.job(topic, later);
        installation.job(topic, jobs.get(0));
        Job wrong = job("poison-wrong", "poison", "even").setMaxAttempts(0).build();
        installation.job(topic, wrong);

        ReplayReport report = client.replay(Replay.ofGroup("poison"), ReplayIT::silent);

        assertThat(report.read()).isEqualTo(6);
        assertThat(report.appended()).isEqualTo(1);
        assertThat(report.skipped())
                .containsEntry(Skip.TOMBSTONE, 1L)
                .containsEntry(Skip.UNREADABLE, 1L)
                .containsEntry(Skip.LATER_ATTEMPT, 1L)
                .containsEntry(Skip.DUPLICATE, 1L)
                .containsEntry(Skip.INVALID, 1L);
    }

    @Test
    void aTopicThatHoldsNoNewJobsIsRefused() {
        for (String topic : List.of("quarry.retries.default", "quarry.jobs.dead", "quarry.jobs.invalid", "elsewhere")) {
            assertThatThrownBy(() -> client.replay(Replay.ofTopic(topic), ReplayIT::silent))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(topic);
        }
        assertThatThrownBy(() -> client.replay(Replay.ofGroup("nowhere"), ReplayIT::silent))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("quarry.jobs.nowhere");
        assertThatThrownBy(() -> client.replay(Replay.ofGroup("default").into("nowhere"), ReplayIT::silent))
                .isInstanceOf(UnknownGroupException.class);
    }

    @Test
    void everyReportNamesEveryReason() {
        ReplayReport report = new ReplayReport("r", "t", 0, 1, 0, 0, 0, Map.of(), Map.of(), false);
        assertThat(report.skipped()).containsOnlyKeys(Skip.values());
        assertThat(report.complete()).isFalse();
    }
}
