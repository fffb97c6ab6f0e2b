package io.quarry.scheduler.launch;

import io.quarry.avro.JobState;
import io.quarry.avro.Owner;
import io.quarry.avro.State;
import io.quarry.schemas.States;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The rows of job-state that concern processes of their own: those of oversize jobs that are not over. Pure. */
final class Board {
    private static final Comparator<JobState> OLDEST_FIRST =
            Comparator.comparing(Board::since).thenComparing(row -> row.getJob().getId());

    private final Map<String, JobState> rows = new HashMap<>();

    /** Takes the newest row of a job. */
    void row(String id, JobState row) {
        if (row.getOversize() && !States.isFinal(row.getState())) {
            rows.put(id, row);
        } else {
            rows.remove(id);
        }
    }

    /** Takes notice that a job's row is gone. */
    void gone(String id) {
        rows.remove(id);
    }

    /** Jobs that wait for a process and whose record is known, the oldest first. */
    List<JobState> launching() {
        return rows.values().stream()
                .filter(row -> row.getState() == State.LAUNCHING && row.getSource() != null)
                .sorted(OLDEST_FIRST)
                .toList();
    }

    /** Whether somebody waits for what the attempt's process does: it is to come, runs, or may come back. */
    boolean wants(Launch.Key key) {
        JobState row = rows.get(key.jobId());
        if (row == null) {
            return false;
        }
        boolean current = row.getAttempt() == key.attempt()
                && (row.getState() == State.LAUNCHING || row.getState() == State.RUNNING);
        return current || isOf(row.getOwner(), key) || isOf(row.getLostOwner(), key);
    }

    /** Whether the attempt waits to be claimed. */
    boolean waits(Launch.Key key) {
        JobState row = rows.get(key.jobId());
        return row != null && row.getState() == State.LAUNCHING && row.getAttempt() == key.attempt();
    }

    static Launch.Key key(JobState row) {
        return new Launch.Key(row.getJob().getId(), row.getAttempt());
    }

    /** Since when the row's attempt waits. */
    static Instant since(JobState row) {
        return row.getQueuedAt() == null ? row.getSubmittedAt() : row.getQueuedAt();
    }

    private static boolean isOf(@Nullable Owner owner, Launch.Key key) {
        return owner != null && owner.getAttempt() == key.attempt();
    }
}
