package io.quarry.scheduler.lifecycle;

import io.quarry.avro.CauseType;
import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.OnMemory;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.schemas.JobRules;
import io.quarry.schemas.Placement;
import io.quarry.schemas.Quantities;
import io.quarry.schemas.RetryRules;
import org.jspecify.annotations.Nullable;

/**
 * What the next attempt is given after one that ended for lack of memory. Each step has strictly more memory than the one
 * before, so that groups which name each other end as well. Pure.
 */
sealed interface NextSize {
    /** Nobody asks for more memory, or it was not memory that the attempt lacked. */
    record NotAsked() implements NextSize {}

    /**
     * Nothing larger may be had.
     *
     * @param reason for people, to follow a colon
     */
    record None(String reason) implements NextSize {}

    /**
     * A larger size.
     *
     * @param job with the group and the size that it goes on with
     * @param oversize whether it runs in a process of its own
     * @param words where it goes on, for people
     */
    record Larger(Job job, boolean oversize, String words) implements NextSize {}

    /** Decides by the group as it is now; a group that is not known gives nothing larger. */
    static NextSize of(JobState row, CauseType cause, RetryPolicy policy) {
        boolean memory = cause == CauseType.MEMORY_LIMIT || cause == CauseType.OOM_KILLED;
        Job job = row.getJob();
        ResourceGroup group = policy.group();
        OnMemory said = group == null ? null : group.getOnMemory();
        boolean asked =
                job.getOnMemory() == null ? said != null : job.getOnMemory().equals(JobRules.LARGER);
        if (!memory || !asked || forbidden(cause, job, policy)) {
            return new NotAsked();
        }
        if (group == null) {
            return new None("resource group " + job.getResourceGroup() + " is not known");
        }
        OnMemory next = said == null ? new OnMemory(null, 2.0) : said;
        long had = had(row, group);
        ResourceGroup larger = policy.larger();
        if (larger != null && larger.getWorker().getMemoryBytes() > had && row.getCharged() < attempts(job, larger)) {
            Job moved = Job.newBuilder(job)
                    .setResourceGroup(larger.getName())
                    .setResources(null)
                    .build();
            return new Larger(
                    moved,
                    false,
                    "on a worker of group " + larger.getName() + " (" + Placement.format(larger.getWorker()) + ")");
        }
        return process(row, group, next, had);
    }

    /** Attempts that the job has once it is the group's. */
    private static int attempts(Job job, ResourceGroup group) {
        return job.getMaxAttempts() == null ? group.getMaxAttempts() : job.getMaxAttempts();
    }

    private static NextSize process(JobState row, ResourceGroup group, OnMemory next, long had) {
        Resources ceiling = group.getOversizeCeiling();
        String size = Quantities.formatBytes(had);
        if (ceiling == null) {
            return new None("group " + group.getName() + " has nothing larger than " + size
                    + (next.getGroup() == null ? "" : ", nor has its on_memory.group " + next.getGroup()));
        }
        Resources own = group.getWorker();
        long most = ceiling.getMemoryBytes() == null ? own.getMemoryBytes() : ceiling.getMemoryBytes();
        if (most <= had) {
            return new None("it had " + size + ", and the ceiling of group " + group.getName() + " is "
                    + Quantities.formatBytes(most));
        }
        // A factor of less than a byte's worth would stand still.
        long memory = Math.min(most, Math.max(had + 1, (long) (had * next.getFactor())));
        Resources asked = row.getJob().getResources();
        Resources more = new Resources(
                asked == null || asked.getCpuMillis() == null ? own.getCpuMillis() : asked.getCpuMillis(),
                memory,
                asked == null || asked.getEphemeralStorageBytes() == null
                        ? own.getEphemeralStorageBytes()
                        : asked.getEphemeralStorageBytes());
        if (!(Placement.of(more, group) instanceof Placement.Oversize)) {
            return new None(
                    "a process of " + Placement.format(more) + " is more than the ceiling of group " + group.getName());
        }
        Job larger = Job.newBuilder(row.getJob()).setResources(more).build();
        return new Larger(larger, true, "in a process of its own (" + Placement.format(more) + ")");
    }

    /** Memory of the attempt that ended: its own process has what the job asks for, a worker what every worker has. */
    private static long had(JobState row, ResourceGroup group) {
        Resources asked = row.getJob().getResources();
        @Nullable Long own = asked == null ? null : asked.getMemoryBytes();
        return row.getOversize() && own != null ? own : group.getWorker().getMemoryBytes();
    }

    /** Whether the job, or its group where the job is silent, rules out another attempt after the cause by its name. */
    private static boolean forbidden(CauseType cause, Job job, RetryPolicy policy) {
        if (job.getRetryOn().contains(cause.name())) {
            return false;
        }
        return job.getNoRetryOn().contains(cause.name())
                || (policy.noRetryOn().contains(cause.name()) && RetryRules.SETTABLE.contains(cause));
    }
}
