package io.quarry.local.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.local.bench.BacklogBench.Dispensing;
import io.quarry.local.bench.BacklogBench.Keeping;
import io.quarry.local.bench.BacklogBench.Size;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What the benches make of their figures. */
class VerdictTest {
    private static final long GIB = 1L << 30;

    private static Spread about(double median) {
        return new Spread(median / 2, median, median * 2);
    }

    private static BacklogBench.Report backlog(double dispensing, @Nullable Double lifecycle) {
        Keeping keeping = lifecycle == null ? null : new Keeping(about(1), about(1), about(lifecycle));
        return new BacklogBench.Report(
                BacklogBench.Settings.standard(),
                List.of(
                        new Size(100, new Dispensing(about(500), about(1), about(1), about(1)), null),
                        new Size(10_000, new Dispensing(about(500), about(1), about(1), about(dispensing)), keeping)));
    }

    @Test
    void aJobMayCostATenthMoreWhileManyWait() {
        assertThat(backlog(1.1, 1.1).passed()).isTrue();
        assertThat(backlog(1.1, null).passed()).isTrue();
    }

    @Test
    void aJobThatCostsMoreThanThatMissesTheGoalWhoeverPays() {
        assertThat(backlog(1.11, 1.0).passed()).isFalse();
        assertThat(backlog(1.0, 1.11).passed()).isFalse();
    }

    private static boolean restored(double seconds, double bytes) {
        return new RestoreBench.Report(
                        RestoreBench.Settings.standard(), 600, GIB, about(20), about(seconds), about(15), about(bytes))
                .passed();
    }

    @Test
    void aRestoreMayTakeThirtySecondsAndAGibibyte() {
        assertThat(restored(30, GIB)).isTrue();
        assertThat(restored(30.1, GIB)).isFalse();
        assertThat(restored(30, GIB + 1)).isFalse();
    }
}
