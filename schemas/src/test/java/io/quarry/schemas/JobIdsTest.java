package io.quarry.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.InstantSource;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class JobIdsTest {
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    @Test
    void anIdCarriesItsTimeAndVersion() {
        UUID id = new JobIds(InstantSource.fixed(NOON), new Random(1)).next();
        assertThat(id.version()).isEqualTo(7);
        assertThat(id.variant()).isEqualTo(2);
        assertThat(id.getMostSignificantBits() >>> 16).isEqualTo(NOON.toEpochMilli());
        assertThat(JobRules.validId(id.toString())).isTrue();
    }

    @Test
    void idsGrowWithinAMillisecondAndWhenTheClockStepsBack() {
        Random steps = new Random(3);
        long[] now = {NOON.toEpochMilli()};
        JobIds ids = new JobIds(() -> Instant.ofEpochMilli(now[0]), new Random(2));
        String last = "";
        for (int i = 0; i < 50_000; i++) {
            String id = ids.next().toString();
            assertThat(id).isGreaterThan(last);
            last = id;
            if (steps.nextInt(100) == 0) {
                now[0] += steps.nextInt(21) - 10;
            }
        }
    }

    @Test
    void equalKeysGiveEqualIds() {
        UUID id = JobIds.ofKey("nightly/2026-01-01");
        assertThat(id.version()).isEqualTo(5);
        assertThat(id.variant()).isEqualTo(2);
        assertThat(JobIds.ofKey("nightly/2026-01-01")).isEqualTo(id);
        assertThat(JobIds.ofKey("nightly/2026-01-02")).isNotEqualTo(id);
        assertThat(id).as("part of the contract").hasToString("81c58523-ff1b-53a4-88f3-d9a361ebbdce");
    }

    @Test
    void aRepeatHasAnIdOfItsOwnThatIsTheSameEachTime() {
        UUID id = JobIds.ofRepeat("nightly-42", "replay/r1");
        assertThat(id.version()).isEqualTo(5);
        assertThat(id.variant()).isEqualTo(2);
        assertThat(JobIds.ofRepeat("nightly-42", "replay/r1")).isEqualTo(id);
        assertThat(JobIds.ofRepeat("nightly-42", "redrive/r1")).isNotEqualTo(id);
        assertThat(JobIds.ofRepeat("nightly-43", "replay/r1")).isNotEqualTo(id);
        assertThat(JobIds.ofKey("replay/r1\nnightly-42"))
                .as("no key is a repeat")
                .isNotEqualTo(id);
    }
}
