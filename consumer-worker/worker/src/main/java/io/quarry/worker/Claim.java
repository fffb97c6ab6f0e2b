package io.quarry.worker;

import io.quarry.avro.Job;
import io.quarry.avro.Source;
import java.util.UUID;

/**
 * One acquisition of a job's record.
 *
 * @param id fresh for every acquisition: the owner's mark
 * @param job as read from the record
 * @param source the record
 * @param deliveries how often the record has been handed to a worker, this time included
 */
record Claim(UUID id, Job job, Source source, int deliveries) {
    Claim(UUID id, Job job, Source source) {
        this(id, job, source, 1);
    }

    int attempt() {
        return job.getAttempt();
    }
}
