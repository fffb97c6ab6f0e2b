package io.quarry.scheduler.trigger;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class RecountPauseTest {
    private static final Duration LEAST = Duration.ofMinutes(10);

    private static Duration after(Duration took) {
        return RecountPause.after(took, LEAST);
    }

    @Test
    void aSmallLedgerIsCountedAsOftenAsIsSet() {
        assertThat(after(Duration.ZERO)).isEqualTo(LEAST);
        assertThat(after(Duration.ofSeconds(31))).isEqualTo(LEAST);
    }

    @Test
    void aLargeOneTakesATwentiethOfTheTime() {
        assertThat(after(Duration.ofMinutes(5))).isEqualTo(Duration.ofMinutes(95));
        for (Duration took = Duration.ofSeconds(1);
                took.compareTo(Duration.ofMinutes(36)) <= 0;
                took = took.plusSeconds(7)) {
            Duration round = took.plus(after(took));
            assertThat(took.multipliedBy(20)).as("%s", took).isLessThanOrEqualTo(round);
        }
    }

    @Test
    void everyRowIsCountedTwiceBeforeItIsTooOldHoweverLongARecountTakes() {
        for (Duration took = Duration.ZERO; took.compareTo(Duration.ofHours(11)) <= 0; took = took.plusSeconds(61)) {
            Duration round = took.plus(after(took));
            assertThat(round.multipliedBy(2)).as("%s", took).isLessThanOrEqualTo(RecountPause.LOOKS_BACK);
        }
    }

    @Test
    void oneThatTakesLongerThanItsSpanIsFollowedByTheNextAllTheSame() {
        assertThat(after(Duration.ofDays(2))).isEqualTo(LEAST);
    }
}
