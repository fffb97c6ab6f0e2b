package io.quarry.schemas;

import io.quarry.avro.Asked;
import io.quarry.avro.Job;
import io.quarry.avro.JobState;

/** A job as it was first submitted, whatever group and size it was given since for lack of memory. */
public final class SubmittedJob {
    private SubmittedJob() {}

    /** The job of a row as it was first submitted. */
    public static Job of(JobState row) {
        Asked asked = row.getAsked();
        return asked == null
                ? row.getJob()
                : Job.newBuilder(row.getJob())
                        .setResourceGroup(asked.getResourceGroup())
                        .setResources(asked.getResources())
                        .build();
    }
}
