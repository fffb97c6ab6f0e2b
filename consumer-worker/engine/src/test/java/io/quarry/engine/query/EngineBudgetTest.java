package io.quarry.engine.query;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class EngineBudgetTest {
    private static final long MIB = 1L << 20;

    @Test
    void theEngineGetsEightyFivePercentOfWhatHeapAndOverheadLeave() {
        assertThat(EngineBudget.of(2048 * MIB, 512 * MIB, 0, 2).engineBytes())
                .isEqualTo((2048 - 512 - 200) * MIB / 100 * 85);
    }

    @Test
    void aProcessBelowTheMinimumIsNotSufficient() {
        assertThat(EngineBudget.of(511 * MIB, 64 * MIB, 0, 2).sufficient()).isFalse();
        assertThat(EngineBudget.of(512 * MIB, 256 * MIB, 0, 2).sufficient()).isTrue();
    }

    @Test
    void aHeapThatLeavesNothingIsNotSufficient() {
        EngineBudget budget = EngineBudget.of(1024 * MIB, 1000 * MIB, 0, 2);
        assertThat(budget.engineBytes()).isZero();
        assertThat(budget.sufficient()).isFalse();
    }

    @Test
    void aTinyJobHasOneThreadAtLeast() {
        assertThat(EngineBudget.of(2048 * MIB, 512 * MIB, 0, 0).threads()).isEqualTo(1);
    }
}
