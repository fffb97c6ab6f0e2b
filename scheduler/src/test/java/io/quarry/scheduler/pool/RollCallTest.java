package io.quarry.scheduler.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class RollCallTest {
    private static final long MINUTE = Duration.ofMinutes(1).toNanos();

    private final RollCall call = new RollCall(Duration.ofMinutes(1));

    @Test
    void whoIsSilentForTooLongIsToldOnce() {
        call.said("b", 0);
        call.said("a", 0);
        call.said("c", MINUTE / 2);

        assertThat(call.silent(MINUTE)).isEmpty();
        assertThat(call.silent(MINUTE + 1)).containsExactly("a", "b");
        assertThat(call.silent(MINUTE + 1)).isEmpty();
    }

    @Test
    void whoLeavesInOrderOrSpeaksAgainIsNotMissed() {
        call.said("a", 0);
        call.said("b", 0);
        call.left("a");
        call.said("b", MINUTE);

        assertThat(call.silent(MINUTE + 1)).isEmpty();
        assertThat(call.silent(2 * MINUTE + 1)).containsExactly("b");
    }
}
