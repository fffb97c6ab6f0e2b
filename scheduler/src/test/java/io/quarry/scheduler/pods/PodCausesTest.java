package io.quarry.scheduler.pods;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is said of pods that are kept running; of those of one job PodEventsTest knows. */
class PodCausesTest {
    /** Waiting for its next try or in the middle of one: the words are the same. */
    @ParameterizedTest
    @CsvSource({"CrashLoopBackOff, 2", "CrashLoopBackOff, 7", "'', 2"})
    void aProcessThatEndsAgainAndAgainIsAFaultByItsLastEnd(String waiting, int restarts) {
        assertThat(PodCauses.fault(pod(waiting, restarts)))
                .hasValue("The process could not start with its settings: see its log.");
    }

    @Test
    void aProcessThatEndedOnceIsNone() {
        assertThat(PodCauses.fault(pod("CrashLoopBackOff", 1))).isEmpty();
        assertThat(PodCauses.fault(pod("", 0))).isEmpty();
    }

    private static Pod pod(String waiting, int restarts) {
        ContainerStatusBuilder container = new ContainerStatusBuilder()
                .withName("worker")
                .withRestartCount(restarts)
                .withNewLastState()
                .withNewTerminated()
                .withExitCode(2)
                .withReason("Error")
                .withFinishedAt("2026-01-01T00:00:00Z")
                .endTerminated()
                .endLastState();
        if (!waiting.isEmpty()) {
            container.withNewState().withNewWaiting("back-off 20s", waiting).endState();
        }
        return new PodBuilder()
                .withNewMetadata()
                .withName("p")
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .withNewStatus()
                .withContainerStatuses(container.build())
                .endStatus()
                .build();
    }
}
