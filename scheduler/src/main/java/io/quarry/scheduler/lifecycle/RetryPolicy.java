package io.quarry.scheduler.lifecycle;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.Job;
import io.quarry.avro.ResourceGroup;
import io.quarry.schemas.GroupRules;
import io.quarry.schemas.Placement;
import io.quarry.schemas.RetryRules;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * How often, how long and how far apart the attempts of a group's jobs are.
 *
 * @param maxAttempts charged attempts of a job that does not say
 * @param timeout longest attempt of a job that does not say
 * @param longest bound of any attempt, whatever its job says; null for none
 * @param lease how long a claim lasts without a heartbeat; null for as long as the scheduler is set to
 * @param backoff bound of the wait before the second attempt; doubles with each further one
 * @param maxBackoff bound of the longest wait
 * @param oversize whether jobs larger than a worker may run in a pod of their own
 * @param retryOn causes after which a job that does not say is tried again
 * @param noRetryOn causes after which a job that does not say is not tried again
 * @param group the group that says so, with the sizes that it allows; null when it is not known
 * @param larger the group that its on_memory names; null when it names none, or none that is known
 */
record RetryPolicy(
        int maxAttempts,
        Duration timeout,
        @Nullable Duration longest,
        @Nullable Duration lease,
        Duration backoff,
        Duration maxBackoff,
        boolean oversize,
        List<String> retryOn,
        List<String> noRetryOn,
        @Nullable ResourceGroup group,
        @Nullable ResourceGroup larger) {
    /** Longest run and longest wait: all that a long holds would leave no room for the instant that it is added to. */
    private static final Duration MOST = Duration.ofDays(3650);

    /** Of a group whose configuration is not known (yet); says yes to pods, since refusing cannot be taken back. */
    static final RetryPolicy OF_UNKNOWN_GROUP =
            new RetryPolicy(3, Duration.ofDays(1), Duration.ofSeconds(1), Duration.ofMinutes(5), true);

    RetryPolicy {
        retryOn = List.copyOf(retryOn);
        noRetryOn = List.copyOf(noRetryOn);
    }

    /** A policy that leaves every cause to the table. */
    RetryPolicy(int maxAttempts, Duration timeout, Duration backoff, Duration maxBackoff, boolean oversize) {
        this(maxAttempts, timeout, null, null, backoff, maxBackoff, oversize, List.of(), List.of(), null, null);
    }

    static RetryPolicy of(@Nullable ResourceGroup group, @Nullable ResourceGroup larger) {
        if (group == null) {
            return OF_UNKNOWN_GROUP;
        }
        return new RetryPolicy(
                Math.max(1, group.getMaxAttempts()),
                Duration.ofMillis(Math.max(1, group.getTimeoutMs())),
                group.getMaxRunMs() == null ? null : Duration.ofMillis(Math.max(1, group.getMaxRunMs())),
                group.getLeaseMs() == null ? null : Duration.ofMillis(group.getLeaseMs()),
                Duration.ofMillis(Math.max(0, group.getBackoffMs())),
                Duration.ofMillis(Math.max(0, group.getMaxBackoffMs())),
                group.getOversizeCeiling() != null,
                group.getRetryOn(),
                group.getNoRetryOn(),
                good(group),
                good(larger));
    }

    private static @Nullable ResourceGroup good(@Nullable ResourceGroup group) {
        return group != null && GroupRules.check(group).isEmpty() ? group : null;
    }

    /** Name of the group that on_memory names; null for none. */
    static @Nullable String largerOf(@Nullable ResourceGroup group) {
        return group == null || group.getOnMemory() == null
                ? null
                : group.getOnMemory().getGroup();
    }

    /** Why a job gets no pod of its own: its group allows none, or none so large; null when it gets one. */
    @Nullable Cause refusesPod(Job job) {
        if (!oversize) {
            return Causes.noPods(job);
        }
        return group != null && Placement.of(job.getResources(), group) instanceof Placement.Refused refused
                ? Causes.tooLarge(job, refused)
                : null;
    }

    int maxAttempts(Job job) {
        return job.getMaxAttempts() == null ? maxAttempts : job.getMaxAttempts();
    }

    Duration timeout(Job job) {
        Duration asked = job.getTimeoutMs() == null ? timeout : Duration.ofMillis(job.getTimeoutMs());
        Duration most = longest != null && longest.compareTo(asked) < 0 ? longest : asked;
        return most.compareTo(MOST) < 0 ? most : MOST;
    }

    /** Whether another attempt may follow what ended one by this cause: as the job says, else its group, else the table. */
    boolean again(CauseType cause, Job job) {
        String name = cause.name();
        boolean said = job.getRetryOn().contains(name) || job.getNoRetryOn().contains(name);
        return said
                ? RetryRules.again(cause, job.getRetryOn(), job.getNoRetryOn())
                : RetryRules.again(cause, retryOn, noRetryOn);
    }

    /** Whether the job or its group asks for another attempt after this cause, though the attempt's worker says it is of no use. */
    boolean asksFor(CauseType cause, Job job) {
        return again(cause, job) && !RetryRules.again(cause, List.of(), List.of());
    }

    /**
     * Wait before an attempt: exponential with full jitter. The jitter is drawn from the job's id and the attempt's number, so
     * that the same log read twice gives the same instants.
     *
     * @param failures charged failures so far, at least 1
     */
    Duration delay(Job job, int attempt, int failures) {
        long first = job.getBackoffMs() == null ? backoff.toMillis() : job.getBackoffMs();
        long longest = job.getMaxBackoffMs() == null ? Math.max(maxBackoff.toMillis(), first) : job.getMaxBackoffMs();
        long bound = Math.min(first, longest);
        for (int i = 1; i < failures && bound < longest; i++) {
            bound = bound > longest / 2 ? longest : bound * 2;
        }
        bound = Math.min(bound, MOST.toMillis());
        CRC32 seed = new CRC32();
        seed.update(job.getId().getBytes(StandardCharsets.UTF_8));
        return Duration.ofMillis(new SplittableRandom(seed.getValue() * 31 + attempt).nextLong(bound + 1));
    }
}
