package io.quarry.worker;

import io.quarry.avro.Cause;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.Manifest;
import io.quarry.avro.Outcome;
import io.quarry.avro.Progress;
import io.quarry.avro.Source;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * What a worker says about its claims.
 *
 * @param worker its name
 * @param clock for the reader's eyes only
 */
record Events(String worker, InstantSource clock) {
    JobEvent claimed(Claim claim, boolean started) {
        return event(
                JobEventType.CLAIMED,
                claim,
                claim.job(),
                claim.source(),
                started,
                null,
                null,
                null,
                null,
                claim.deliveries());
    }

    JobEvent heartbeat(Claim claim, boolean started, Progress progress) {
        return event(JobEventType.HEARTBEAT, claim, null, null, started, progress, null, null, null, null);
    }

    JobEvent finished(Claim claim, Ending ending, Progress progress) {
        Manifest manifest = ending.manifest();
        if (manifest != null && manifest.getPeakMemoryBytes() == 0) {
            manifest = Manifest.newBuilder(manifest)
                    .setPeakMemoryBytes(progress.getPeakMemoryBytes())
                    .build();
        }
        return event(
                JobEventType.FINISHED,
                claim,
                null,
                null,
                null,
                progress,
                ending.outcome(),
                ending.cause(),
                manifest,
                null);
    }

    /** Not by a builder, which copies the default of each field that stays empty: nearly all of them, for every job. */
    private JobEvent event(
            JobEventType type,
            Claim claim,
            @Nullable Job job,
            @Nullable Source source,
            @Nullable Boolean started,
            @Nullable Progress progress,
            @Nullable Outcome outcome,
            @Nullable Cause cause,
            @Nullable Manifest manifest,
            @Nullable Integer deliveries) {
        return new JobEvent(
                type,
                claim.job().getId(),
                clock.instant(),
                "worker/" + worker,
                job,
                claim.attempt(),
                claim.id().toString(),
                worker,
                source,
                started,
                progress,
                outcome,
                cause,
                manifest,
                null,
                null,
                null,
                deliveries);
    }
}
