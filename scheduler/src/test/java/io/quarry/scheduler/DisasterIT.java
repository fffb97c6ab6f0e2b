package io.quarry.scheduler;

import static io.quarry.scheduler.TestInstallation.claimed;
import static io.quarry.scheduler.TestInstallation.finished;
import static io.quarry.scheduler.TestInstallation.heartbeat;
import static io.quarry.scheduler.TestInstallation.job;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.Outcome;
import io.quarry.avro.State;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Schedulers that are killed and paused, and topics that are deleted; a prefix for each test. */
@Tag("long")
class DisasterIT {
    private static final Cause BROKE = new Cause(CauseType.TRANSIENT_FAILURE, "it broke", Map.of());

    @TempDir
    static Path directory;

    private static TestRegistry registry;
    private static TestBroker broker;

    @BeforeAll
    static void start() throws Exception {
        registry = new TestRegistry();
        broker = new TestBroker(directory.resolve("broker"));
    }

    @AfterAll
    static void stop() {
        broker.close();
        registry.close();
    }

    @Test
    @DisplayName("kill between every two sends, 1,000 jobs all final")
    void killBetweenEveryTwoSends1000JobsAllFinal() throws Exception {
        int jobs = 1000;
        Random random = new Random(14);
        try (TestInstallation quarry = new TestInstallation(broker, registry, "kill.", Map.of())) {
            Path home = directory.resolve("killed");
            Map<String, String> settings = quarry.settings("scheduler.instance.id", "one");
            SchedulerChild scheduler = SchedulerChild.start(home, settings);
            try {
                Crowd crowd = new Crowd(quarry);
                for (int i = 0; i < jobs; i++) {
                    crowd.submit();
                }
                // A kill after so many more final jobs, wherever the process is then in its work.
                int kill = 50 + random.nextInt(150);
                int kills = 0;
                long end = System.nanoTime() + Duration.ofMinutes(10).toNanos();
                while (crowd.done() < jobs && System.nanoTime() < end) {
                    crowd.work(Duration.ofMillis(1 + random.nextInt(20)));
                    if (crowd.done() >= kill && kills < 4) {
                        kills++;
                        kill = crowd.done() + 50 + random.nextInt(150);
                        scheduler.kill();
                        scheduler = SchedulerChild.start(home, settings);
                    }
                }
                assertThat(crowd.done()).isEqualTo(jobs);
                assertThat(kills).isEqualTo(4);
                crowd.assertOneHistoryEach();
            } finally {
                scheduler.kill();
            }
        }
    }

    /** Two schedulers, of which now one, now the other is killed at a random moment, while ten schedules tick each second. */
    @Test
    void schedulersThatAreKilledLoseNoTickAndDoubleNone() throws Exception {
        Random random = new Random(6);
        try (TestInstallation quarry = new TestInstallation(broker, registry, "ticks.", Map.of())) {
            List<SchedulerChild> schedulers = new ArrayList<>();
            // Nothing was written meanwhile: to wait for that only takes time.
            String[] patience = {"scheduler.trigger.patience.ms", "2000"};
            List<Map<String, String>> settings = List.of(
                    quarry.settings("scheduler.instance.id", "one", patience[0], patience[1]),
                    quarry.settings("scheduler.instance.id", "two", patience[0], patience[1]));
            try {
                for (int i = 0; i < 2; i++) {
                    schedulers.add(SchedulerChild.start(directory.resolve("ticks-" + i), settings.get(i)));
                }
                Ticking ticking = new Ticking(quarry, 10);
                ticking.awaitJobs(20);
                for (int kill = 0; kill < 5; kill++) {
                    int which = kill % 2;
                    ticking.awaitJobs(ticking.jobs() + random.nextInt(40));
                    schedulers.get(which).kill();
                    schedulers.set(
                            which, SchedulerChild.start(directory.resolve("ticks-" + which), settings.get(which)));
                }
                ticking.awaitUntil(Instant.now());
                ticking.assertOneDecisionAndOneJobEach();
            } finally {
                schedulers.forEach(SchedulerChild::kill);
            }
        }
    }

    /** The one scheduler is killed at random moments while a backfill runs. */
    @Test
    void aBackfillWhoseSchedulerIsKilledGoesOnWhereItWas() throws Exception {
        Random random = new Random(31);
        try (TestInstallation quarry = new TestInstallation(broker, registry, "backfill.", Map.of())) {
            Path home = directory.resolve("backfill");
            Map<String, String> settings =
                    quarry.settings("scheduler.instance.id", "one", "scheduler.trigger.patience.ms", "2000");
            SchedulerChild scheduler = SchedulerChild.start(home, settings);
            try {
                Backfilling backfill = new Backfilling(quarry, 40, 4);
                long kill = 5L + random.nextInt(10);
                int kills = 0;
                long end = System.nanoTime() + Duration.ofMinutes(10).toNanos();
                while (!backfill.over() && System.nanoTime() < end) {
                    backfill.work();
                    if (backfill.ended() >= kill && kills < 2) {
                        kills++;
                        kill = backfill.ended() + 5L + random.nextInt(10);
                        scheduler.kill();
                        scheduler = SchedulerChild.start(home, settings);
                    }
                }
                assertThat(kills).isEqualTo(2);
                backfill.assertOneOfEachInOrder(4);
            } finally {
                scheduler.kill();
            }
        }
    }

