package io.quarry.worker;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.Manifest;
import io.quarry.avro.Outcome;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
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

    /** What to report; empty when nobody waits for a report. */
    static Optional<Ending> of(Result result, @Nullable StopReason stop) {
        if (stop == StopReason.FENCED || stop == StopReason.CANCELLED || stop == StopReason.CLAIM_LOST) {
            return Optional.empty();
        }
        if (result instanceof Result.Done done) {
            return Optional.of(new Ending(Outcome.SUCCEEDED, null, done.manifest()));
        }
        if (stop == StopReason.HANDED_BACK) {
            return Optional.of(new Ending(
                    Outcome.HANDED_BACK,
                    cause(CauseType.HANDED_BACK, "The worker was stopped and gave the job back unfinished."),
                    null));
        }
        if (stop == StopReason.RUN_DEADLINE) {
            return Optional.of(
                    failed(cause(CauseType.RUN_DEADLINE, "The attempt ran longer than the job's timeout_ms.")));
        }
        if (stop == StopReason.LEASE_OUT) {
            return Optional.of(failed(cause(
                    CauseType.BROKER_UNREACHABLE,
                    "The worker could not renew its lease and stopped the job before another worker could start it.")));
        }
        if (result instanceof Result.Failed named) {
            return Optional.of(failed(named.cause()));
        }
        if (result instanceof Result.Crashed crashed) {
            return Optional.of(failed(crash(crashed.thrown())));
        }
        return Optional.of(failed(cause(CauseType.TRANSIENT_FAILURE, "The handler was interrupted by nobody known.")));
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

    private static Cause crash(Throwable thrown) {
        if (thrown instanceof OutOfMemoryError) {
            return new Cause(
                    CauseType.MEMORY_LIMIT,
                    "The worker's Java heap is exhausted: " + thrown.getMessage(),
                    Map.of("exception", thrown.getClass().getName()));
        }
        if (diskFull(thrown)) {
            return new Cause(
                    CauseType.DISK_FULL,
                    "The disk under the worker's directories is full: " + thrown.getMessage(),
                    Map.of("exception", thrown.getClass().getName()));
        }
        String said = thrown.getClass().getName() + (thrown.getMessage() == null ? "" : ": " + thrown.getMessage());
        return new Cause(
                CauseType.TRANSIENT_FAILURE,
                "The handler threw " + (said.length() > LONGEST_MESSAGE ? said.substring(0, LONGEST_MESSAGE) : said),
                Map.of("exception", thrown.getClass().getName()));
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

    private static Cause cause(CauseType type, String message) {
        return new Cause(type, message, Map.of());
    }
}
