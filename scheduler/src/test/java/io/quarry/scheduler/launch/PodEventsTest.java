package io.quarry.scheduler.launch;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.quarry.avro.CauseType;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.scheduler.pods.PodCauses;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every way in which a pod can fail to start or die, and what is said of it. */
class PodEventsTest {
    private static final String SCHEDULERS_WORDS = "0/3 nodes are available: 3 Insufficient memory.";

    /** phase, reason of the pod, reason of the container, exit code → event, cause */
    @ParameterizedTest(name = "{0} {1} {2} {3}")
    @CsvSource(nullValues = "-", textBlock = """
            Failed,  Evicted,                  Error,              137, POD_FAILED, EVICTED
            Failed,  Evicted,                  -,              -,       POD_FAILED, EVICTED
            Failed,  Preempting,               Error,              143, POD_FAILED, EVICTED
            Running, NodeLost,                 -,              -,       POD_FAILED, NODE_LOST
            Failed,  Shutdown,                 Error,              143, POD_FAILED, NODE_LOST
            Failed,  Terminated,               Error,              143, POD_FAILED, NODE_LOST
            Failed,  DeadlineExceeded,         Error,              143, POD_FAILED, RUN_DEADLINE
            Failed,  UnexpectedAdmissionError, -,              -,       POD_FAILED, POD_FAILED
            Failed,  OutOfmemory,              -,              -,       POD_FAILED, POD_FAILED
            Failed,  SomethingNew,             -,              -,       POD_FAILED, POD_FAILED
            Failed,  -,                        OOMKilled,          137, POD_FAILED, OOM_KILLED
            Running, -,                        OOMKilled,          137, POD_FAILED, OOM_KILLED
            Failed,  -,                        OOMKilled,            1, POD_FAILED, OOM_KILLED
            Failed,  -,                        ContainerCannotRun, 127, POD_FAILED, POD_FAILED
            Failed,  -,                        StartError,         128, POD_FAILED, POD_FAILED
            Failed,  -,                        Error,                1, POD_FAILED, WORKER_KILLED
            Failed,  -,                        Error,                2, POD_FAILED, POD_FAILED
            Failed,  -,                        Error,                3, POD_FAILED, BROKER_UNREACHABLE
            Failed,  -,                        Error,               11, POD_FAILED, POD_FAILED
            Failed,  -,                        Error,               12, POD_FAILED, POD_FAILED
            Failed,  -,                        Error,               70, POD_FAILED, INTERNAL_ERROR
            Failed,  -,                        Error,               75, POD_FAILED, WORKER_KILLED
            Failed,  -,                        Error,               76, POD_FAILED, MEMORY_LIMIT
            Failed,  -,                        Error,               77, POD_FAILED, MEMORY_LIMIT
            Failed,  -,                        Error,              137, POD_FAILED, WORKER_KILLED
            Failed,  -,                        Error,              143, POD_FAILED, WORKER_KILLED
            Succeeded, -,                      Completed,            0, -,          -
            Failed,  -,                        Error,               10, -,          -
            Running, -,                        -,              -,       -,          -
            Pending, -,                        -,              -,       -,          -
            """)
    void aPodThatHasEndedSaysHow(
            String phase,
            @Nullable String reason,
            @Nullable String containerReason,
            @Nullable Integer code,
            @Nullable String event,
            @Nullable String cause) {
        Pod pod = pod(status -> {
            status.withPhase(phase).withReason(reason);
            if (code != null) {
                status.withContainerStatuses(new ContainerStatusBuilder()
                        .withState(new ContainerStateBuilder()
                                .withNewTerminated()
                                .withReason(containerReason)
                                .withExitCode(code)
                                .endTerminated()
                                .build())
                        .build());
            }
            return status;
        });

        Optional<JobEvent> said = PodEvents.from(pod);

        assertThat(said.map(JobEvent::getType).map(Enum::name)).isEqualTo(Optional.ofNullable(event));
        assertThat(said.map(e -> e.getCause().getType().name())).isEqualTo(Optional.ofNullable(cause));
        said.ifPresent(e -> {
            assertThat(e.getJobId()).isEqualTo("a job:1");
            assertThat(e.getAttempt()).isEqualTo(3);
            assertThat(e.getClaim()).isEqualTo("11111111-2222-3333-4444-555555555555");
            assertThat(e.getCause().getEvidence())
                    .containsEntry("pod", "quarry-job-x")
                    .containsEntry("node", "n1");
            if (code != null) {
                boolean byContainer = reason == null;
                assertThat(e.getCause().getEvidence().get("exit_code")).isEqualTo(byContainer ? "" + code : null);
            }
        });
    }