    @Test
    void aZombieSchedulerHasNoAuthority() throws Exception {
        try (TestInstallation quarry = new TestInstallation(broker, registry, "zombie.", Map.of())) {
            Map<String, String> settings =
                    quarry.settings("scheduler.session.timeout.ms", "2000", "lease.ticks", "3000");
            Crowd crowd = new Crowd(quarry);
            Job running = job();
            try (SchedulerChild zombie = SchedulerChild.start(directory.resolve("zombie"), settings)) {
                quarry.submit(running);
                quarry.event(claimed(running, 1, "c", null));
                quarry.awaitRow(running, row -> row.getState() == State.RUNNING);
                zombie.pause();
                Map<String, String> other = new HashMap<>(settings);
                other.put("scheduler.state.dir", directory.resolve("successor").toString());
                try (SchedulerProcess successor = SchedulerProcess.start(other)) {
                    successor.awaitReady(Duration.ofSeconds(60));
                    crowd.run(40, running);
                    zombie.goOn();
                    crowd.run(80, running);
                    assertThat(zombie.alive()).isTrue();
                    crowd.assertOneHistoryEach();
                    List<JobState> rows = quarry.seen(quarry.topics.states(), running.getId(), JobState.class);
                    assertThat(rows.get(rows.size() - 1).getState()).isEqualTo(State.RUNNING);
                    assertThat(rows).noneMatch(row -> row.getState() == State.RETRYING);
                }
            }
        }
    }

    @Test
    void aDeletedJobStateTopicIsMadeAnewAndFilled() throws Exception {
        try (TestInstallation quarry = new TestInstallation(broker, registry, "gone.", Map.of())) {
            try (SchedulerProcess scheduler = SchedulerProcess.start(quarry.settings(
                    "scheduler.state.dir", directory.resolve("gone").toString()))) {
                scheduler.awaitReady(Duration.ofSeconds(40));
                Job before = job();
                quarry.submit(before);
                quarry.awaitRow(before, row -> row.getState() == State.QUEUED);
                quarry.admin.deleteTopics(List.of(quarry.topics.states())).all().get();
                await().atMost(Duration.ofSeconds(40))
                        .ignoreExceptions()
                        .until(() -> quarry.admin
                                .describeTopics(List.of(quarry.topics.states()))
                                .allTopicNames()
                                .get()
                                .containsKey(quarry.topics.states()));
                try (TestInstallation reader = new TestInstallation(broker, registry, "gone.", Map.of())) {
                    JobState row = reader.awaitRow(before, r -> true);
                    assertThat(row.getState()).isEqualTo(State.QUEUED);
                    Job after = job();
                    reader.submit(after);
                    reader.awaitRow(after, r -> r.getState() == State.QUEUED);
                }
            }
        }
    }

    /** Jobs with a worker that takes each attempt; every third job fails once. */
    private static final class Crowd {
        private final TestInstallation quarry;
        private final Map<String, Job> jobs = new HashMap<>();
        private final Set<String> claims = new HashSet<>();
        private final Set<String> done = new HashSet<>();
        private final List<JobState> rows = new ArrayList<>();
        private final Set<String> retried = new HashSet<>();

        Crowd(TestInstallation quarry) {
            this.quarry = quarry;
        }

        void submit() {
            Job job = job();
            jobs.put(job.getId(), job);
            quarry.submit(job);
        }

        int done() {
            return done.size();
        }

        /** Runs some more jobs to their end, while another one is kept alive. */
        void run(int more, Job alive) {
            int all = jobs.size() + more;
            for (int i = 0; i < more; i++) {
                submit();
            }
            await().atMost(Duration.ofSeconds(60))
                    .pollInterval(Duration.ofMillis(1))
                    .pollInSameThread()
                    .until(() -> {
                        quarry.event(heartbeat(alive, "c"));
                        work(Duration.ofMillis(100));
                        return done() == all;
                    });
        }

        void work(Duration atMost) {
            for (ConsumerRecord<byte[], byte[]> record : quarry.poll(atMost)) {
                if (record.topic().equals(quarry.topics.states())) {
                    see(quarry.read(record, JobState.class));
                } else if (record.topic().equals(quarry.topics.retries("default"))) {
                    assertThat(retried.add(TestInstallation.text(record.key())))
                            .as("appended once")
                            .isTrue();
                }
            }
        }

        private void see(JobState row) {
            Job job = jobs.get(row.getJob().getId());
            if (job == null) {
                return;
            }
            rows.add(row);
            boolean waits = row.getState() == State.QUEUED
                    || (row.getState() == State.RETRYING && row.getEnqueued() && row.getSource() != null);
            String claim = job.getId() + "/" + row.getAttempt();
            if (waits && claims.add(claim)) {
                boolean fails =
                        row.getAttempt() == 1 && Math.floorMod(job.getId().hashCode(), 3) == 0;
                quarry.event(claimed(job, row.getAttempt(), claim, row.getSource()));
                quarry.event(finished(job, claim, fails ? Outcome.RETRIABLE : Outcome.SUCCEEDED, fails ? BROKE : null));
            } else if (row.getState() == State.SUCCEEDED) {
                done.add(job.getId());
            }
        }

        /** Versions 1, 2, 3 ...: no step was lost, and none was taken twice. */
        void assertOneHistoryEach() {
            Map<String, List<Long>> versions = new HashMap<>();
            rows.forEach(row -> versions.computeIfAbsent(row.getJob().getId(), id -> new ArrayList<>())
                    .add(row.getVersion()));
            assertThat(versions).hasSize(jobs.size());
            versions.forEach((id, seen) -> assertThat(seen)
                    .as(id)
                    .isEqualTo(LongStream.rangeClosed(1, seen.size()).boxed().toList()));
        }
    }
}
