package io.quarry.scheduler.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Resources;
import io.quarry.avro.WorkerPhase;
import io.quarry.avro.WorkerState;
import io.quarry.scheduler.pool.GroupPlan.Step;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GroupPlanTest {
    private static final Instant T0 = Simulation.T0;

    private final GroupPlan plan = new GroupPlan();
    private final Map<String, WorkerState> said = new HashMap<>();
    private final Set<String> busy = new HashSet<>();

    private static PoolWorker worker(String name, long pid) {
        return new PoolWorker(name, "s", OptionalLong.of(pid));
    }

    private void says(String name, WorkerPhase phase, long pid) {
        said.put(
                name,
                WorkerState.newBuilder()
                        .setName(name)
                        .setGroup("g")
                        .setInstance("i")
                        .setPhase(phase)
                        .setPid(pid)
                        .setSize(new Resources(1L, 1L, 1L))
                        .setAt(T0)
                        .build());
    }

    private List<Step> steps(int wanted, int second, PoolWorker... members) {
        return steps("s", wanted, 9, GroupPlan.Room.FREE, second, members);
    }

    private List<Step> steps(
            String shape, int wanted, int most, GroupPlan.Room room, int second, PoolWorker... members) {
        GroupPlan.Workers workers = new GroupPlan.Workers(List.of(members), said::get, busy::contains);
        return plan.steps(new GroupPlan.Goal(shape, wanted, most, room), workers, T0.plusSeconds(second));
    }

    @Test
    void aRollThatFindsNoRoomForOneMoreTakesAnOldOneAwayFirst() {
        assertThat(steps("t", 2, 9, GroupPlan.Room.FREE, 0, worker("a", 1), worker("b", 2)))
                .containsExactly(new Step.Add());
        assertThat(steps("t", 2, 9, GroupPlan.Room.FULL, 1, worker("a", 1), worker("b", 2)))
                .containsExactly(new Step.Drain("b", false, true));
        says("b", WorkerPhase.DRAINED, 2);
        assertThat(steps("t", 2, 9, GroupPlan.Room.FULL, 2, worker("a", 1), worker("b", 2)))
                .containsExactly(new Step.Remove("b", false));
        assertThat(steps("t", 2, 9, GroupPlan.Room.FREE, 3, worker("a", 1))).contains(new Step.Add());
    }

    @Test
    void aShapeOfWhichNoneCanBeStartedReplacesNothing() {
        assertThat(steps("t", 2, 2, GroupPlan.Room.NEVER, 0, worker("a", 1), worker("b", 2)))
                .isEmpty();
        // Fewer are wanted: that goes on.
        assertThat(steps("t", 1, 2, GroupPlan.Room.NEVER, 1, worker("a", 1), worker("b", 2)))
                .containsExactly(new Step.Drain("b", false, true));
    }

    @Test
    void aBusyWorkerIsNeverChosenAndTheNewestIdleOneFirst() {
        busy.add("c");
        assertThat(steps(1, 0, worker("a", 1), worker("b", 2), worker("c", 3)))
                .containsExactly(new Step.Drain("b", false, false), new Step.Drain("a", false, false));
        assertThat(steps(0, 1, worker("c", 3))).isEmpty();
        busy.clear();
        assertThat(steps(0, 2, worker("c", 3))).containsExactly(new Step.Drain("c", false, false));
    }

    @Test
    void aWorkerGoesOnlyAfterItConfirmedAndADrainThatWasLostIsGivenAgain() {
        assertThat(steps(0, 0, worker("a", 1))).containsExactly(new Step.Drain("a", false, false));
        assertThat(steps(0, 4, worker("a", 1))).isEmpty();
        assertThat(steps(0, 5, worker("a", 1))).containsExactly(new Step.Drain("a", true, false));
        says("a", WorkerPhase.READY, 1);
        assertThat(steps(0, 6, worker("a", 1))).isEmpty();
        says("a", WorkerPhase.DRAINED, 1);
        assertThat(steps(0, 7, worker("a", 1))).containsExactly(new Step.Remove("a", false));
        assertThat(steps(0, 8, worker("a", 1))).isEmpty();
        assertThat(steps(0, 12, worker("a", 1))).containsExactly(new Step.Remove("a", true));
    }

    @Test
    void oneThatHasNotBegunGoesWithoutAWord() {
        PoolWorker waits = new PoolWorker("p", "s", OptionalLong.empty(), false);
        assertThat(steps(1, 0, worker("a", 1), waits)).containsExactly(new Step.Drain("p", false, false));
        assertThat(steps(1, 1, worker("a", 1), waits)).containsExactly(new Step.Remove("p", false));
    }

    @Test
    void theConfirmationOfAnEarlierProcessIsNotThatOfTheNext() {
        says("a", WorkerPhase.DRAINED, 1);
        assertThat(steps(1, 0, worker("a", 2))).isEmpty();
        assertThat(steps(0, 1, worker("a", 2))).containsExactly(new Step.Drain("a", false, false));
    }

    @Test
    void aWorkerThatIsLeavingIsReplacedWhenItIsWantedAfterAll() {
        assertThat(steps(0, 0, worker("a", 1))).containsExactly(new Step.Drain("a", false, false));
        assertThat(steps(1, 1, worker("a", 1))).containsExactly(new Step.Add());
    }

    @Test
    void oneThatDrainedBeforeARestartOfTheAutoscalerIsTakenAwayAndReplaced() {
        says("a", WorkerPhase.DRAINED, 1);
        assertThat(steps(1, 0, worker("a", 1))).containsExactly(new Step.Remove("a", false), new Step.Add());
    }

    @Test
    void theOneThatComesForABusyWorkerOfAnotherShapeWaitsForIt() {
        PoolWorker old = worker("old", 1);
        PoolWorker fresh = new PoolWorker("new", "t", OptionalLong.of(2));
        busy.add("old");
        assertThat(steps("t", 1, 9, GroupPlan.Room.FREE, 0, old)).containsExactly(new Step.Add());
        says("new", WorkerPhase.READY, 2);
        for (GroupPlan.Room room : GroupPlan.Room.values()) {
            assertThat(steps("t", 1, 9, room, 20, old, fresh)).as("%s", room).isEmpty();
        }
        busy.add("new");
        assertThat(steps("t", 1, 9, GroupPlan.Room.FREE, 40, old, fresh)).isEmpty();
        busy.remove("old");
        assertThat(steps("t", 1, 9, GroupPlan.Room.FREE, 60, old, fresh))
                .containsExactly(new Step.Drain("old", false, true));
    }

    @Test
    void ofTheNewShapeGoWhoAreTooManyThemselvesAlsoBesideABusyOneOfTheOld() {
        PoolWorker old = worker("old", 1);
        PoolWorker first = new PoolWorker("first", "t", OptionalLong.of(2));
        PoolWorker second = new PoolWorker("second", "t", OptionalLong.of(3));
        says("first", WorkerPhase.READY, 2);
        says("second", WorkerPhase.READY, 3);
        busy.add("old");
        assertThat(steps("t", 2, 9, GroupPlan.Room.FREE, 0, old, first, second)).isEmpty();
        assertThat(steps("t", 1, 9, GroupPlan.Room.FREE, 1, old, first, second))
                .containsExactly(new Step.Drain("second", false, false));
        assertThat(steps("t", 0, 9, GroupPlan.Room.FREE, 2, old, first))
                .containsExactly(new Step.Drain("first", false, false));
    }
}
