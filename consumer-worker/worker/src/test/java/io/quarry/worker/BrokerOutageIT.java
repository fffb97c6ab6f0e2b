package io.quarry.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.quarry.avro.CauseType;
import io.quarry.avro.CommandType;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.Outcome;
import io.quarry.avro.Source;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What running jobs do while the broker is away for longer than a lease. One outage, and a test for each who lived through it. */
@Tag("long")
class BrokerOutageIT {
    private static final Duration LEASE = Duration.ofSeconds(6);

    @TempDir
    private static Path dir;

    private static TestCluster cluster;
    private static WorkerProcess pure;
    private static WorkerProcess effectful;
    private static DeathReports reports;
    private static List<String> interrupted = List.of();

    @BeforeAll
    static void liveThroughAnOutage() throws Exception {
        cluster = TestCluster.start(dir.resolve("broker"), "pure", "effectful");
        pure = start("pure");
        effectful = start("effectful");
        cluster.submit("pure", Jobs.scripted("p", "wait"));
        cluster.submit("pure", Jobs.scripted("next", "ok"));
        cluster.submit("effectful", Jobs.of(EffectfulHandler.KIND, "e", "wait"));
        cluster.command(
                CommandType.GRANT, cluster.await1(JobEventType.CLAIMED, "e").getClaim(), null);
        await().atMost(TestCluster.SOON)
                .until(() -> ScriptedHandler.BEGAN.contains("p") && ScriptedHandler.BEGAN.contains("e"));

        // A claim that the broker did not take in time is given up.
        cluster.await1(JobEventType.CLAIMED, "p");
        cluster.stopBroker();
        long stopped = System.nanoTime();
        reports = reportADeath();
        await().atMost(TestCluster.SOON).until(() -> ScriptedHandler.INTERRUPTED.contains("e"));
        await().atMost(TestCluster.SOON).until(() -> System.nanoTime() - stopped > LEASE.toNanos() + 1_000_000_000);
        interrupted = List.copyOf(ScriptedHandler.INTERRUPTED);
        // Ends while the broker is still away: the result waits for it.
        ScriptedHandler.open("p");
        cluster.restartBroker();
    }

    @AfterAll
    static void stop() {
        ScriptedHandler.reset();
        reports.close();
        pure.close();
        effectful.close();
        cluster.close();
    }

    @Test
    void aBrokerOutageInterruptsNobody() {
        assertThat(interrupted).doesNotContain("p");
        JobEvent finished = cluster.await1(JobEventType.FINISHED, "p");
        assertThat(finished.getOutcome()).isEqualTo(Outcome.SUCCEEDED);
        assertThat(finished.getClaim())
                .isEqualTo(cluster.await1(JobEventType.CLAIMED, "p").getClaim());
        assertThat(cluster.await1(JobEventType.FINISHED, "next").getOutcome()).isEqualTo(Outcome.SUCCEEDED);
        assertThat(pure.takesJobs()).isTrue();
    }

    @Test
    void anEffectfulWorkerStopsItself() {
        assertThat(interrupted).containsExactly("e");
        JobEvent finished = cluster.await1(JobEventType.FINISHED, "e");
        assertThat(finished.getOutcome()).isEqualTo(Outcome.RETRIABLE);
        assertThat(finished.getCause().getType()).isEqualTo(CauseType.BROKER_UNREACHABLE);
        assertThat(finished.getCause().getEvidence()).containsEntry("lease_ms", String.valueOf(LEASE.toMillis()));
        assertThat(effectful.takesJobs()).isTrue();
    }

    @Test
    void aDeathIsReportedWhenTheBrokerIsBack() {
        assertThat(cluster.await1(JobEventType.WORKER_DIED, "d").getWorker()).isEqualTo("dead");
    }

    private static DeathReports reportADeath() throws Exception {
        Path scratch = Files.createDirectories(dir.resolve("dead"));
        InHand.open(InHand.file(scratch, "dead"))
                .hold(
                        new Claim(UUID.randomUUID(), Jobs.scripted("d", "ok"), new Source("t", 0L)),
                        Instant.ofEpochMilli(0));
        DeathReports made = new DeathReports(
                cluster.worker("dead", "pure", dir.resolve("dead")), "supervisor/test", InstantSource.system());
        assertThat(made.report(scratch, "dead", Death.found(List.of()))).isEqualTo(1);
        return made;
    }

    private static WorkerProcess start(String group) {
        Map<String, String> settings = cluster.worker("worker-" + group, group, dir.resolve(group));
        settings.put("lease.ticks", "60");
        settings.put("tick.interval.ms", "100");
        return WorkerProcess.start(settings, () -> {}, code -> {});
    }
}
