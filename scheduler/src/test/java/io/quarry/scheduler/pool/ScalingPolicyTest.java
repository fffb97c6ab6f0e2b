package io.quarry.scheduler.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Pause;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.ScalingAction;
import io.quarry.avro.ScalingDecision;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ScalingPolicyTest {
    private static final Instant T0 = Simulation.T0;
    private static final ResourceGroup GROUP = Simulation.group("g", 0, 10);

    private static Load load(long queued, long running, int workers, long waited, double perSecond, double takes) {
        return new Load(queued, running, workers, Duration.ofSeconds(waited), perSecond, takes);
    }

    private static ScalingPolicy.Answer ask(Load load, int wanted) {
        return ScalingPolicy.workers(load, GROUP, ScalingPolicy.Memory.of(wanted), T0);
    }

    @Test
    void theFirstJobStartsAWorkerFromZero() {
        ScalingPolicy.Answer answer = ask(load(1, 0, 0, 0, 0, 0), 0);

        assertThat(answer.wanted()).isEqualTo(1);
        assertThat(answer.rule()).isEqualTo(ScalingPolicy.Rule.GROW);
        assertThat(answer.reason()).contains("1 job waits").contains("1 worker can begin every job");
    }

    @Test
    void longJobsGetAWorkerEachAndShortOnesShare() {
        assertThat(ask(load(6, 2, 2, 1, 0, 600), 2).wanted()).isEqualTo(8);
        // 31 jobs of a second each may begin on one worker within the target of 30 s.
        assertThat(ask(load(60, 2, 2, 1, 0, 1), 2).wanted()).isEqualTo(4);
    }

    @Test
    void thereAreNeverMoreThanTheGroupMayHaveNorThanThereAreJobs() {
        ScalingPolicy.Answer most = ask(load(100, 10, 10, 99, 0, 600), 10);
        assertThat(most.wanted()).isEqualTo(10);
        assertThat(most.rule()).isEqualTo(ScalingPolicy.Rule.AT_MOST);
        assertThat(ask(load(1, 1, 1, 99, 5, 600), 1).wanted()).isEqualTo(2);
        assertThat(ask(load(100, 1, 1, 99, 5, 600), 1).wanted()).isEqualTo(10);
        // It has waited too long, and four workers are more than there is work for: another one would not help it.
        assertThat(ask(load(1, 0, 4, 99, 0, 1), 4).wanted()).isEqualTo(4);
    }

    @Test
    void aJobThatWaitsTooLongAddsAWorkerWhateverTheEstimateSays() {
        assertThat(ask(load(5, 4, 4, 31, 0, 1), 4).wanted()).isEqualTo(5);
        assertThat(ask(load(5, 4, 4, 29, 0, 1), 4).wanted()).isEqualTo(5);
        assertThat(ask(load(30, 4, 4, 31, 0, 1), 8).wanted()).isEqualTo(10);
    }

    @Test
    void itGrowsAgainOnlyAfterTheCooldownButFromZeroAtOnce() {
        ScalingPolicy.Answer first = ask(load(2, 0, 0, 0, 0, 0), 0);
        ScalingPolicy.Answer soon =
                ScalingPolicy.workers(load(9, 0, 2, 3, 0, 0), GROUP, first.memory(), T0.plusSeconds(9));
        assertThat(soon.wanted()).isEqualTo(2);
        assertThat(soon.rule()).isEqualTo(ScalingPolicy.Rule.GROW_LATER);
        ScalingPolicy.Answer later =
                ScalingPolicy.workers(load(9, 0, 2, 3, 0, 0), GROUP, soon.memory(), T0.plusSeconds(10));
        assertThat(later.wanted()).isEqualTo(9);
    }

    @Test
    void itShrinksToTheMostThatWasNeededInAWholeCooldown() {
        ScalingPolicy.Memory memory = ScalingPolicy.Memory.of(8);
        for (int second = 0; second < 300; second++) {
            // For a moment in the middle three were needed.
            Load load = second == 100 ? load(0, 3, 8, 0, 0, 60) : load(0, 1, 8, 0, 0, 60);
            ScalingPolicy.Answer answer = ScalingPolicy.workers(load, GROUP, memory, T0.plusSeconds(second));
            assertThat(answer.wanted()).isEqualTo(8);
            memory = answer.memory();
        }
        ScalingPolicy.Answer answer =
                ScalingPolicy.workers(load(0, 1, 8, 0, 0, 60), GROUP, memory, T0.plusSeconds(300));
        assertThat(answer.wanted()).isEqualTo(3);
        assertThat(answer.rule()).isEqualTo(ScalingPolicy.Rule.SHRINK);
    }

    @Test
    void itGoesToZeroAndNotBelowItsLeast() {
        ScalingPolicy.Memory idle = ScalingPolicy.workers(
                        load(0, 0, 2, 0, 0.0001, 1), GROUP, ScalingPolicy.Memory.of(2), T0)
                .memory();
        assertThat(ScalingPolicy.workers(load(0, 0, 2, 0, 0.0001, 1), GROUP, idle, T0.plusSeconds(300))
                        .wanted())
                .isZero();
        ResourceGroup two = Simulation.group("g", 2, 10);
        assertThat(ScalingPolicy.workers(load(0, 0, 2, 0, 0, 0), two, idle, T0.plusSeconds(900))
                        .wanted())
                .isEqualTo(2);
        assertThat(ScalingPolicy.workers(load(0, 0, 0, 0, 0, 0), two, ScalingPolicy.Memory.of(0), T0)
                        .wanted())
                .isEqualTo(2);
    }

    @Test
    void aPausedGroupKeepsItsWorkersUnlessTheyAreToLeave() {
        ResourceGroup paused = ResourceGroup.newBuilder(GROUP)
                .setPaused(new Pause("ann", "disk", T0, false))
                .build();
        ScalingPolicy.Answer answer =
                ScalingPolicy.workers(load(99, 0, 3, 99, 1, 1), paused, ScalingPolicy.Memory.of(3), T0);
        assertThat(answer.wanted()).isEqualTo(3);
        assertThat(answer.reason()).contains("paused by ann (disk)");
        ResourceGroup leaving = ResourceGroup.newBuilder(GROUP)
                .setPaused(new Pause("ann", "", T0, true))
                .build();
        assertThat(ScalingPolicy.workers(load(99, 0, 3, 99, 1, 1), leaving, ScalingPolicy.Memory.of(3), T0)
                        .wanted())
                .isZero();
    }

    /** A day of arrivals with bursts: the whole of reconciler, plan and policy in virtual time. */
    @Test
    void aDayWithBurstsKeepsTheTargetWhereThereIsRoomAndNeverFlaps() {
        ResourceGroup group = ResourceGroup.newBuilder(Simulation.group("g", 0, 30))
                .setTargetWaitMs(60_000)
                .build();
        Duration startUp = Duration.ofSeconds(5);
        Simulation day = new Simulation(startUp);
        day.apply(group);
        SplittableRandom random = new SplittableRandom(7);
        int jobs = 0;
        for (int second = 0; second < 86_400; second++) {
            boolean night = second < 6 * 3600;
            double rate = night ? 0.0005 : 0.05;
            int arriving = random.nextDouble() < rate ? 1 : 0;
            if (!night && random.nextInt(7200) == 0) {
                arriving += 20 + random.nextInt(120);
            }
            for (int i = 0; i < arriving; i++) {
                day.submit("j" + jobs++, "g", Duration.ofSeconds(5 + random.nextInt(115)));
            }
            day.second();
        }

        assertThat(day.faults).isEmpty();
        assertThat(jobs).isGreaterThan(3000);
        assertThat(day.most).isEqualTo(30);
        long late = day.waits.stream()
                .filter(wait -> wait.workers() < 30)
                .filter(wait -> wait.waited().compareTo(Duration.ofSeconds(60).plus(startUp)) > 0)
                .count();
        assertThat(late).as("of " + day.waits.size() + " jobs").isLessThanOrEqualTo(day.waits.size() / 100);
        assertThat(flaps(day.decisions, Duration.ofMillis(group.getScaleDownCooldownMs())))
                .isEmpty();
        assertThat(day.decisions).anyMatch(decision -> decision.getWanted() == 0);
        long added = count(day, ScalingAction.ADD);
        assertThat(added).isLessThan(jobs / 10L);
        assertThat(count(day, ScalingAction.DRAIN)).isEqualTo(added - day.count("g"));
        assertThat(count(day, ScalingAction.REMOVE)).isEqualTo(added - day.count("g"));
        System.out.println("a day: " + jobs + " jobs, " + count(day, ScalingAction.ADD) + " workers added, "
                + count(day, ScalingAction.REMOVE) + " removed, " + late + " jobs late with room, longest wait "
                + day.waits.stream()
                        .mapToLong(wait -> wait.waited().toSeconds())
                        .max()
                        .orElse(0) + " s, "
                + day.reconciler.looks() + " looks");
    }

    private static long count(Simulation day, ScalingAction action) {
        return day.decisions.stream()
                .filter(decision -> decision.getAction() == action)
                .count();
    }

    /** Workers that were told to leave within a cooldown of one being added. */
    private static List<ScalingDecision> flaps(List<ScalingDecision> decisions, Duration cooldown) {
        Map<String, Instant> added = new HashMap<>();
        return decisions.stream()
                .filter(decision -> {
                    if (decision.getAction() == ScalingAction.ADD) {
                        added.put("last", decision.getAt());
                    }
                    Instant last = added.get("last");
                    return decision.getAction() == ScalingAction.DRAIN
                            && last != null
                            && decision.getAt().isBefore(last.plus(cooldown));
                })
                .toList();
    }
}