    @ParameterizedTest
    @CsvSource({
        "ErrImagePull, The image quarry:1 cannot be pulled",
        "ImagePullBackOff, The image quarry:1 cannot be pulled",
        "InvalidImageName, The image quarry:1 cannot be pulled",
        "ErrImageNeverPull, The image quarry:1 cannot be pulled",
        "CreateContainerConfigError, The container of its pod cannot be made",
        "CreateContainerError, The container of its pod cannot be made",
        "ContainerCreating, ",
        "PodInitializing, "
    })
    void aPodThatCannotBeginSaysWhyItsJobWaits(String reason, @Nullable String words) {
        Pod pod = pod(status -> status.withPhase("Pending")
                .withContainerStatuses(new ContainerStatusBuilder()
                        .withState(new ContainerStateBuilder()
                                .withNewWaiting()
                                .withReason(reason)
                                .withMessage("the server's words")
                                .endWaiting()
                                .build())
                        .build()));

        Optional<JobEvent> said = PodEvents.from(pod);

        if (words == null) {
            assertThat(said).isEmpty();
        } else {
            assertThat(said.orElseThrow().getType()).isEqualTo(JobEventType.WAITING);
            assertThat(said.orElseThrow().getReason()).startsWith(words).endsWith(reason + ": the server's words");
            assertThat(PodCauses.hasNoRoom(pod)).isFalse();
        }
    }

    @Test
    void aPodForWhichThereIsNoNodeSaysSoInTheSchedulersOwnWords() {
        Pod pod = pod(status -> status.withPhase("Pending")
                .withConditions(new PodConditionBuilder()
                        .withType("PodScheduled")
                        .withStatus("False")
                        .withReason("Unschedulable")
                        .withMessage(SCHEDULERS_WORDS)
                        .build()));

        JobEvent said = PodEvents.from(pod).orElseThrow();

        assertThat(said.getType()).isEqualTo(JobEventType.WAITING);
        assertThat(said.getReason()).isEqualTo("Unschedulable: " + SCHEDULERS_WORDS);
        assertThat(PodCauses.hasNoRoom(pod)).isTrue();
    }

    @Test
    void anOutOfMemoryKillNamesTheLimit() {
        Pod pod = pod(status -> status.withPhase("Failed")
                .withContainerStatuses(new ContainerStatusBuilder()
                        .withState(new ContainerStateBuilder()
                                .withNewTerminated()
                                .withReason("OOMKilled")
                                .withExitCode(137)
                                .endTerminated()
                                .build())
                        .build()));

        assertThat(PodEvents.from(pod).orElseThrow().getCause().getEvidence())
                .containsEntry("limit_bytes", String.valueOf(1L << 30))
                .containsEntry("exit_code", "137");
    }

    @Test
    void aPodThatWasPreemptedOrEvictedByTheApiSaysSoByItsConditions() {
        for (Map.Entry<String, CauseType> reason : Map.of(
                        "PreemptionByScheduler", CauseType.EVICTED,
                        "EvictionByEvictionAPI", CauseType.EVICTED,
                        "DeletionByTaintManager", CauseType.NODE_LOST,
                        "DeletionByPodGC", CauseType.NODE_LOST)
                .entrySet()) {
            Pod pod = pod(status -> status.withPhase("Failed")
                    .withConditions(new PodConditionBuilder()
                            .withType("DisruptionTarget")
                            .withStatus("True")
                            .withReason(reason.getKey())
                            .withMessage("made room")
                            .build()));
            assertThat(PodEvents.from(pod).orElseThrow().getCause().getType())
                    .as(reason.getKey())
                    .isEqualTo(reason.getValue());
        }
    }

    @Test
    void aPodThatWasRemovedBeforeItEndedWasDeletedByAPerson() {
        Pod running = pod(status -> status.withPhase("Running"));
        Pod done = pod(status -> status.withPhase("Succeeded"));

        assertThat(PodEvents.ofRemoved(running).orElseThrow().getCause().getMessage())
                .isEqualTo("Its pod was deleted.");
        assertThat(PodEvents.ofRemoved(done)).isEmpty();
    }

    @Test
    void aPodOfSomebodyElseSaysNothing() {
        Pod pod = pod(status -> status.withPhase("Failed"));
        pod.getMetadata().setAnnotations(null);
        assertThat(PodEvents.from(pod)).isEmpty();
        assertThat(PodEvents.ofRemoved(pod)).isEmpty();
    }

    private static Pod pod(UnaryOperator<PodStatusBuilder> status) {
        return new PodBuilder()
                .withNewMetadata()
                .withName("quarry-job-x")
                .withUid("11111111-2222-3333-4444-555555555555")
                .withAnnotations(Map.of(PodEvents.JOB_ID, "a job:1"))
                .withLabels(Map.of(PodEvents.ATTEMPT, "3"))
                .endMetadata()
                .withNewSpec()
                .withNodeName("n1")
                .addNewContainer()
                .withName("job")
                .withImage("quarry:1")
                .withNewResources()
                .withLimits(Map.of("memory", new Quantity("1Gi")))
                .endResources()
                .endContainer()
                .endSpec()
                .withStatus(status.apply(new PodStatusBuilder()).build())
                .build();
    }
}
