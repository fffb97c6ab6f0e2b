package io.quarry.worker;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.Manifest;
import io.quarry.avro.Outcome;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How an attempt ended, as it is reported.
 *
 * @param outcome whether another attempt may mend it; the lifecycle has the last word
 * @param cause why it failed; null for a success
 * @param manifest what it published; null where there is nothing
 */
record Ending(
        Outcome outcome, @Nullable Cause cause, @Nullable Manifest manifest) {
    private static final int LONGEST_MESSAGE = 2000;

    /** What became of a handler. */
    sealed interface Result {
        record Done(@Nullable Manifest manifest) implements Result {}

        record Failed(Cause cause) implements Result {}

        record Crashed(Throwable thrown) implements Result {}

        record Interrupted() implements Result {}
    }

    /**
     * What is known about an attempt besides its result; becomes evidence.
     *
     * @param worker its name
     * @param ran how long the attempt took
     * @param timeout the job's, null for none
     * @param lease shortest time that a lease may last
     * @param heapBytes Java heap of the worker
     */
    record Circumstances(
            String worker, Duration ran, @Nullable Duration timeout, Duration lease, long heapBytes) {}

    /** What to report; empty when nobody waits for a report. */
    static Optional<Ending> of(Result result, @Nullable StopReason stop, Circumstances known) {
        if (stop == StopReason.FENCED || stop == StopReason.CANCELLED) {
            return Optional.empty();
        }
        if (stop == StopReason.CLAIM_LOST) {
            return Optional.of(unclaimed(known));
        }
        if (result instanceof Result.Done done) {
            return Optional.of(new Ending(Outcome.SUCCEEDED, null, done.manifest()));
        }
        if (stop != null) {
            return Optional.of(stopped(stop, known));
        }
        if (result instanceof Result.Failed named) {
            return Optional.of(failed(named.cause()));
        }
        if (result instanceof Result.Crashed crashed) {
            return Optional.of(failed(crash(crashed.thrown(), known)));
        }
        return Optional.of(failed(
                cause(CauseType.TRANSIENT_FAILURE, "The handler was interrupted by nobody known.", evidence(known))));
    }

    /**
     * What to report of a claim whose place in the log is not known. Its record went back: if the claim is there after all,
     * this ends it, so that the job does not wait for a lease of nobody; if it is not, nobody listens.
     */
    static Ending unclaimed(Circumstances known) {
        return new Ending(
                Outcome.HANDED_BACK,
                cause(
                        CauseType.BROKER_UNREACHABLE,
                        "The claim could not be confirmed in time, so the record went back to the queue.",
                        evidence(known)),
                null);
    }

    /** Class of the cause of an attempt that was told to stop and did not come to its end. */
    static CauseType typeOf(StopReason stop) {
        return switch (stop) {
            case FENCED, LEASE_OUT, CLAIM_LOST -> CauseType.BROKER_UNREACHABLE;
            case CANCELLED -> CauseType.CANCELLED;
            case RUN_DEADLINE -> CauseType.RUN_DEADLINE;
            case HANDED_BACK -> CauseType.HANDED_BACK;
            case OVER_MEMORY -> CauseType.MEMORY_LIMIT;
        };
    }

    private static Ending stopped(StopReason stop, Circumstances known) {
        Map<String, String> evidence = evidence(known);
        CauseType type = typeOf(stop);
        return switch (stop) {
            case HANDED_BACK ->
                new Ending(
                        Outcome.HANDED_BACK,
                        cause(type, "The worker was stopped and gave the job back unfinished.", evidence),
                        null);
            case RUN_DEADLINE -> {
                if (known.timeout() != null) {
                    evidence.put("timeout_ms", String.valueOf(known.timeout().toMillis()));
                }
                yield failed(cause(type, "The attempt ran longer than the job's timeout_ms.", evidence));
            }
            case LEASE_OUT -> {
                evidence.put("lease_ms", String.valueOf(known.lease().toMillis()));
                yield failed(cause(
                        type,
                        "The worker could not renew its lease and stopped the job before another worker could start it.",
                        evidence));
            }
            case OVER_MEMORY -> failed(cause(type, "The attempt outgrew the worker's memory.", evidence));
            case FENCED, CANCELLED, CLAIM_LOST -> throw new IllegalArgumentException("nothing is reported of " + stop);
        };
    }

    private static Map<String, String> evidence(Circumstances known) {
        Map<String, String> evidence = new TreeMap<>();
        evidence.put("worker", known.worker());
        evidence.put("ran_ms", String.valueOf(known.ran().toMillis()));
        return evidence;
    }

    /** What to report of a job that the worker does not run. One that is too large for it goes where it fits, if there is such a place. */
    static Ending refused(Cause cause) {
        return cause.getType() == CauseType.MISPLACED ? new Ending(Outcome.MISPLACED, cause, null) : failed(cause);
    }

    static Ending failed(Cause cause) {
        return new Ending(retriable(cause.getType()) ? Outcome.RETRIABLE : Outcome.FAILED, cause, null);
    }

    /** Whether another attempt may mend what ended one by this cause. */
    static boolean retriable(CauseType type) {
        return switch (type) {
            case UNKNOWN,
                    TRANSIENT_FAILURE,
                    DISK_FULL,
                    WORKER_KILLED,
                    OOM_KILLED,
                    WORKER_SILENT,
                    BROKER_UNREACHABLE,
                    HANDED_BACK,
                    EVICTED,
                    NODE_LOST,
                    POD_FAILED,
                    INTERNAL_ERROR -> true;
            case USER_ERROR,
                    INVALID_INPUT,
                    DETERMINISTIC_FAILURE,
                    MEMORY_LIMIT,
                    SPILL_FULL,
                    RUN_DEADLINE,
                    START_DEADLINE,
                    COMPLETE_DEADLINE,
                    CANCELLED,
                    NEVER_CLAIMED,
                    UNKNOWN_KIND,
                    MISPLACED -> false;
        };
    }

    private static Cause crash(Throwable thrown, Circumstances known) {
        Map<String, String> evidence = evidence(known);
        evidence.put("exception", thrown.getClass().getName());
        StackTraceElement[] trace = thrown.getStackTrace();
        if (trace.length > 0) {
            evidence.put("at", trace[0].toString());
        }
        if (thrown instanceof OutOfMemoryError) {
            evidence.put("limit_bytes", String.valueOf(known.heapBytes()));
            return new Cause(
                    CauseType.MEMORY_LIMIT, "The worker's Java heap is exhausted: " + thrown.getMessage(), evidence);
        }
        if (diskFull(thrown)) {
            return new Cause(
                    CauseType.DISK_FULL,
                    "The disk under the worker's directories is full: " + thrown.getMessage(),
                    evidence);
        }
        String said = thrown.getClass().getName() + (thrown.getMessage() == null ? "" : ": " + thrown.getMessage());
        return new Cause(
                CauseType.TRANSIENT_FAILURE,
                "The handler threw " + (said.length() > LONGEST_MESSAGE ? said.substring(0, LONGEST_MESSAGE) : said),
                evidence);
    }

    /** Java has no class for it: the message is the operating system's. */
    private static boolean diskFull(@Nullable Throwable thrown) {
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            String message = t.getMessage() == null ? "" : t.getMessage().toLowerCase(Locale.ROOT);
            if (t instanceof IOException
                    && (message.contains("no space left on device") || message.contains("disk quota exceeded"))) {
                return true;
            }
        }
        return false;
    }

    private static Cause cause(CauseType type, String message, Map<String, String> evidence) {
        return new Cause(type, message, evidence);
    }
}
