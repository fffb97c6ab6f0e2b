package io.quarry.scheduler.lifecycle;

import io.quarry.avro.Cause;
import io.quarry.avro.DeadJob;
import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.State;
import io.quarry.schemas.SubmittedJob;
import java.time.Instant;
import java.util.Objects;
import java.util.Set;
import org.apache.avro.Schema;

/** Copies and comparisons of wire records. */
final class Rows {
    private static final Set<String> ACCOMPANIES = Set.of("submitted_at", "headers", "attempt");

    private Rows() {}

    /** Builder that begins with all fields of a row. Shallow: the generated copy constructor would copy a job of a megabyte each time. */
    static JobState.Builder edit(JobState row) {
        return JobState.newBuilder()
                .setJob(row.getJob())
                .setState(row.getState())
                .setAttempt(row.getAttempt())
                .setHighestAttempt(row.getHighestAttempt())
                .setCharged(row.getCharged())
                .setOwner(row.getOwner())
                .setLostOwner(row.getLostOwner())
                .setSubmittedSource(row.getSubmittedSource())
                .setOversize(row.getOversize())
                .setSource(row.getSource())
                .setEnqueued(row.getEnqueued())
                .setRequeues(row.getRequeues())
                .setNeverStarted(row.getNeverStarted())
                .setSubmittedAt(row.getSubmittedAt())
                .setQueuedAt(row.getQueuedAt())
                .setFirstStartedAt(row.getFirstStartedAt())
                .setStartedAt(row.getStartedAt())
                .setFinishedAt(row.getFinishedAt())
                .setDueAt(row.getDueAt())
                .setRunDeadline(row.getRunDeadline())
                .setCause(row.getCause())
                .setManifest(row.getManifest())
                .setProgress(row.getProgress())
                .setProgressAt(row.getProgressAt())
                .setDuplicates(row.getDuplicates())
                .setConflict(row.getConflict())
                .setHistory(row.getHistory())
                .setVersion(row.getVersion())
                .setWaitsBecause(row.getWaitsBecause())
                .setAsked(row.getAsked());
    }

    /** The job's record of one attempt. */
    static Job attempt(Job job, int attempt) {
        return Job.newBuilder(job).setAttempt(attempt).build();
    }

    /** Stands in for a job of which only the cancel is known. */
    static Job unseen(String id) {
        return Job.newBuilder().setId(id).build();
    }

    /** Whether two submissions ask for the same work: what merely accompanies it (clock, correlation headers) does not count. */
    static boolean sameBody(Job a, Job b) {
        for (Schema.Field field : Job.getClassSchema().getFields()) {
            if (!ACCOMPANIES.contains(field.name()) && !Objects.equals(a.get(field.pos()), b.get(field.pos()))) {
                return false;
            }
        }
        return true;
    }

    static DeadJob dead(JobState row, State state, Cause cause, Instant at) {
        // The current attempt was not made yet while its backoff lasted.
        int made = row.getEnqueued() ? row.getAttempt() : row.getAttempt() - 1;
        return DeadJob.newBuilder()
                .setJob(SubmittedJob.of(row))
                .setState(state)
                .setCause(cause)
                .setAttempts(row.getFirstStartedAt() == null ? 0 : made)
                .setAt(at)
                .build();
    }
}
