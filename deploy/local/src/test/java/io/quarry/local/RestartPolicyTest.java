package io.quarry.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class RestartPolicyTest {
    private final RestartPolicy policy =
            new RestartPolicy(Duration.ofMillis(200), Duration.ofSeconds(30), Duration.ofSeconds(20));

    @Test
    void aFirstDeathIsFollowedByAStartAlmostAtOnce() {
        assertThat(policy.after(0, Duration.ofSeconds(1)))
                .isEqualTo(new RestartPolicy.Decision(1, Duration.ofMillis(200)));
    }

    @Test
    void eachDeathInARowDoublesTheWait() {
        assertThat(policy.after(1, Duration.ZERO).delay()).isEqualTo(Duration.ofMillis(400));
        assertThat(policy.after(4, Duration.ZERO).delay()).isEqualTo(Duration.ofMillis(3200));
    }

    @Test
    void theWaitNeverExceedsTheLongest() {
        assertThat(policy.after(8, Duration.ZERO).delay()).isEqualTo(Duration.ofSeconds(30));
        assertThat(policy.after(Integer.MAX_VALUE - 1, Duration.ZERO).delay()).isEqualTo(Duration.ofSeconds(30));
    }

    @Test
    void aLongLifeForgivesTheDeathsBefore() {
        assertThat(policy.after(7, Duration.ofSeconds(20)))
                .isEqualTo(new RestartPolicy.Decision(1, Duration.ofMillis(200)));
    }

    @Test
    void aDeathDuringAJobIsFollowedByAStartAlmostAtOnceHoweverMany() {
        assertThat(policy.afterAJob()).isEqualTo(new RestartPolicy.Decision(0, Duration.ofMillis(200)));
    }
}
