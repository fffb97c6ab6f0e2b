package io.quarry.client;

import io.quarry.avro.CauseType;
import io.quarry.avro.CustomPayload;
import io.quarry.avro.Job;
import io.quarry.avro.OfflineQuery;
import io.quarry.avro.Resources;
import io.quarry.schemas.JobIds;
import io.quarry.schemas.JobRules;
import io.quarry.schemas.Quantities;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Puts a job together, in the terms of its record. Checks nothing: {@link QuarryClient#submit} checks everything at once. */
public final class JobBuilder {
    private final Job.Builder job;
    private final Map<String, String> tags = new HashMap<>();
    private final Map<String, String> headers = new HashMap<>();
    private @Nullable Long cpuMillis;
    private @Nullable Long memoryBytes;
    private @Nullable Long ephemeralStorageBytes;

    private JobBuilder(String id) {
        job = Job.newBuilder().setId(id);
    }

    /** A job with an id of the caller's: 1 to 200 characters of a-z A-Z 0-9 . _ : - . Equal ids are the same job. */
    public static JobBuilder withId(String id) {
        return new JobBuilder(id);
    }

    /** A job whose id is derived from a key of any form (UUIDv5): equal keys are the same job. */
    public static JobBuilder withIdempotencyKey(String key) {
        JobBuilder builder = new JobBuilder(JobIds.ofKey(key).toString());
        builder.job.setIdempotencyKey(key);
        return builder;
    }

    /** Resource group whose workers run it; {@code default} unless set. */
    public JobBuilder group(String group) {
        job.setResourceGroup(group);
        return this;
    }

    /** An offline query as payload. */
    public JobBuilder offlineQuery(OfflineQuery query) {
        job.setKind(JobRules.OFFLINE_QUERY).setOfflineQuery(query).setCustom(null);
        return this;
    }

    /** The payload of a kind that is not built in. */
    public JobBuilder custom(String kind, String contentType, byte[] body) {
        job.setKind(kind)
                .setOfflineQuery(null)
                .setCustom(new CustomPayload(contentType, ByteBuffer.wrap(body.clone())));
        return this;
    }

    /** Cores, such as {@code 2} or {@code 2500m}; what a worker has unless set. */
    public JobBuilder cpu(String quantity) {
        cpuMillis = Quantities.cpuMillis(quantity);
        return this;
    }

    /** Memory of the whole process, such as {@code 4Gi}; what a worker has unless set. */
    public JobBuilder memory(String quantity) {
        memoryBytes = Quantities.bytes(quantity);
        return this;
    }

    /** Scratch disk, such as {@code 20Gi}; what a worker has unless set. */
    public JobBuilder ephemeralStorage(String quantity) {
        ephemeralStorageBytes = Quantities.bytes(quantity);
        return this;
    }

    /** Most attempts that are charged, 1 to 100; the group's unless set. */
    public JobBuilder maxAttempts(int attempts) {
        job.setMaxAttempts(attempts);
        return this;
    }

    /** Longest that one attempt may run; the group's unless set. */
    public JobBuilder timeout(Duration timeout) {
        job.setTimeoutMs(timeout.toMillis());
        return this;
    }

    /** Wait before the second attempt, which doubles with each further one up to a longest; the group's unless set. */
    public JobBuilder backoff(Duration first, Duration longest) {
        job.setBackoffMs(first.toMillis()).setMaxBackoffMs(longest.toMillis());
        return this;
    }

    /** Causes after which another attempt is made, whatever the table of causes says. */
    public JobBuilder retryOn(CauseType... causes) {
        job.setRetryOn(Arrays.stream(causes).map(CauseType::name).toList());
        return this;
    }

    /** Causes after which no other attempt is made, whatever the table of causes says. */
    public JobBuilder noRetryOn(CauseType... causes) {
        job.setNoRetryOn(Arrays.stream(causes).map(CauseType::name).toList());
        return this;
    }

    /** The job expires when no attempt has started by then. To the millisecond. */
    public JobBuilder startBy(Instant instant) {
        job.setStartBy(instant.truncatedTo(ChronoUnit.MILLIS));
        return this;
    }

    /** The job expires when it is not done by then. To the millisecond. */
    public JobBuilder completeBy(Instant instant) {
        job.setCompleteBy(instant.truncatedTo(ChronoUnit.MILLIS));
        return this;
    }

    /** Name for people. */
    public JobBuilder name(String name) {
        job.setName(name);
        return this;
    }

    /** A label, for filters. */
    public JobBuilder tag(String key, String value) {
        tags.put(key, value);
        return this;
    }

    /** Who submits it: a user or a service. */
    public JobBuilder submitter(String submitter) {
        job.setSubmitter(submitter);
        return this;
    }

    /** A correlation header that the handler is given, such as {@code traceparent}. */
    public JobBuilder header(String key, String value) {
        headers.put(key, value);
        return this;
    }

    /** Id of the job that this one repeats. */
    public JobBuilder repeats(String id) {
        job.setRepeats(id);
        return this;
    }

    /** The job. */
    public Job build() {
        if (cpuMillis != null || memoryBytes != null || ephemeralStorageBytes != null) {
            job.setResources(new Resources(cpuMillis, memoryBytes, ephemeralStorageBytes));
        }
        return job.setTags(Map.copyOf(tags)).setHeaders(Map.copyOf(headers)).build();
    }
}
