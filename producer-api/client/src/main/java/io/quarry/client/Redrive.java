package io.quarry.client;

import io.quarry.avro.Job;
import io.quarry.avro.Resources;
import org.jspecify.annotations.Nullable;

/**
 * How jobs that ended without a result are submitted again. The new job's id is made from the original's and the redrive's
 * ({@link io.quarry.schemas.JobIds#ofRepeat}): the same redrive of the same job, asked for any number of times, is one job.
 *
 * @param id name of the redrive, by the rule of job ids
 * @param resources the amounts to change, null fields as before; null changes none
 * @param into resource group to submit to; null for the original's
 * @param maxAttempts most attempts; null for the original's
 */
public record Redrive(
        String id,
        @Nullable Resources resources,
        @Nullable String into,
        @Nullable Integer maxAttempts) {
    /**
     * Makes a redrive.
     *
     * @throws IllegalArgumentException when the id breaks the rule
     */
    public Redrive {
        Repeats.runName("redrive id", id);
    }

    /** A redrive that changes nothing. */
    public static Redrive withId(String id) {
        return new Redrive(id, null, null, null);
    }

    public Redrive withResources(Resources changed) {
        return new Redrive(id, changed, into, maxAttempts);
    }

    public Redrive into(String group) {
        return new Redrive(id, resources, group, maxAttempts);
    }

    public Redrive withMaxAttempts(int most) {
        return new Redrive(id, resources, into, most);
    }

    /**
     * The job to submit: the original with the changes, as a first attempt, linked by {@code repeats}. start_by and
     * complete_by are left out, for they were the original's.
     */
    public Job of(Job original) {
        return Repeats.redriven(original, "redrive/" + id, this);
    }

    /** Whether a job was made by this redrive. Dead itself, it is no original of it: redriven again it would be another job. */
    public boolean made(Job job) {
        return Repeats.isOf(job, "redrive/" + id);
    }
}
