package io.quarry.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.quarry.avro.CauseType;
import io.quarry.avro.CommandType;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.Outcome;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What running jobs do while the broker is away for longer than a lease. */
class BrokerOutageIT {
    private static final Duration LEASE = Duration.ofMillis(1500);

    @TempDir
    private Path dir;

    /**
     * One outage, two jobs: {@code aBrokerOutageInterruptsNobody} who only writes his own files, and
     * {@code anEffectfulWorkerStopsItself} before its lease can have ended.
     */
    @Test
    void aBrokerOutageInterruptsNobodyButAnEffectfulWorkerStopsItself() throws Exception {
        try (TestCluster cluster = TestCluster.start(dir.resolve("broker"), "pure", "effectful");
                WorkerProcess pure = start(cluster, "pure");
                WorkerProcess effectful = start(cluster, "effectful")) {
            cluster.submit("pure", Jobs.scripted("p", "wait"));
            cluster.submit("pure", Jobs.scripted("next", "ok"));
            cluster.submit("effectful", Jobs.of(EffectfulHandler.KIND, "e", "wait"));
            cluster.command(
                    CommandType.GRANT, cluster.await1(JobEventType.CLAIMED, "e").getClaim(), null);
            await().atMost(TestCluster.SOON)
                    .until(() -> ScriptedHandler.BEGAN.contains("p") && ScriptedHandler.BEGAN.contains("e"));

            cluster.stopBroker();
            long stopped = System.nanoTime();
            await().atMost(TestCluster.SOON).until(() -> ScriptedHandler.INTERRUPTED.contains("e"));
            await().atMost(TestCluster.SOON).until(() -> System.nanoTime() - stopped > LEASE.toNanos() * 2);
            assertThat(ScriptedHandler.INTERRUPTED).containsExactly("e");
            // Ends while the broker is still away: the result waits for it.
            ScriptedHandler.open("p");
            cluster.restartBroker();

            JobEvent finished = cluster.await1(JobEventType.FINISHED, "p");
            assertThat(finished.getOutcome()).isEqualTo(Outcome.SUCCEEDED);
            assertThat(finished.getClaim())
                    .isEqualTo(cluster.await1(JobEventType.CLAIMED, "p").getClaim());
            JobEvent given = cluster.await1(JobEventType.FINISHED, "e");
            assertThat(given.getOutcome()).isEqualTo(Outcome.RETRIABLE);
            assertThat(given.getCause().getType()).isEqualTo(CauseType.BROKER_UNREACHABLE);
            assertThat(given.getCause().getEvidence()).containsEntry("lease_ms", String.valueOf(LEASE.toMillis()));
            assertThat(cluster.await1(JobEventType.FINISHED, "next").getOutcome())
                    .isEqualTo(Outcome.SUCCEEDED);
            assertThat(pure.takesJobs()).isTrue();
            assertThat(effectful.takesJobs()).isTrue();
        } finally {
            ScriptedHandler.reset();
        }
    }

    private WorkerProcess start(TestCluster cluster, String group) {
        Map<String, String> settings = cluster.worker("worker-" + group, group, dir.resolve(group));
        settings.put("lease.ticks", "15");
        settings.put("tick.interval.ms", "100");
        return WorkerProcess.start(settings, () -> {}, () -> {});
    }
}
