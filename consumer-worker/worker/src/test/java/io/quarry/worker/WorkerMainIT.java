package io.quarry.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.CauseType;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.Outcome;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workers as processes of their own against a real broker. Every test has a resource group of its own. */
class WorkerMainIT {
    @TempDir
    private static Path shared;

    private static TestCluster cluster;

    /** Started first, since it takes half a minute to give up. */
    private static ChildWorker withoutBroker;

    private final List<ChildWorker> children = new ArrayList<>();

    @BeforeAll
    static void startCluster() throws Exception {
        cluster = TestCluster.start(
                shared.resolve("broker"), "finish", "back", "twice", "orphan", "broken", "killed", "absent");
        Map<String, String> settings = new HashMap<>(cluster.worker("absent", "absent", shared.resolve("absent")));
        try (ServerSocket nobody = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            settings.put("bootstrap.servers", "127.0.0.1:" + nobody.getLocalPort());
        }
        withoutBroker = ChildWorker.start(shared.resolve("absent"), settings);
    }

    @AfterAll
    static void stopCluster() {
        withoutBroker.close();
        cluster.close();
    }

    @AfterEach
    void endChildren() {
        children.forEach(ChildWorker::close);
    }

    @Test
    void sigtermLetsTheJobFinish() throws Exception {
        ChildWorker worker = child("finish", Map.of());
        worker.awaitReady();
        assertThat(worker.output()).containsExactly("quarry-worker READY finish");
        submitWaiting("finish");

        worker.terminate();
        worker.awaitLogged("worker leaves when its job is finished");
        go("finish");

        assertThat(worker.exitCode()).isEqualTo(ExitCode.DONE);
        assertThat(cluster.await1(JobEventType.FINISHED, "finish").getOutcome()).isEqualTo(Outcome.SUCCEEDED);
        assertThat(inHand("finish")).isEmpty();
    }

    @Test
    void sigtermHandsTheJobBackWhereTheSettingSaysSo() throws Exception {
        ChildWorker worker = child("back", Map.of("worker.on.stop", "hand-back"));
        submitWaiting("back");

        worker.terminate();

        assertThat(worker.exitCode()).isEqualTo(ExitCode.DONE);
        JobEvent finished = cluster.await1(JobEventType.FINISHED, "back");
        assertThat(finished.getOutcome()).isEqualTo(Outcome.HANDED_BACK);
        assertThat(finished.getCause().getType()).isEqualTo(CauseType.HANDED_BACK);
        assertThat(finished.getCause().getEvidence()).containsEntry("worker", "back");
        assertThat(inHand("back")).isEmpty();
    }

    @Test
    void theSecondSigtermMeansAtOnce() throws Exception {
        ChildWorker worker = child("twice", Map.of());
        submitWaiting("twice");
        worker.terminate();
        worker.awaitLogged("worker leaves when its job is finished");

        worker.terminate();

        assertThat(worker.exitCode()).isEqualTo(ExitCode.SECOND_SIGNAL);
        assertThat(cluster.events())
                .filteredOn(event -> event.getJobId().equals("twice"))
                .extracting(JobEvent::getType)
                .doesNotContain(JobEventType.FINISHED);
        assertThat(inHand("twice")).containsExactly("twice");
    }

    @Test
    void theEndOfStandardInputHandsTheJobBack() throws Exception {
        ChildWorker worker = child("orphan", Map.of("worker.exit.on.stdin.eof", "true"));
        submitWaiting("orphan");

        worker.endInput();

        assertThat(worker.exitCode()).isEqualTo(ExitCode.DONE);
        assertThat(cluster.await1(JobEventType.FINISHED, "orphan").getOutcome()).isEqualTo(Outcome.HANDED_BACK);
    }

