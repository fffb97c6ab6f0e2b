package io.quarry.scheduler.lifecycle;

import static io.quarry.scheduler.lifecycle.Samples.T0;
import static io.quarry.scheduler.lifecycle.Samples.after;
import static io.quarry.scheduler.lifecycle.Samples.claimed;
import static io.quarry.scheduler.lifecycle.Samples.finished;
import static io.quarry.scheduler.lifecycle.Samples.step;
import static io.quarry.scheduler.lifecycle.Samples.submitted;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.CauseType;
import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.Outcome;
import io.quarry.avro.State;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a deadline does that has passed before the tick that would say so: always what the tick would have done. */
class DeadlinesTest {
    private static final Instant START_BY = Samples.job().getStartBy();
    private static final Instant COMPLETE_BY = Samples.job().getCompleteBy();
    private static final Instant RUN_DEADLINE = T0.plus(Duration.ofHours(1));
    private static final JobState QUEUED = after(null, submitted());
    private static final JobState RUNNING =
            after(after(QUEUED, claimed("owner", 1, false)), new Event.Heartbeat("owner", true, null));

    @Test
    void aClaimAtStartByIsFencedAndTheJobExpires() {
        Step late = step(QUEUED, claimed("late", 1, true), START_BY);
        expired(late, CauseType.START_DEADLINE);
        assertThat(Samples.words(late)).containsExactly("FENCE late");
        assertThat(after(QUEUED, claimed("in-time", 1, true), START_BY.minusMillis(1))
                        .getState())
                .isEqualTo(State.RUNNING);
    }

    @Test
    void aClaimThatOvertookItsSubmissionIsHeldToStartByAsWell() {
        Step late = step(null, claimed("late", 1, true), START_BY);
        expired(late, CauseType.START_DEADLINE);
        assertThat(Samples.words(late)).containsExactly("FENCE late");
    }

    @Test
    void aJobSubmittedAfterItsDeadlineExpiresAtOnceWithoutEverBeingQueued() {
        expired(step(null, submitted(), START_BY), CauseType.START_DEADLINE);
        expired(step(null, submitted(), COMPLETE_BY), CauseType.COMPLETE_DEADLINE);
    }

    @Test
    void aTimeoutOfARecordThatNobodyCheckedLeavesRoomForItsInstant() {
        Job endless = Job.newBuilder(QUEUED.getJob())
                .setTimeoutMs(Long.MAX_VALUE)
                .setCompleteBy(null)
                .build();
        JobState queued = Rows.edit(QUEUED).setJob(endless).build();
        assertThat(after(queued, new Event.Claimed("owner", 1, "worker-1", true, null, endless))
                        .getRunDeadline())
                .isEqualTo(T0.plus(Duration.ofDays(3650)));
    }

    @Test
    void aCancelWithoutAReasonIsAWholeSentence() {
        for (String reason : Arrays.asList(null, "", " ")) {
            JobState row = after(QUEUED, new Event.CancelRequested("job-1", "ada", reason));
            assertThat(row.getCause().getMessage()).isEqualTo("Cancelled by ada.");
        }
    }

    @Test
    void aSuccessAtCompleteByComesTooLate() {
        JobState lasting =
                Rows.edit(RUNNING).setRunDeadline(COMPLETE_BY.plusSeconds(1)).build();
        Step late = step(lasting, finished("owner", Outcome.SUCCEEDED), COMPLETE_BY);
        JobState row = expired(late, CauseType.COMPLETE_DEADLINE);
        assertThat(row.getManifest()).isNull();
        assertThat(row.getOwner()).isNull();
        assertThat(after(lasting, finished("owner", Outcome.SUCCEEDED), COMPLETE_BY.minusMillis(1))
                        .getState())
                .isEqualTo(State.SUCCEEDED);
    }

    @Test
    void aSuccessAtTheRunDeadlineComesTooLateAndTheAttemptIsNotRetried() {
        Step late = step(RUNNING, finished("owner", Outcome.SUCCEEDED), RUN_DEADLINE);
        expired(late, CauseType.RUN_DEADLINE);
        assertThat(late.effects()).noneMatch(Effect.AppendRetry.class::isInstance);
        Step tick = step(RUNNING, new Event.Due(), RUN_DEADLINE);
        assertThat(tick.state()).isEqualTo(late.state());
    }

    @Test
    void aRunDeadlineIsRetriedWhenTheJobAsksForItUntilItsAttemptsAreUsedUp() {
        Job asks = Job.newBuilder(Samples.job())
                .setRetryOn(List.of("RUN_DEADLINE"))
                .build();
        JobState running = Rows.edit(RUNNING).setJob(asks).build();
        Step again = step(running, finished("owner", Outcome.SUCCEEDED), RUN_DEADLINE);
        assertThat(again.state()).isNotNull();
        assertThat(again.state().getState()).isEqualTo(State.RETRYING);
        assertThat(again.state().getAttempt()).isEqualTo(2);
        assertThat(Samples.words(again)).containsExactly("FENCE owner", "FENCE owner");
        JobState last = Rows.edit(running).setCharged(3).build();
        expired(step(last, new Event.Due(), RUN_DEADLINE), CauseType.RUN_DEADLINE);
    }

    @Test
    void aLostOwnerHeardAfterItsRunDeadlineIsFencedAndItsSuccessorGoesOn() {
        JobState lost = after(RUNNING, new Event.LeaseOut("owner"), RUN_DEADLINE.minusSeconds(1));
        for (Event event : List.of(new Event.Heartbeat("owner", true, null), finished("owner", Outcome.SUCCEEDED))) {
            Step late = step(lost, event, RUN_DEADLINE);
            assertThat(late.state()).isNotNull();
            assertThat(late.state().getState()).isEqualTo(State.RETRYING);
            assertThat(late.state().getAttempt()).isEqualTo(2);
            assertThat(late.state().getLostOwner()).isNull();
            assertThat(Samples.words(late)).containsExactly("FENCE owner");
        }
    }

    @Test
    void aRetryIsHeldToCompleteByAndNotToStartBy() {
        JobState waiting = after(RUNNING, finished("owner", Outcome.RETRIABLE));
        JobState enqueued = after(waiting, new Event.Due(), T0.plusSeconds(60));
        assertThat(after(enqueued, claimed("next", 2, true), START_BY).getState())
                .isEqualTo(State.RUNNING);
        expired(step(enqueued, claimed("next", 2, true), COMPLETE_BY), CauseType.COMPLETE_DEADLINE);
    }

    private static JobState expired(Step step, CauseType cause) {
        @Nullable JobState row = step.state();
        assertThat(row).isNotNull();
        assertThat(row.getState()).isEqualTo(State.EXPIRED);
        assertThat(row.getCause().getType()).isEqualTo(cause);
        assertThat(row.getCause().getEvidence()).containsKey("deadline");
        return row;
    }
}
