package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.Pause;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.ScalingAction;
import io.quarry.avro.ScalingDecision;
import io.quarry.avro.State;
import io.quarry.avro.WorkerPhase;
import io.quarry.avro.WorkerState;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class WaitingTest {
    private static final ResourceGroup GROUP = ResourceGroup.newBuilder()
            .setName("large")
            .setWorker(new Resources(1L, 1L, 1L))
            .build();

    private static JobState job(State state) {
        return JobState.newBuilder()
                .setJob(Job.newBuilder().setId("a").setResourceGroup("large").build())
                .setState(state)
                .setSubmittedAt(Instant.EPOCH)
                .build();
    }

    private static WorkerState worker(String group, WorkerPhase phase) {
        return WorkerState.newBuilder()
                .setName("w")
                .setGroup(group)
                .setInstance("i")
                .setPhase(phase)
                .setSize(new Resources(1L, 1L, 1L))
                .setAt(Instant.EPOCH)
                .build();
    }

    private static ScalingDecision decision(ScalingAction action, String reason) {
        return ScalingDecision.newBuilder()
                .setGroup("large")
                .setAction(action)
                .setWorkers(0)
                .setWanted(1)
                .setReason(reason)
                .setAt(Instant.EPOCH)
                .build();
    }

    private static String because(
            @Nullable ResourceGroup group, List<WorkerState> workers, List<ScalingDecision> decisions, long ahead) {
        return Waiting.because(job(State.QUEUED), group, workers, decisions, ahead)
                .orElse("");
    }

    @Test
    void theReasonIsTheFirstThatHolds() {
        ResourceGroup paused = ResourceGroup.newBuilder(GROUP)
                .setPaused(new Pause("ann", "the disk is full", Instant.EPOCH, false))
                .build();
        List<WorkerState> ready = List.of(worker("large", WorkerPhase.READY));
        assertThat(because(null, ready, List.of(), 0)).contains("no group large");
        assertThat(because(paused, ready, List.of(), 0))
                .contains("paused by ann")
                .contains("the disk is full");
        assertThat(because(GROUP, List.of(), List.of(decision(ScalingAction.CANNOT, "too small")), 0))
                .contains("none can be started: too small");
        assertThat(because(
                        GROUP,
                        List.of(),
                        List.of(decision(ScalingAction.ADD, ""), decision(ScalingAction.NONE, "at most")),
                        3))
                .contains("cold start");
        assertThat(because(GROUP, List.of(worker("other", WorkerPhase.READY)), List.of(), 3))
                .contains("no worker that takes jobs");
        assertThat(because(GROUP, ready, List.of(), 3)).isEqualTo("3 jobs of group large wait before it");
        assertThat(because(GROUP, ready, List.of(), 0)).contains("the next one");
    }

    @Test
    void whatWasInTheWayIsNotToldOnceItIsOver() {
        ScalingDecision found = ScalingDecision.newBuilder(decision(ScalingAction.NONE, "1 worker is enough"))
                .setWorkers(1)
                .build();
        ScalingDecision cannot = decision(ScalingAction.CANNOT, "no node has room");

        assertThat(because(GROUP, List.of(), List.of(cannot, found), 0)).contains("cold start");
        assertThat(because(GROUP, List.of(), List.of(cannot, decision(ScalingAction.NONE, "later")), 0))
                .contains("no node has room");
        assertThat(because(GROUP, List.of(), List.of(decision(ScalingAction.NONE, "")), 0))
                .contains("no worker that takes jobs");
    }

    @Test
    void aJobThatWaitsForNoWorkerHasNone() {
        assertThat(Waiting.because(job(State.RUNNING), GROUP, List.of(), List.of(), 0))
                .isEmpty();
        assertThat(Waiting.because(job(State.LAUNCHING), GROUP, List.of(), List.of(), 0))
                .isEmpty();
    }
}
