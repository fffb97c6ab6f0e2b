package io.quarry.client;

import io.quarry.avro.Job;
import io.quarry.avro.Resources;
import io.quarry.schemas.JobIds;
import io.quarry.schemas.JobRules;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Makes a job that repeats another one. Pure: the same original and run give the same id. */
final class Repeats {
    /** Header that says which run made the job: {@code replay/ID} or {@code redrive/ID}. */
    static final String HEADER = "quarry.repeat";

    private static final int MOST_HEADERS = 64;

    private Repeats() {}

    static UUID id(String original, String run) {
        return JobIds.ofRepeat(original, run);
    }

    /** Whether a job was made by a run. */
    static boolean isOf(Job job, String run) {
        String original = job.getRepeats();
        return original != null && id(original, run).toString().equals(job.getId());
    }

    /** Which run made a job, as far as the job says; empty for one that repeats none. */
    static String run(Job job) {
        return job.getRepeats() == null ? "" : job.getHeaders().getOrDefault(HEADER, "");
    }

    /** The job again, as a first attempt, with all that it asks for; its deadlines only where they are still to come. */
    static Job replayed(Job original, String run, @Nullable String into, Instant now) {
        return again(original, run)
                .setResourceGroup(into == null ? original.getResourceGroup() : into)
                .setStartBy(toCome(original.getStartBy(), now))
                .setCompleteBy(toCome(original.getCompleteBy(), now))
                .setSubmittedAt(now)
                .build();
    }

    /** The job again, with changes and without its deadlines: they were the original's. */
    static Job redriven(Job original, String run, Redrive changes) {
        Job.Builder job = again(original, run)
                .setStartBy(null)
                .setCompleteBy(null)
                .setSubmittedAt(null)
                .setResources(merged(original.getResources(), changes.resources()));
        if (changes.into() != null) {
            job.setResourceGroup(changes.into());
        }
        if (changes.maxAttempts() != null) {
            job.setMaxAttempts(changes.maxAttempts());
        }
        return job.build();
    }

    /** A name for a run obeys the rule of job ids, so that it can stand in one line with one. */
    static String runName(String what, String name) {
        if (!JobRules.validId(name)) {
            throw new IllegalArgumentException(what + " is '" + name
                    + "': must have 1 to 200 characters of a-z A-Z 0-9 . _ : - and not consist of dots alone");
        }
        return name;
    }

    private static Job.Builder again(Job original, String run) {
        Map<String, String> headers = new HashMap<>(original.getHeaders());
        if (headers.size() < MOST_HEADERS || headers.containsKey(HEADER)) {
            headers.put(HEADER, run);
        }
        return Job.newBuilder(original)
                .setId(id(original.getId(), run).toString())
                .setRepeats(original.getId())
                // The key names the original: the new id is not made from it.
                .setIdempotencyKey(null)
                .setAttempt(1)
                .setHeaders(headers);
    }

    private static @Nullable Instant toCome(@Nullable Instant deadline, Instant now) {
        return deadline == null || !deadline.isAfter(now) ? null : deadline;
    }

    private static @Nullable Resources merged(@Nullable Resources original, @Nullable Resources changed) {
        if (changed == null || original == null) {
            return changed == null ? original : changed;
        }
        return new Resources(
                changed.getCpuMillis() == null ? original.getCpuMillis() : changed.getCpuMillis(),
                changed.getMemoryBytes() == null ? original.getMemoryBytes() : changed.getMemoryBytes(),
                changed.getEphemeralStorageBytes() == null
                        ? original.getEphemeralStorageBytes()
                        : changed.getEphemeralStorageBytes());
    }
}
