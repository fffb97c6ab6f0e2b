package io.quarry.scheduler.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.JobState;
import io.quarry.avro.Outcome;
import io.quarry.avro.Owner;
import io.quarry.avro.State;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every course that one job can take with two workers, tried out over the real state machine: crashes, leases lost for no
 * reason, records handed out twice or archived, duplicates, cancels, an intake and a lifecycle that lag as they like. In each
 * of the situations reached: no result but one, no attempt that two claims own, no final state left, and a final state within
 * reach by nobody's fault or luck. Taking a rule out makes it fail.
 */
class ExplorationTest {
    private static final RetryPolicy POLICY =
            new RetryPolicy(2, Duration.ofHours(1), Duration.ZERO, Duration.ZERO, true);
    /** Most situations of one exploration; a property, since the largest ones want a heap of several GB. */
    private static final long MOST = Long.getLong("exploration.most", 2_000_000);

    /** Events that the lifecycle may be behind. */
    private static final int LAG = Integer.getInteger("exploration.lag", 3);

    private static Step real(@Nullable JobState row, Event event, Instant now) {
        return Samples.LIFECYCLE.next(row, event, new Lifecycle.Context(now, POLICY));
    }

    /** Budgets of crash, lost lease, record handed out twice or archived, duplicate, cancel, deadline. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "1 0 0 0 0 0",
                "0 1 0 0 0 0",
                "0 0 1 0 0 0",
                "0 0 0 1 0 0",
                "0 0 0 0 1 0",
                "0 0 0 0 0 1",
                "0 0 0 0 1 1",
                "0 1 0 0 1 0",
                "0 1 0 1 0 0",
                "1 0 0 0 1 0"
            })
    void whateverGoesWrongThereIsOneResultAndAWayToTheEnd(String budget) {
        assertThat(explore(ExplorationTest::real, budget(budget))).isEqualTo("holds");
    }

    /** As the property exploration.budgets says, such as "1 1 0 0 0 0, 0 0 1 1 1 1": see the README. */
    @Test
    @EnabledIfSystemProperty(named = "exploration.budgets", matches = ".+")
    void whateverTheBudgetThereIsOneResultAndAWayToTheEnd() {
        for (String budget : System.getProperty("exploration.budgets").split(", *", -1)) {
            assertThat(explore(ExplorationTest::real, budget(budget)))
                    .as(budget)
                    .isEqualTo("holds");
        }
    }

    private static Exploration.Budget budget(String numbers) {
        int[] n = Arrays.stream(numbers.split(" ", -1))
                .mapToInt(Integer::parseInt)
                .toArray();
        return new Exploration.Budget(n[0], n[1], n[2], n[3], n[4], n[5]);
    }

    @Test
    void withoutPassedAJobWaitsForNobody() {
        Exploration.Machine mutant = (row, event, now) ->
                event instanceof Event.Passed ? new Step(Step.Kind.SAME, row, List.of()) : real(row, event, now);
        assertThat(explore(mutant, new Exploration.Budget(0, 0, 1, 0, 0, 0))).startsWith("no final state within reach");
    }

    @Test
    void ifALaterClaimCouldTakeOverTwoWouldOwnAnAttempt() {
        Exploration.Machine mutant = (row, event, now) -> event instanceof Event.Claimed
                        && row != null
                        && row.getState() == State.RUNNING
                ? real(Rows.edit(row).setState(State.QUEUED).setOwner(null).build(), event, now)
                : real(row, event, now);
        assertThat(explore(mutant, new Exploration.Budget(0, 0, 1, 0, 0, 0))).startsWith("two claims own");
    }

    @Test
    void ifTheLastFinishedWonThereWouldBeASecondResult() {
        Exploration.Machine mutant = (row, event, now) -> event instanceof Event.Finished e
                        && row != null
                        && row.getState() == State.SUCCEEDED
                        && e.outcome() == Outcome.SUCCEEDED
                ? new Step(
                        Step.Kind.CHANGED,
                        Rows.edit(row)
                                .setOwner(new Owner(e.claim(), row.getAttempt(), "w", true, true, Samples.T0))
                                .build(),
                        List.of())
                : real(row, event, now);
        assertThat(explore(mutant, new Exploration.Budget(0, 1, 0, 0, 0, 0))).startsWith("a second result");
    }

    private static String explore(Exploration.Machine machine, Exploration.Budget budget) {
        Exploration exploration = new Exploration(machine, LAG, MOST);
        String verdict = exploration.explore(budget);
        if (Boolean.getBoolean("exploration.say")) {
            System.out.println(budget + ": " + verdict + ", " + exploration.figures());
        }
        return verdict;
    }
}
