package io.quarry.scheduler.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.quarry.avro.CauseType;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is seen of the pods of workers, of which the cluster starts the process again. */
class WorkerDeathTest {
    private static final Instant END = Instant.parse("2026-01-01T00:00:10Z");

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(textBlock = """
            OOMKilled,          137, OOM_KILLED
            Error,              137, WORKER_KILLED
            Error,               75, WORKER_KILLED
            Error,               76, MEMORY_LIMIT
            Error,               77, MEMORY_LIMIT
            Error,               70, INTERNAL_ERROR
            Error,                3, BROKER_UNREACHABLE
            ContainerCannotRun, 127, POD_FAILED
            Completed,            0, WORKER_KILLED
            """)
    void aProcessThatWasStartedAgainDiedWithWhatItHadClaimed(String reason, int code, CauseType cause) {
        Pod again = pod("Running", running(), ended(reason, code));
        Pod soon = pod("Running", ended(reason, code), null);

        for (Pod pod : List.of(again, soon)) {
            WorkerDeath death = WorkerDeath.from(pod).orElseThrow();

            assertThat(death.worker()).isEqualTo("quarry-default-1-abcde");
            assertThat(death.until()).isEqualTo(END.plusSeconds(1));
            assertThat(death.cause().getType()).isEqualTo(cause);
            assertThat(death.cause().getEvidence())
                    .containsEntry("pod", "quarry-default-1-abcde")
                    .containsEntry("node", "n1")
                    .containsEntry("exit_code", Integer.toString(code));
        }
        assertThat(WorkerDeath.from(again).orElseThrow().cause().getEvidence().get("limit_bytes"))
                .isEqualTo(cause == CauseType.OOM_KILLED || code == 77 ? Long.toString(1L << 30) : null);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"Evicted, EVICTED", "Preempting, EVICTED", "Shutdown, NODE_LOST", "SomethingNew, POD_FAILED"})
    void ofAPodThatIsOverNoFurtherProcessComes(String reason, CauseType cause) {
        Pod pod = new PodBuilder(pod("Failed", null, null))
                .editStatus()
                .withReason(reason)
                .withMessage("the node was low on memory")
                .endStatus()
                .build();

        WorkerDeath death = WorkerDeath.from(pod).orElseThrow();

        assertThat(death.until()).isEqualTo(Instant.MAX);
        assertThat(death.cause().getType()).isEqualTo(cause);
        assertThat(death.cause().getMessage()).contains("the node was low on memory");
    }

    @Test
    void aPodThatIsRemovedSaysHowItsProcessEndedElseThatItWasDeleted() {
        Pod going = new PodBuilder(pod("Running", running(), ended("OOMKilled", 137)))
                .editMetadata()
                .withDeletionTimestamp("2026-01-01T00:01:00Z")
                .endMetadata()
                .build();
        assertThat(WorkerDeath.ofRemoved(going).until()).isEqualTo(Instant.MAX);
        assertThat(WorkerDeath.ofRemoved(going).cause().getMessage()).isEqualTo("Its pod was deleted.");
        assertThat(WorkerDeath.ofRemoved(pod("Running", ended("OOMKilled", 137), null))
                        .cause()
                        .getType())
                .isEqualTo(CauseType.OOM_KILLED);
    }

    @Test
    void aPodThatRunsOrBeginsAndAnotherContainersEndSayNothing() {
        assertThat(WorkerDeath.from(pod("Running", running(), null))).isEmpty();
        assertThat(WorkerDeath.from(pod("Pending", null, null))).isEmpty();
        Pod besides = new PodBuilder(pod("Running", running(), null))
                .editStatus()
                .addToContainerStatuses(new ContainerStatusBuilder()
                        .withName("sidecar")
                        .withState(running())
                        .withLastState(ended("OOMKilled", 137))
                        .build())
                .endStatus()
                .build();
        assertThat(WorkerDeath.from(besides)).isEmpty();
    }

    @Test
    void eachEndIsToldOnceToWhoeverListensAndFirstThoseThatAreKnown() {
        List<WorkerDeath> told = new ArrayList<>();
        Ends ends = new Ends(InstantSource.fixed(END.plusSeconds(3)));
        Pod pod = pod("Running", running(), ended("OOMKilled", 137));
        ends.onAdd(pod);
        ends.tell(told::add);
        ends.onUpdate(pod, pod);
        assertThat(told).hasSize(1);

        ends.onDelete(pod, false);
        assertThat(told).hasSize(2);
        ends.hush();
        ends.onAdd(pod("Running", ended("Error", 1), null));
        assertThat(told).hasSize(2);
    }

    /** The claims of its next process, logged by the broker's clock, would seem to be from before its death. */
    @Test
    void aNodeWhoseClockIsAheadIsNotBelievedAndNotLaterEither() {
        List<WorkerDeath> told = new ArrayList<>();
        Instant[] now = {END.minusSeconds(30)};
        Ends ends = new Ends(() -> now[0]);
        ends.tell(told::add);
        Pod pod = pod("Running", running(), ended("Error", 137));
        ends.onAdd(pod);

        now[0] = END.plusSeconds(60);
        ends.onUpdate(pod, pod);

        assertThat(told).isEmpty();
    }

    private static ContainerState running() {
        return new ContainerStateBuilder().withNewRunning().endRunning().build();
    }

    private static ContainerState ended(String reason, int code) {
        return new ContainerStateBuilder()
                .withNewTerminated()
                .withReason(reason)
                .withExitCode(code)
                .withFinishedAt(END.toString())
                .endTerminated()
                .build();
    }

    private static Pod pod(String phase, @Nullable ContainerState now, @Nullable ContainerState before) {
        return new PodBuilder()
                .withNewMetadata()
                .withName("quarry-default-1-abcde")
                .endMetadata()
                .withNewSpec()
                .withNodeName("n1")
                .addNewContainer()
                .withName(PoolManifest.WORKER)
                .withNewResources()
                .withLimits(Map.of("memory", new Quantity("1Gi")))
                .endResources()
                .endContainer()
                .endSpec()
                .withNewStatus()
                .withPhase(phase)
                .addNewContainerStatus()
                .withName(PoolManifest.WORKER)
                .withState(now)
                .withLastState(before)
                .endContainerStatus()
                .endStatus()
                .build();
    }
}
