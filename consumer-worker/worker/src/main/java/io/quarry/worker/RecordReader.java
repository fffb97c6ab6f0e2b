package io.quarry.worker;

import io.quarry.avro.Job;
import io.quarry.schemas.JobRules;
import io.quarry.schemas.Violation;
import io.quarry.schemas.serde.RegistryUnavailableException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;

/** Reads the job in a record, and says of one that cannot be run whether that is the record's fault or the registry's. */
record RecordReader(Deserializer<Job> deserializer) {
    private static final String TRACEPARENT = "traceparent";

    /** What a record turned out to be. */
    sealed interface Reading {
        /** A job that keeps the rules. */
        record AJob(Job job) implements Reading {}

        /** No job, or one that breaks the rules: whoever reads it will say the same. */
        record Unreadable(String why) implements Reading {}

        /** Not known yet: the registry could not be asked. */
        record Unknown(String why) implements Reading {}
    }

    Reading read(JobQueue.Taken taken) {
        Job job;
        try {
            job = deserializer.deserialize(taken.topic(), taken.value());
        } catch (RegistryUnavailableException e) {
            return new Reading.Unknown(String.valueOf(e.getMessage()));
        } catch (SerializationException e) {
            return new Reading.Unreadable(String.valueOf(e.getMessage()));
        }
        List<Violation> broken = JobRules.check(job);
        if (!broken.isEmpty()) {
            // Values are the user's: name the fields, leave the values to jobs.invalid.
            return new Reading.Unreadable(broken.stream()
                    .map(violation -> violation.field() + ": " + violation.rule())
                    .collect(Collectors.joining("; ")));
        }
        if (!job.getId().equals(taken.key())) {
            return new Reading.Unreadable("id: must be the record's key");
        }
        return new Reading.AJob(traced(job, taken));
    }

    /** The trace of a producer that put it into the record's header only. */
    private static Job traced(Job job, JobQueue.Taken taken) {
        String trace = taken.headers().get(TRACEPARENT);
        if (trace == null || job.getHeaders().containsKey(TRACEPARENT)) {
            return job;
        }
        Map<String, String> headers = new HashMap<>(job.getHeaders());
        headers.put(TRACEPARENT, trace);
        return Job.newBuilder(job).setHeaders(headers).build();
    }
}
