package io.quarry.scheduler.lifecycle;

import io.quarry.avro.Cause;
import io.quarry.avro.Job;
import io.quarry.avro.Manifest;
import io.quarry.avro.Outcome;
import io.quarry.avro.Progress;
import io.quarry.avro.Source;
import org.jspecify.annotations.Nullable;

/** Something that happened to one job, as the state machine sees it. */
sealed interface Event {
    /**
     * A record of a job topic was read.
     *
     * @param oversize whether that topic was the router of oversize jobs
     * @param refusal which rules the job breaks; null for none
     */
    record Submitted(
            Job job,
            Source source,
            boolean oversize,
            @Nullable Cause refusal) implements Event {}

    /** A record of a retry topic, or one that the lifecycle put on the router, was read. */
    record Enqueued(int attempt, Source source) implements Event {}

    /** Somebody acquired the record of an attempt. */
    record Claimed(
            String claim,
            int attempt,
            String worker,
            boolean started,
            @Nullable Source source,
            @Nullable Job job) implements Event {}

    /** The holder of a claim is alive. */
    record Heartbeat(
            String claim, boolean started, @Nullable Progress progress) implements Event {}

    /** The holder of a claim is done. */
    record Finished(
            String claim,
            Outcome outcome,
            @Nullable Cause cause,
            @Nullable Manifest manifest,
            @Nullable Progress progress)
            implements Event {}

    /** Somebody saw the holder of a claim die. */
    record WorkerDied(String claim, Cause cause) implements Event {}

    /** A pod was made for an attempt. */
    record Launched(int attempt) implements Event {}

    /** Whoever looks after a waiting attempt says why it waits. */
    record Waiting(int attempt, String reason) implements Event {}

    /** A pod died or could not start; the claim is null when it never claimed. */
    record PodFailed(int attempt, @Nullable String claim, Cause cause) implements Event {}

    /** Somebody wants the job to stop. */
    record CancelRequested(
            String jobId, @Nullable String by, @Nullable String reason) implements Event {}

    /** Everything below the offset of the topic was taken, skipped or removed. */
    record Passed(String topic, long offset) implements Event {}

    /** A claim had no heartbeat for a whole lease. */
    record LeaseOut(String claim) implements Event {}

    /** An instant that the row waits for has come; which one follows from the row. */
    record Due() implements Event {}
}
