package io.quarry.scheduler.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Pause;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.ScalingAction;
import io.quarry.avro.ScalingDecision;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReconcilerTest {
    private final Simulation world = new Simulation(Duration.ofSeconds(3));

    private void seconds(int n) {
        for (int i = 0; i < n; i++) {
            world.second();
        }
        assertThat(world.faults).isEmpty();
    }

    @Test
    void aGroupComesFromZeroForAJobAndGoesBackToZero() {
        world.apply(Simulation.group("g", 0, 2));
        seconds(5);
        assertThat(world.count("g")).isZero();
        world.submit("a", "g", Duration.ofSeconds(20));
        seconds(2);
        assertThat(world.count("g")).isEqualTo(1);
        seconds(2000);
        assertThat(world.waits).hasSize(1);
        assertThat(world.count("g")).isZero();
        assertThat(world.decisions)
                .extracting(ScalingDecision::getAction)
                .containsSubsequence(ScalingAction.ADD, ScalingAction.DRAIN, ScalingAction.REMOVE);
    }

    @Test
    void aFullQueueOfOneGroupChangesNothingForAnother() {
        world.apply(Simulation.group("large", 0, 1));
        world.apply(Simulation.group("default", 1, 1));
        seconds(5);
        for (int i = 0; i < 50; i++) {
            world.submit("l" + i, "large", Duration.ofHours(1));
        }
        seconds(10);
        world.submit("d", "default", Duration.ofSeconds(1));
        seconds(3);
        assertThat(world.waits)
                .filteredOn(wait -> wait.job().group().equals("default"))
                .singleElement()
                .satisfies(wait -> assertThat(wait.waited()).isLessThanOrEqualTo(Duration.ofSeconds(1)));
        assertThat(world.count("large")).isEqualTo(1);
    }

    @Test
    void anotherSizeReplacesWorkersOneByOneEachWhenItIsIdle() {
        world.apply(Simulation.group("g", 2, 2));
        seconds(5);
        world.submit("long", "g", Duration.ofSeconds(100));
        seconds(2);
        ResourceGroup larger = ResourceGroup.newBuilder(Simulation.group("g", 2, 2))
                .setWorker(new Resources(2000L, 2L << 30, 1L << 30))
                .build();
        world.apply(larger);
        seconds(20);
        // The busy one is still the old one.
        assertThat(world.workers.get("g"))
                .extracting(worker -> worker.shape.equals(Shape.of(larger)))
                .containsExactlyInAnyOrder(true, false);
        seconds(120);
        assertThat(world.workers.get("g")).allMatch(worker -> worker.shape.equals(Shape.of(larger)));
        assertThat(world.count("g")).isEqualTo(2);
    }

    @Test
    void withRoomTheNewWorkerComesBeforeTheOldOneGoes() {
        world.apply(Simulation.group("g", 1, 2));
        seconds(5);
        world.apply(ResourceGroup.newBuilder(Simulation.group("g", 1, 2))
                .setWorker(new Resources(2000L, 2L << 30, 1L << 30))
                .build());
        for (int i = 0; i < 30; i++) {
            seconds(1);
            assertThat(world.workers.get("g")).anyMatch(worker -> worker.ready && !worker.draining);
        }
        assertThat(world.count("g")).isEqualTo(1);
        assertThat(world.most).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({"1, 0, 0, 0", "1, 1, 0, 0", "2, 0, 1, 0", "2, 1, 1, 0", "5, 0, 1, 0", "1, 0, 0, 9", "2, 0, 1, 9"})
    void aRollWhileTheOnlyWorkerIsBusyAddsOneThatWaitsForIt(int most, int least, int beside, int queued) {
        world.apply(Simulation.group("g", least, most));
        world.submit("hour", "g", Duration.ofHours(1));
        seconds(10);
        String old = world.byName.keySet().iterator().next();
        ResourceGroup larger = larger(least, most);
        world.apply(larger);
        int before = world.decisions.size();
        for (int i = 0; i < queued; i++) {
            world.submit("q" + i, "g", Duration.ofMinutes(1));
        }
        seconds(3500);

        // The busy one stays, and whoever came for it.
        assertThat(world.byName).containsKey(old).hasSize(1 + beside);
        assertThat(since(before, ScalingAction.ADD)).hasSize(beside);
        assertThat(since(before, ScalingAction.DRAIN)).isEmpty();
        if (queued > 0 && beside > 0) {
            assertThat(world.waits).hasSize(1 + queued);
        }

        seconds(1000);
        assertThat(world.byName).doesNotContainKey(old);
        assertThat(since(before, ScalingAction.DRAIN))
                .first()
                .satisfies(drain -> assertThat(drain.getWorker()).isEqualTo(old));
        assertThat(world.waits).hasSize(1 + queued);
        assertThat(world.workers.get("g"))
                .hasSizeLessThanOrEqualTo(1)
                .hasSizeGreaterThanOrEqualTo(least)
                .allMatch(worker -> worker.shape.equals(Shape.of(larger)));
    }

    @Test
    void aSchedulerThatComesInTheMiddleOfARollAddsNoneAndTakesNoneAway() {
        world.apply(Simulation.group("g", 0, 5));
        world.submit("hour", "g", Duration.ofHours(1));
        seconds(10);
        ResourceGroup larger = larger(0, 5);
        world.apply(larger);
        seconds(30);
        assertThat(world.count("g")).isEqualTo(2);
        int before = world.decisions.size();

        world.another();
        seconds(3000);

        assertThat(since(before, ScalingAction.ADD)).isEmpty();
        assertThat(since(before, ScalingAction.DRAIN)).isEmpty();
        assertThat(world.count("g")).isEqualTo(2);
    }

    /** That it finds no place is known a while after it was asked for, when there is nothing to do about the group. */
    @ParameterizedTest
    @CsvSource({"0, 1", "1, 0"})
    void whyAWorkerThatWasAskedForDoesNotComeIsSaid(int least, int jobs) {
        Simulation slow = new Simulation(Duration.ofDays(1));
        slow.apply(Simulation.group("g", least, 3));
        for (int i = 0; i < jobs; i++) {
            slow.submit("waits", "g", Duration.ofSeconds(1));
        }
        for (int i = 0; i < 60; i++) {
            slow.second();
        }
        assertThat(slow.count("g")).isEqualTo(1);

        slow.obstacle = "no node has room";
        for (int i = 0; i < 10; i++) {
            slow.second();
        }

        assertThat(slow.decisions)
                .filteredOn(decision -> decision.getAction() == ScalingAction.CANNOT)
                .singleElement()
                .satisfies(cannot -> assertThat(cannot.getReason()).endsWith("; no node has room"));
    }

    @Test
    void workersThatDoNotComeUpReplaceNoneThatIsUp() {
        world.apply(Simulation.group("g", 2, 5));
        seconds(10);
        List<String> before = List.copyOf(world.byName.keySet());

        world.fault = "its image cannot be pulled";
        world.apply(larger(2, 5));
        seconds(30);

        assertThat(world.byName.keySet()).containsAll(before);
        assertThat(world.decisions)
                .filteredOn(decision -> decision.getAction() == ScalingAction.CANNOT)
                .singleElement()
                .satisfies(cannot -> assertThat(cannot.getReason()).endsWith("; its image cannot be pulled"));
    }

    private static ResourceGroup larger(int least, int most) {
        return ResourceGroup.newBuilder(Simulation.group("g", least, most))
                .setWorker(new Resources(2000L, 2L << 30, 1L << 30))
                .build();
    }

    private List<ScalingDecision> since(int before, ScalingAction action) {
        return world.decisions.stream()
                .skip(before)
                .filter(decision -> decision.getAction() == action)
                .toList();
    }

    @Test
    void aDrainedGroupAndADeletedOneHaveNoWorkersLeft() {
        world.apply(Simulation.group("g", 2, 2));
        world.apply(Simulation.group("h", 2, 2));
        seconds(5);
        world.submit("long", "g", Duration.ofSeconds(50));
        seconds(2);
        world.apply(ResourceGroup.newBuilder(Simulation.group("g", 2, 2))
                .setPaused(new Pause("ann", "", world.now, true))
                .build());
        world.reconciler.group("h", null);
        seconds(20);
        assertThat(world.count("g")).isEqualTo(1);
        assertThat(world.count("h")).isZero();
        seconds(60);
        assertThat(world.count("g")).isZero();
    }

    @Test
    void whatAGroupCostsDoesNotGrowWithTheNumberOfGroups() {
        Runtime jvm = Runtime.getRuntime();
        System.gc();
        long before = jvm.totalMemory() - jvm.freeMemory();
        long few = looksOfTenJobs(10);
        long many = looksOfTenJobs(1000);
        assertThat(many).isEqualTo(few);
        System.gc();
        System.out.println("1,000 groups with 10,000 workers, the simulation's own objects included: "
                + (jvm.totalMemory() - jvm.freeMemory() - before) / (1 << 20) + " MiB");
        assertThat(kept.byName).hasSize(10_000);
    }

    private Simulation kept = world;

    /** Looks that ten jobs in one group bring about while so many groups of ten workers each are at rest. */
    private long looksOfTenJobs(int groups) {
        Simulation all = new Simulation(Duration.ZERO);
        for (int i = 0; i < groups; i++) {
            all.apply(Simulation.group("g" + i, 10, 10));
        }
        for (int i = 0; i < 5; i++) {
            all.second();
        }
        Set<String> there = new HashSet<>(all.groups());
        assertThat(there).hasSize(groups);
        assertThat(all.byName).hasSize(10 * groups);
        long before = all.reconciler.looks();
        for (int i = 0; i < 10; i++) {
            all.submit("j" + i, "g3", Duration.ofSeconds(3));
            all.reconciler.tick(all.now);
            all.reconciler.job("j" + i, null);
            all.queues.clear();
            all.reconciler.tick(all.now);
        }
        kept = all;
        return all.reconciler.looks() - before;
    }
}
