package io.quarry.scheduler.lifecycle;

import io.quarry.avro.CauseType;
import io.quarry.avro.Job;
import io.quarry.avro.ResourceGroup;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * How often, how long and how far apart the attempts of a group's jobs are.
 *
 * @param maxAttempts charged attempts of a job that does not say
 * @param timeout longest attempt of a job that does not say
 * @param backoff bound of the wait before the second attempt; doubles with each further one
 * @param maxBackoff bound of the longest wait
 * @param oversize whether jobs larger than a worker may run in a pod of their own
 */
record RetryPolicy(int maxAttempts, Duration timeout, Duration backoff, Duration maxBackoff, boolean oversize) {
    /** Of a group whose configuration is not known (yet); says yes to pods, since refusing cannot be taken back. */
    static final RetryPolicy OF_UNKNOWN_GROUP =
            new RetryPolicy(3, Duration.ofDays(1), Duration.ofSeconds(1), Duration.ofMinutes(5), true);

    static RetryPolicy of(@Nullable ResourceGroup group) {
        if (group == null) {
            return OF_UNKNOWN_GROUP;
        }
        return new RetryPolicy(
                Math.max(1, group.getMaxAttempts()),
                Duration.ofMillis(Math.max(1, group.getTimeoutMs())),
                Duration.ofMillis(Math.max(0, group.getBackoffMs())),
                Duration.ofMillis(Math.max(0, group.getMaxBackoffMs())),
                group.getOversizeCeiling() != null);
    }

    int maxAttempts(Job job) {
        return job.getMaxAttempts() == null ? maxAttempts : job.getMaxAttempts();
    }

    Duration timeout(Job job) {
        return job.getTimeoutMs() == null ? timeout : Duration.ofMillis(job.getTimeoutMs());
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

    /**
     * Wait before an attempt: exponential with full jitter. The jitter is drawn from the job's id and the attempt's number, so
     * that the same log read twice gives the same instants.
     *
     * @param failures charged failures so far, at least 1
     */
    Duration delay(String jobId, int attempt, int failures) {
        long bound = backoff.toMillis();
        for (int i = 1; i < failures && bound < maxBackoff.toMillis(); i++) {
            bound *= 2;
        }
        bound = Math.min(bound, maxBackoff.toMillis());
        CRC32 seed = new CRC32();
        seed.update(jobId.getBytes(StandardCharsets.UTF_8));
        return Duration.ofMillis(new SplittableRandom(seed.getValue() * 31 + attempt).nextLong(bound + 1));
    }
}
