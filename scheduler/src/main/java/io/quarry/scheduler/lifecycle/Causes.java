package io.quarry.scheduler.lifecycle;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.Outcome;
import io.quarry.avro.Owner;
import io.quarry.avro.Progress;
import io.quarry.schemas.Placement;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Causes that the lifecycle itself finds. */
final class Causes {
    private static final String PEAK = "peak_memory_bytes";

    private Causes() {}

    /** Cause of an attempt that ended, made up from the outcome where its worker gave none. */
    static Cause of(Event.Finished e) {
        if (e.cause() != null) {
            return e.cause();
        }
        CauseType type = switch (e.outcome()) {
            case HANDED_BACK -> CauseType.HANDED_BACK;
            case MISPLACED -> CauseType.MISPLACED;
            case UNKNOWN, SUCCEEDED, RETRIABLE, FAILED -> CauseType.UNKNOWN;
        };
        String message = e.outcome() == Outcome.HANDED_BACK
                ? "The worker stopped and gave the job back."
                : "The worker gave no cause.";
        return new Cause(type, message, Map.of());
    }

    static Cause cancelled(Event.CancelRequested e) {
        Map<String, String> evidence = new HashMap<>();
        if (e.by() != null) {
            evidence.put("requested_by", e.by());
        }
        String said = "Cancelled by " + (e.by() == null ? "somebody" : e.by());
        if (e.reason() == null || e.reason().isBlank()) {
            return new Cause(CauseType.CANCELLED, said + ".", evidence);
        }
        evidence.put("reason", e.reason());
        return new Cause(CauseType.CANCELLED, said + ": " + e.reason(), evidence);
    }

    static Cause neverClaimed(Event.Passed e) {
        return new Cause(
                CauseType.NEVER_CLAIMED,
                "No worker could claim the job, three times over; look for workers that crash while they claim.",
                Map.of("topic", e.topic(), "passed_offset", String.valueOf(e.offset())));
    }

    static Cause neverStarted(Cause last) {
        return new Cause(
                last.getType(),
                "Three workers were lost before they started the job; the last one: " + last.getMessage(),
                last.getEvidence());
    }

    static Cause silent(Owner owner) {
        return new Cause(
                CauseType.WORKER_SILENT,
                "The worker sent no heartbeat for a whole lease.",
                Map.of("worker", owner.getWorker(), "claim", owner.getClaim()));
    }

    static Cause tooLong(JobState row) {
        Instant deadline = row.getRunDeadline();
        return new Cause(
                CauseType.RUN_DEADLINE,
                "The attempt ran longer than its timeout.",
                Map.of("deadline", String.valueOf(deadline), "started_at", String.valueOf(row.getStartedAt())));
    }

    /** A kill for memory with the peak that the process itself reported last, where whoever saw it die knows none. */
    static Cause withPeak(Cause seen, @Nullable Progress last) {
        if (seen.getType() != CauseType.OOM_KILLED
                || last == null
                || last.getPeakMemoryBytes() == 0
                || seen.getEvidence().containsKey(PEAK)) {
            return seen;
        }
        Map<String, String> evidence = new HashMap<>(seen.getEvidence());
        evidence.put(PEAK, String.valueOf(last.getPeakMemoryBytes()));
        return new Cause(seen.getType(), seen.getMessage(), evidence);
    }

    static Cause tooLarge(Job job, Placement.Refused refused) {
        return new Cause(
                CauseType.MISPLACED,
                refused.reason(),
                Map.of("resource_group", job.getResourceGroup(), "nearest", Placement.format(refused.nearest())));
    }

    static Cause noPods(Job job) {
        return new Cause(
                CauseType.MISPLACED,
                "The job is larger than a worker of its group, and the group allows no pods: "
                        + "ask for less, or set oversize_ceiling of the group.",
                Map.of("resource_group", job.getResourceGroup()));
    }
}
