package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.Progress;
import io.quarry.avro.Source;
import io.quarry.avro.State;
import io.quarry.avro.Transition;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class JobTextTest {
    private static final Instant NOON = Instant.parse("2026-11-24T12:00:00Z");
    private static final Cause KILLED = new Cause(
            CauseType.WORKER_KILLED,
            "The worker's process was killed.",
            Map.of("signal", "SIGKILL", "limit_bytes", "2147483648", "ran_ms", "3200"));
    private static final Cause MEMORY = new Cause(CauseType.MEMORY_LIMIT, "Too large.", Map.of("operator", "SORT"));

    private static Transition step(int second, State state, int attempt, @Nullable Cause cause, String detail) {
        return new Transition(
                NOON.plusSeconds(second), state, attempt, state == State.QUEUED ? null : "worker-1", cause, detail);
    }

    private static JobState row(State state, @Nullable Cause cause, Transition... history) {
        return JobState.newBuilder()
                .setJob(Job.newBuilder().setId("j").setName("nightly").build())
                .setState(state)
                .setSubmittedAt(NOON)
                .setSubmittedSource(new Source("quarry.jobs.default", 0L))
                .setCause(cause)
                .setHistory(List.of(history))
                .build();
    }

    private static final JobState FAILED_AT_LAST = row(
            State.FAILED,
            MEMORY,
            step(0, State.QUEUED, 1, null, "submitted"),
            step(1, State.RUNNING, 1, null, "claimed"),
            step(4, State.RETRYING, 2, KILLED, "failed, tried again"),
            step(6, State.RETRYING, 2, null, "appended"),
            step(7, State.RUNNING, 2, null, "claimed"),
            step(9, State.FAILED, 2, MEMORY, "failed for good"));

    @Test
    void theLastAttemptNamesItsWorkerHoweverItEnded() {
        JobState cancelled = row(
                State.CANCELLED,
                null,
                step(0, State.QUEUED, 1, null, "submitted"),
                step(1, State.RUNNING, 1, null, "claimed"),
                step(2, State.CANCELLED, 1, null, "cancelled"));
        JobState failed = JobState.newBuilder(FAILED_AT_LAST).setAttempt(2).build();

        assertThat(page(cancelled)).containsPattern("attempt +1 on worker-1\n");
        assertThat(page(failed)).containsPattern("attempt +2 on worker-1\n");
        assertThat(page(row(State.QUEUED, null, step(0, State.QUEUED, 1, null, "submitted"))))
                .containsPattern("attempt +1\n");
    }

    private static String page(JobState row) {
        Console console = CommandRun.console(
                Path.of("."), Map.of(), "", new ByteArrayOutputStream(), new ByteArrayOutputStream(), false);
        return String.join("\n", JobText.page(row, console));
    }

    @Test
    void aLiveAttemptIsShownAfterTheCauseOfTheOneBeforeAndNotWithIt() {
        JobState again = JobState.newBuilder(row(
                        State.RUNNING,
                        KILLED,
                        step(1, State.RUNNING, 1, null, "claimed"),
                        step(4, State.RETRYING, 2, KILLED, "failed, tried again"),
                        step(7, State.RUNNING, 2, null, "claimed")))
                .setJob(Job.newBuilder().setId("j").setMaxAttempts(3).build())
                .setAttempt(2)
                .setProgress(new Progress("query", 0.5, 10L, 0L, 0L, 0L, null))
                .build();
        assertThat(page(again))
                .containsPattern("attempt +2 of 3 on worker-1, after WORKER_KILLED: The worker's process was killed.\n")
                .contains("query 50%")
                .doesNotContain("cause ")
                .doesNotContain("evidence");
        JobState waits = JobState.newBuilder(again).setState(State.RETRYING).build();
        assertThat(page(waits)).as("the progress of a dead attempt").doesNotContain("query 50%");
    }

    @Test
    void whatIsLeftIsJudgedAnewForEachAttempt() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Console console = CommandRun.console(Path.of("."), Map.of(), "", new ByteArrayOutputStream(), err, false);
        JobState first = JobState.newBuilder(row(State.RUNNING, null))
                .setProgress(new Progress("query", 0.9, 1000L, 0L, 0L, 0L, null))
                .build();
        try (ProgressView view = new ProgressView(console)) {
            view.show(first);
            view.show(JobState.newBuilder(first)
                    .setState(State.RETRYING)
                    .setAttempt(2)
                    .setCause(KILLED)
                    .build());
        }
        assertThat(err.toString(java.nio.charset.StandardCharsets.UTF_8).lines())
                .satisfiesExactly(
                        line -> assertThat(line).contains("running  query  90%"),
                        line -> assertThat(line)
                                .contains("retrying  attempt 2, after WORKER_KILLED")
                                .doesNotContain("90%"));
    }

    @Test
    void everyAttemptIsShownWithItsOwnCause() {
        List<AttemptView> attempts = AttemptView.of(FAILED_AT_LAST);

        assertThat(attempts)
                .containsExactly(
                        new AttemptView(1, "worker-1", NOON.plusSeconds(1), NOON.plusSeconds(4), "RETRIED", KILLED),
                        new AttemptView(2, "worker-1", NOON.plusSeconds(7), NOON.plusSeconds(9), "FAILED", MEMORY));
        assertThat(page(FAILED_AT_LAST))
                .contains("attempts\nATTEMPT  WORKER")
                .contains("3.00 s  RETRIED  WORKER_KILLED: The worker's process was killed.")
                .contains("2.00 s  FAILED   MEMORY_LIMIT: Too large.");
    }

    @Test
    void aWorkerThatCameBackGoesOnWithItsAttempt() {
        JobState row = row(
                State.RUNNING,
                null,
                step(0, State.QUEUED, 1, null, "submitted"),
                step(1, State.RUNNING, 1, null, "claimed"),
                step(31, State.RETRYING, 2, KILLED, "no heartbeat for a whole lease"),
                step(33, State.RUNNING, 1, null, "the worker came back before another attempt began"));

        assertThat(AttemptView.of(row))
                .containsExactly(new AttemptView(1, "worker-1", NOON.plusSeconds(1), null, "RUNNING", null));
    }

    @Test
    void aJobThatWasNeverRunHasNoAttempts() {
        JobState row = row(State.EXPIRED, null, step(0, State.QUEUED, 1, null, "submitted"));

        assertThat(AttemptView.of(row)).isEmpty();
        assertThat(JobText.tree(row)).containsEntry("attempts", List.of());
    }

    @Test
    void theEvidenceOfACauseIsATableInUnitsForPeople() {
        assertThat(page(row(State.FAILED, KILLED)))
                .contains("cause      WORKER_KILLED: The worker's process was killed.")
                .contains(
                        "evidence\nKEY          VALUE\nlimit_bytes  2.0 GiB\nran_ms       3.20 s\nsignal       SIGKILL");
    }

    @Test
    void forProgramsCauseAndAttemptsAreObjects() {
        assertThat(JobText.tree(FAILED_AT_LAST))
                .containsEntry(
                        "cause",
                        Map.of("type", "MEMORY_LIMIT", "message", "Too large.", "evidence", Map.of("operator", "SORT")))
                .extractingByKey("attempts")
                .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.list(Map.class))
                .hasSize(2)
                .first(org.assertj.core.api.InstanceOfAssertFactories.map(String.class, Object.class))
                .containsEntry("attempt", 1)
                .containsEntry("outcome", "RETRIED")
                .containsEntry("ended_at", "2026-11-24T12:00:04Z")
                .containsKey("cause");
    }

    @Test
    void theSubmissionIsShownAlsoWhereTheClaimOvertookIt() {
        JobState row = row(State.RUNNING, null, step(1, State.RUNNING, 1, null, "claimed"));

        assertThat(JobText.timeline(row)).extracting(Transition::getDetail).containsExactly("submitted", "claimed");
        assertThat(JobText.timeline(FAILED_AT_LAST)).isEqualTo(FAILED_AT_LAST.getHistory());
        assertThat(page(row)).contains("2026-11-24 12:00:00Z  QUEUED ");
    }

    @Test
    void aCancelThatOvertookTheSubmissionShowsNone() {
        JobState row = JobState.newBuilder(row(State.CANCELLED, null, step(0, State.CANCELLED, 1, null, "cancelled")))
                .setSubmittedSource(null)
                .build();

        assertThat(JobText.timeline(row)).hasSize(1);
    }

    @Test
    void aCancelWithoutAReasonIsItsTypeAlone() {
        Cause cause = new Cause(CauseType.CANCELLED, "", Map.of("requested_by", "ada"));

        assertThat(page(row(State.CANCELLED, cause, step(1, State.CANCELLED, 1, cause, "cancelled"))))
                .contains("cause      CANCELLED\n")
                .contains("cancelled (CANCELLED)")
                .doesNotContain("CANCELLED:");
    }

    @Test
    void inAPipeAListOfJobsHasEveryColumnInFull() {
        JobState named = JobState.newBuilder(row(State.QUEUED, null))
                .setJob(Job.newBuilder().setId("j").setName("n".repeat(150)).build())
                .build();

        List<String> lines = JobText.table(List.of(named), TextTable.UNBOUNDED);

        assertThat(lines).hasSize(2);
        assertThat(lines.get(0)).contains("NAME").contains("ATTEMPT");
        assertThat(lines.get(1)).contains("n".repeat(150));
    }
}
