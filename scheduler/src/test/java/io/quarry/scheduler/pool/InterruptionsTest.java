package io.quarry.scheduler.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.ScalingAction;
import io.quarry.avro.ScalingDecision;
import io.quarry.avro.State;
import io.quarry.avro.Transition;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class InterruptionsTest {
    private static final Instant T0 = Simulation.T0;

    private final Interruptions interruptions = new Interruptions();

    @Test
    void aLossDuringAScalingOfItsWorkerCountsOnceInWhateverOrderItIsRead() {
        interruptions.take(scaling(ScalingAction.DRAIN, "w", 10));
        interruptions.take(loss("a", "w", CauseType.WORKER_KILLED, 12));
        interruptions.take(loss("a", "w", CauseType.WORKER_KILLED, 12));
        assertThat(interruptions.count()).isEqualTo(1);
        interruptions.take(loss("b", "v", CauseType.HANDED_BACK, 12));
        assertThat(interruptions.count()).isEqualTo(1);
        interruptions.take(scaling(ScalingAction.REMOVE, "v", 11));
        assertThat(interruptions.count()).isEqualTo(2);
    }

    @Test
    void anotherLossDoesNotCount() {
        interruptions.take(scaling(ScalingAction.DRAIN, "w", 10));
        interruptions.take(scaling(ScalingAction.REMOVE, "w", 20));
        interruptions.take(loss("before", "w", CauseType.WORKER_KILLED, 9));
        interruptions.take(loss("later", "w", CauseType.WORKER_KILLED, 141));
        interruptions.take(loss("other", "x", CauseType.WORKER_KILLED, 15));
        interruptions.take(loss("own fault", "w", CauseType.USER_ERROR, 15));
        assertThat(interruptions.count()).isZero();
    }

    @Test
    void theNextWorkerOfThatNameIsAnother() {
        interruptions.take(scaling(ScalingAction.REMOVE, "w", 10));
        interruptions.take(scaling(ScalingAction.ADD, "w", 11));
        interruptions.take(loss("a", "w", CauseType.WORKER_KILLED, 12));
        assertThat(interruptions.count()).isZero();
    }

    private static ScalingDecision scaling(ScalingAction action, String worker, int second) {
        return ScalingDecision.newBuilder()
                .setGroup("g")
                .setAction(action)
                .setWorker(worker)
                .setWorkers(1)
                .setWanted(0)
                .setReason("")
                .setAt(T0.plusSeconds(second))
                .build();
    }

    private static JobState loss(String job, String worker, CauseType cause, int second) {
        return JobState.newBuilder()
                .setJob(Job.newBuilder().setId(job).build())
                .setState(State.RETRYING)
                .setSubmittedAt(T0)
                .setHistory(List.of(new Transition(
                        T0.plusSeconds(second), State.RETRYING, 1, worker, new Cause(cause, "", Map.of()), "")))
                .build();
    }
}
