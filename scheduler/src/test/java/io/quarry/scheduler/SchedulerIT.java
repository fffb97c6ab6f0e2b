package io.quarry.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.Command;
import io.quarry.avro.CommandType;
import io.quarry.avro.DeadJob;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobState;
import io.quarry.avro.Outcome;
import io.quarry.avro.Source;
import io.quarry.avro.State;
import io.quarry.scheduler.pool.WorkerDeath;
import io.quarry.scheduler.trigger.ScheduleTime;
import io.quarry.schemas.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole scheduler on a real broker. */
class SchedulerIT {
    private static final Topics TOPICS = Topics.withDefaultPrefix();
    private static final TellingPool POOL = new TellingPool();

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
        quarry = new TestInstallation(broker, registry, Topics.DEFAULT_PREFIX, Map.of());
        long begin = System.nanoTime();
        scheduler = SchedulerProcess.start(
                quarry.settings(
                        "scheduler.state.dir", directory.resolve("state").toString()),
                Optional.empty(),
                Optional.of(POOL),
                ScheduleTime.real());
        scheduler.awaitReady(Duration.ofSeconds(40));
        System.out.println("scheduler ready after ms " + (System.nanoTime() - begin) / 1_000_000);
    }

    @AfterAll
    static void stop() {
        scheduler.close();
        quarry.close();
        broker.close();
        registry.close();
    }

    @AfterEach
    void registryUp() {
        registry.down(false);
    }

    @Test
    void aJobRunsToSucceeded() {
        Job job = TestInstallation.job();
        Source source = quarry.submit(job);
        long begin = System.nanoTime();
        quarry.awaitRow(job, row -> row.getState() == State.QUEUED);
        long queued = System.nanoTime();
        // A claim that waits for its grant; one that has started is told nothing.
        quarry.event(JobEvent.newBuilder(TestInstallation.claimed(job, 1, "claim-" + job.getId(), source))
                .setStarted(false)
                .build());
        JobState running = quarry.awaitRow(job, row -> row.getState() == State.RUNNING);
        System.out.println("submit to QUEUED row us " + (queued - begin) / 1000 + ", claim to RUNNING row us "
                + (System.nanoTime() - queued) / 1000);
        assertThat(running.getOwner().getClaim()).isEqualTo("claim-" + job.getId());
        Command grant = quarry.awaitRecord(TOPICS.commands(), "claim-" + job.getId(), Command.class, c -> true);
        assertThat(grant.getType()).isEqualTo(CommandType.GRANT);
        quarry.event(TestInstallation.finished(job, "claim-" + job.getId(), Outcome.SUCCEEDED, null));
        JobState done = quarry.awaitRow(job, row -> row.getState() == State.SUCCEEDED);
        assertThat(done.getOwner().getClaim()).isEqualTo("claim-" + job.getId());
        assertThat(done.getDuplicates()).isZero();
    }

    @Test
    void aRetriableFailureComesBackOnTheRetryTopicAndTheLastOneIsDead() {
        Job job = TestInstallation.job();
        Source source = quarry.submit(job);
        quarry.event(TestInstallation.claimed(job, 1, "a-" + job.getId(), source));
        Cause cause = new Cause(CauseType.TRANSIENT_FAILURE, "it broke", Map.of());
        quarry.event(TestInstallation.finished(job, "a-" + job.getId(), Outcome.RETRIABLE, cause));
        Job retry = quarry.awaitRecord(TOPICS.retries("default"), job.getId(), Job.class, j -> true);
        assertThat(retry.getAttempt()).isEqualTo(2);
        JobState waiting = quarry.awaitRow(job, row -> row.getSource() != null && row.getAttempt() == 2);
        assertThat(waiting.getState()).isEqualTo(State.RETRYING);
        quarry.event(TestInstallation.claimed(job, 2, "b-" + job.getId(), waiting.getSource()));
        quarry.event(TestInstallation.finished(job, "b-" + job.getId(), Outcome.RETRIABLE, cause));
        DeadJob dead = quarry.awaitRecord(TOPICS.dead(), job.getId(), DeadJob.class, d -> true);
        assertThat(dead.getState()).isEqualTo(State.FAILED);
        assertThat(dead.getAttempts()).isEqualTo(2);
        assertThat(dead.getCause().getMessage()).isEqualTo("it broke");
    }

    @Test
    void poisonIsKeptWithItsReasonAndTheNextJobGoesOn() {
        quarry.sendBytes(TOPICS.jobs("default"), "poison", new byte[] {1, 2, 3, 4, 5, 6});
        String long10k = "x".repeat(10_240);
        quarry.submit(Job.newBuilder(TestInstallation.job()).setId(long10k).build());
        Job next = TestInstallation.job();
        quarry.submit(next);
        ConsumerRecord<byte[], byte[]> tooLong =
                quarry.awaitRaw(TOPICS.invalid(), record -> long10k.equals(TestInstallation.text(record.key())));
        assertThat(TestInstallation.text(
                        tooLong.headers().lastHeader("quarry.reason").value()))
                .isEqualTo("RULE");
        ConsumerRecord<byte[], byte[]> invalid =
                quarry.awaitRaw(TOPICS.invalid(), record -> "poison".equals(TestInstallation.text(record.key())));
        assertThat(TestInstallation.text(
                        invalid.headers().lastHeader("quarry.reason").value()))
                .isEqualTo("BAD_MAGIC");
        assertThat(TestInstallation.text(
                        invalid.headers().lastHeader("quarry.topic").value()))
                .isEqualTo(TOPICS.jobs("default"));
        assertThat(invalid.value()).containsExactly(1, 2, 3, 4, 5, 6);
        quarry.awaitRow(next, row -> row.getState() == State.QUEUED);
        assertThat(quarry.seen(TOPICS.states(), long10k, JobState.class)).isEmpty();
    }

    @Test
    void changelogsCloseTheirSegmentsSoonEnoughToBeCompacted() throws Exception {
        for (String store : List.of("rows", "timers")) {
            ConfigResource topic = new ConfigResource(
                    ConfigResource.Type.TOPIC, TOPICS.prefix() + "lifecycle-" + store + "-changelog");

            assertThat(quarry.admin
                            .describeConfigs(List.of(topic))
                            .all()
                            .get(30, TimeUnit.SECONDS)
                            .get(topic))
                    .extracting(
                            config -> config.get("cleanup.policy").value(),
                            config -> config.get("segment.bytes").value())
                    .containsExactly("compact", String.valueOf(16 << 20));
        }
    }

    @Test
    void aJobThatBreaksARuleIsFailedWhereItsSubmitterLooks() {
        Job bad = Job.newBuilder(TestInstallation.job()).setMaxAttempts(0).build();
        quarry.submit(bad);
        JobState row = quarry.awaitRow(bad, r -> r.getState() == State.FAILED);
        assertThat(row.getCause().getMessage()).contains("max_attempts");
        quarry.awaitRaw(TOPICS.invalid(), record -> bad.getId().equals(TestInstallation.text(record.key())));
    }

    @Test
    void theJobOfAWorkerThatItsPoolSawDyingGoesOnAtOnceWithTheCause() {
        Job job = TestInstallation.job();
        Source source = quarry.submit(job);
        quarry.event(JobEvent.newBuilder(TestInstallation.claimed(job, 1, "dies-" + job.getId(), source))
                .setWorker("pod-1")
                .build());
        quarry.awaitRow(job, row -> row.getState() == State.RUNNING);

        POOL.died(new WorkerDeath(
                "pod-1",
                Instant.MAX,
                new Cause(CauseType.OOM_KILLED, "The kernel killed the process.", Map.of("pod", "pod-1"))));

        JobState lost = quarry.awaitRow(
                job, row -> row.getCause() != null && row.getCause().getType() == CauseType.OOM_KILLED);
        assertThat(lost.getState()).isEqualTo(State.RETRYING);
        assertThat(lost.getCause().getEvidence()).containsEntry("pod", "pod-1").containsEntry("worker", "pod-1");
        assertThat(lost.getLostOwner()).as("a death that was seen is final").isNull();
    }

    @Test
    void theJobOfAWorkerThatIsNotThereAnyMoreGoesOnAtOnce() {
        POOL.misses("pod-2");
        Job job = TestInstallation.job();
        Source source = quarry.submit(job);
        quarry.event(JobEvent.newBuilder(TestInstallation.claimed(job, 1, "gone-" + job.getId(), source))
                .setWorker("pod-2")
                .build());

        JobState lost = quarry.awaitRow(
                job, row -> row.getCause() != null && row.getCause().getType() == CauseType.POD_FAILED);
        assertThat(lost.getState()).isEqualTo(State.RETRYING);
        assertThat(lost.getCause().getEvidence()).containsEntry("worker", "pod-2");
    }

    @Test
    void aSilentWorkerLosesItsJobAfterALeaseOfTicks() {
        Job job = TestInstallation.job();
        Source source = quarry.submit(job);
        quarry.event(TestInstallation.claimed(job, 1, "silent-" + job.getId(), source));
        quarry.event(TestInstallation.heartbeat(job, "silent-" + job.getId()));
        JobState lost = quarry.awaitRow(job, row -> row.getState() == State.RETRYING);
        assertThat(lost.getLostOwner().getClaim()).isEqualTo("silent-" + job.getId());
        assertThat(lost.getCharged()).isEqualTo(2);
    }
}