    @Test
    void aKilledWorkersJobIsReportedFromWhatItHadInHand() throws Exception {
        ChildWorker worker = child("killed", Map.of());
        submitWaiting("killed");

        worker.kill();

        int code = worker.exitCode();
        Map<String, String> settings = cluster.worker("killed", "killed", shared.resolve("killed"));
        JobEvent died;
        try (DeathReports reports = new DeathReports(settings, "supervisor/test", InstantSource.system())) {
            Death death = new Death(code, 0, false, OptionalLong.empty(), OptionalLong.empty(), List.of());
            assertThat(reports.report(shared.resolve("killed/scratch"), "killed", death))
                    .isEqualTo(1);
            assertThat(reports.report(shared.resolve("killed/scratch"), "killed", death))
                    .as("once is enough")
                    .isZero();
            // Closed before it was sent, it would have a few seconds more for that.
            died = cluster.await1(JobEventType.WORKER_DIED, "killed");
        }
        assertThat(died.getClaim())
                .isEqualTo(cluster.await1(JobEventType.CLAIMED, "killed").getClaim());
        assertThat(died.getCause().getType()).isEqualTo(CauseType.WORKER_KILLED);
        assertThat(died.getCause().getEvidence()).containsEntry("signal", "9").containsEntry("exit_code", "137");
        assertThat(died.getWriter()).isEqualTo("supervisor/test");
    }

    @Test
    void aWorkerThatCannotStartTakesNoRecord() throws Exception {
        cluster.submit("broken", Jobs.scripted("broken", "ok"));

        ChildWorker refusing = child("broken", Map.of("scripted.open", "refuse"));
        assertThat(refusing.exitCode()).isEqualTo(ExitCode.BAD_SETTING);
        assertThat(refusing.errors()).contains("scripted.open is refuse");
        ChildWorker broken = child("broken", Map.of("scripted.open", "break"));
        assertThat(broken.exitCode()).isEqualTo(ExitCode.FAULT);
        assertThat(broken.errors()).contains("the handler is broken");
        assertThat(cluster.events()).extracting(JobEvent::getJobId).doesNotContain("broken");

        ChildWorker well = child("broken", Map.of());
        assertThat(cluster.await1(JobEventType.FINISHED, "broken").getOutcome()).isEqualTo(Outcome.SUCCEEDED);
        well.terminate();
        assertThat(well.exitCode()).isEqualTo(ExitCode.DONE);
    }

    @Test
    void aBadSettingIsNamed() throws Exception {
        ChildWorker worker = child("finish", Map.of("worker.cpu.millis", "two"));

        assertThat(worker.exitCode()).isEqualTo(ExitCode.BAD_SETTING);
        assertThat(worker.errors()).contains("worker.cpu.millis is 'two'");
        assertThat(worker.output()).isEmpty();
    }

    @Test
    void anAbsentBrokerIsSaid() throws Exception {
        assertThat(withoutBroker.exitCode()).isEqualTo(ExitCode.UNREACHABLE);
        assertThat(withoutBroker.errors()).contains("the broker could not be asked");
    }

    /** A job that waits until {@link #go}, submitted, claimed and begun. */
    private static void submitWaiting(String name) {
        Job job = Jobs.scripted(name, "until " + shared.resolve(name + ".go"));
        cluster.submit(name, job);
        // Its heartbeat says that the handler runs.
        JobEvent unused = cluster.await1(JobEventType.HEARTBEAT, name);
    }

    private static void go(String name) throws IOException {
        Files.createFile(shared.resolve(name + ".go"));
    }

    private static List<String> inHand(String name) {
        return InHand.read(InHand.file(shared.resolve(name).resolve("scratch"), name)).stream()
                .map(InHand.Held::jobId)
                .toList();
    }

    private ChildWorker child(String name, Map<String, String> more) throws IOException {
        Map<String, String> settings = cluster.worker(name, name, shared.resolve(name));
        settings.putAll(more);
        ChildWorker child = ChildWorker.start(shared.resolve(name), settings);
        children.add(child);
        return child;
    }
}
