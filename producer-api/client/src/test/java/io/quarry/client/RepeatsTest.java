package io.quarry.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarry.avro.Job;
import io.quarry.avro.Resources;
import io.quarry.schemas.JobRules;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RepeatsTest {
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    private static Job.Builder original() {
        return Job.newBuilder(JobBuilder.withIdempotencyKey("nightly")
                .custom("echo", "text/plain", new byte[] {1})
                .tag("team", "growth")
                .memory("2Gi")
                .build());
    }

    @Test
    void aRepeatIsAFirstAttemptOfTheSameWorkThatNamesTheOriginal() {
        Job original = original().setAttempt(3).build();

        Job job = Repeats.replayed(original, "replay/r1", null, NOON);

        assertThat(JobRules.check(job)).isEmpty();
        assertThat(job.getRepeats()).isEqualTo(original.getId());
        assertThat(job.getId()).isNotEqualTo(original.getId());
        assertThat(job.getIdempotencyKey()).as("the new id is not made from it").isNull();
        assertThat(job.getAttempt()).isEqualTo(1);
        assertThat(job.getCustom()).isEqualTo(original.getCustom());
        assertThat(job.getTags()).isEqualTo(original.getTags());
        assertThat(Repeats.isOf(job, "replay/r1")).isTrue();
        assertThat(Repeats.isOf(job, "replay/r2")).isFalse();
        assertThat(Repeats.run(job)).isEqualTo("replay/r1");
    }

    @Test
    void onlyDeadlinesThatArePastAreDroppedFromAReplay() {
        Job job = original()
                .setStartBy(NOON.minusSeconds(1))
                .setCompleteBy(NOON.plusSeconds(1))
                .build();

        Job again = Repeats.replayed(job, "replay/r1", null, NOON);

        assertThat(again.getStartBy()).isNull();
        assertThat(again.getCompleteBy()).isEqualTo(NOON.plusSeconds(1));
    }

    @Test
    void aRedriveChangesWhatItSaysAndNothingElse() {
        Job original = original().setStartBy(NOON).setMaxAttempts(1).build();
        Redrive redrive = Redrive.withId("r")
                .withResources(new Resources(4000L, null, null))
                .into("big")
                .withMaxAttempts(5);

        Job job = redrive.of(original);

        assertThat(job.getResources()).isEqualTo(new Resources(4000L, 2L << 30, null));
        assertThat(job.getResourceGroup()).isEqualTo("big");
        assertThat(job.getMaxAttempts()).isEqualTo(5);
        assertThat(job.getStartBy()).as("it was the original's").isNull();
        assertThat(job.getCustom()).isEqualTo(original.getCustom());
        assertThat(redrive.made(job)).isTrue();
        assertThat(redrive.made(original)).isFalse();
        assertThat(Redrive.withId("other").made(job)).isFalse();
        assertThat(redrive.of(original)).as("the same each time").isEqualTo(job);
    }

    @Test
    void aFullSetOfHeadersLosesNone() {
        Map<String, String> headers = new HashMap<>();
        for (int i = 0; i < 64; i++) {
            headers.put("h" + i, "v");
        }
        Job job = Redrive.withId("r").of(original().setHeaders(headers).build());
        assertThat(job.getHeaders()).isEqualTo(headers);
        assertThat(JobRules.check(job)).isEmpty();
    }

    @Test
    void aNameThatBreaksTheRuleIsRefused() {
        assertThatThrownBy(() -> Redrive.withId("two words"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("two words");
        assertThatThrownBy(() -> Replay.ofGroup("default").withId("a\nb")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Replay.ofGroup("default").atMostPerSecond(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("-1");
    }
}
