package io.quarry.client;

import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.schemas.SubmittedJob;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;

/** Compares jobs by the work that they ask for, as the lifecycle does. */
final class Bodies {
    private Bodies() {}

    /** Whether a row is of another job than the one that was submitted under its id. */
    static boolean conflict(Job submitted, JobState row) {
        Job first = row.getJob();
        boolean onlyCancelKnown = first.getOfflineQuery() == null && first.getCustom() == null;
        return !onlyCancelKnown && !bare(submitted).equals(bare(SubmittedJob.of(row)));
    }

    /** What asks for work: without the clock and the headers that merely accompany it, and as it is after the wire. */
    private static Job bare(Job job) {
        Job bare = Job.newBuilder(job)
                .setSubmittedAt(null)
                .setHeaders(Map.of())
                .setAttempt(1)
                .build();
        try {
            return Job.fromByteBuffer(bare.toByteBuffer());
        } catch (IOException e) {
            throw new UncheckedIOException("a job that was checked can be written", e);
        }
    }
}
