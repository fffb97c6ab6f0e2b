package io.quarry.local.cli;

import io.quarry.avro.Cause;
import io.quarry.avro.JobState;
import io.quarry.avro.State;
import io.quarry.avro.Transition;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One try at a job, told from the job's history.
 *
 * @param attempt its number
 * @param worker who ran it
 * @param startedAt when it was claimed
 * @param endedAt when it ended; null while it runs
 * @param outcome RUNNING, RETRIED when another attempt follows, or the job's final state
 * @param cause why it ended without a result; null while nothing went wrong
 */
record AttemptView(
        int attempt,
        String worker,
        Instant startedAt,
        @Nullable Instant endedAt,
        String outcome,
        @Nullable Cause cause) {

    /** The attempts that a worker began, in order. Of a history that was cut, those that are still in it. */
    static List<AttemptView> of(JobState row) {
        List<AttemptView> attempts = new ArrayList<>();
        for (Transition step : row.getHistory()) {
            Optional<AttemptView> last =
                    attempts.isEmpty() ? Optional.empty() : Optional.of(attempts.get(attempts.size() - 1));
            if (step.getState() == State.RUNNING) {
                boolean cameBack =
                        last.filter(view -> view.attempt == step.getAttempt()).isPresent();
                if (cameBack) {
                    AttemptView back = attempts.remove(attempts.size() - 1);
                    attempts.add(new AttemptView(back.attempt, back.worker, back.startedAt, null, "RUNNING", null));
                } else {
                    String worker = step.getWorker() == null ? "" : step.getWorker();
                    attempts.add(
                            new AttemptView(step.getAttempt(), worker, step.getAt(), null, "RUNNING", step.getCause()));
                }
            } else if (last.isPresent()) {
                attempts.set(attempts.size() - 1, last.get().after(step));
            }
        }
        return attempts;
    }

    private AttemptView after(Transition step) {
        boolean again = step.getState() == State.RETRYING || step.getState() == State.LAUNCHING;
        if (endedAt == null) {
            return new AttemptView(
                    attempt,
                    worker,
                    startedAt,
                    step.getAt(),
                    again ? "RETRIED" : step.getState().name(),
                    step.getCause());
        }
        // A better cause became known later, or the job ended while the next attempt was waited for.
        return again && step.getCause() != null
                ? new AttemptView(attempt, worker, startedAt, endedAt, outcome, step.getCause())
                : this;
    }

    static TextTable table(List<AttemptView> attempts) {
        TextTable table = new TextTable("ATTEMPT", "WORKER", "STARTED", "RAN", "OUTCOME", "CAUSE");
        for (AttemptView view : attempts) {
            table.row(
                    view.attempt,
                    view.worker,
                    Text.time(view.startedAt),
                    Text.between(view.startedAt, view.endedAt),
                    view.outcome,
                    view.cause == null ? "" : JobText.because(view.cause));
        }
        return table;
    }

    Map<String, Object> tree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("attempt", attempt);
        tree.put("worker", worker);
        tree.put("started_at", startedAt.toString());
        if (endedAt != null) {
            tree.put("ended_at", endedAt.toString());
        }
        tree.put("outcome", outcome);
        if (cause != null) {
            tree.put("cause", AvroTree.of(cause));
        }
        return tree;
    }
}
