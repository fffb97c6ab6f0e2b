package io.quarry.worker;

import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.Manifest;
import io.quarry.avro.Progress;
import java.time.InstantSource;

/**
 * What a worker says about its claims.
 *
 * @param worker its name
 * @param clock for the reader's eyes only
 */
record Events(String worker, InstantSource clock) {
    JobEvent claimed(Claim claim, boolean started) {
        return event(JobEventType.CLAIMED, claim)
                .setJob(claim.job())
                .setSource(claim.source())
                .setStarted(started)
                .build();
    }

    JobEvent heartbeat(Claim claim, boolean started, Progress progress) {
        return event(JobEventType.HEARTBEAT, claim)
                .setStarted(started)
                .setProgress(progress)
                .build();
    }

    JobEvent finished(Claim claim, Ending ending, Progress progress) {
        Manifest manifest = ending.manifest();
        if (manifest != null && manifest.getPeakMemoryBytes() == 0) {
            manifest = Manifest.newBuilder(manifest)
                    .setPeakMemoryBytes(progress.getPeakMemoryBytes())
                    .build();
        }
        return event(JobEventType.FINISHED, claim)
                .setOutcome(ending.outcome())
                .setCause(ending.cause())
                .setManifest(manifest)
                .setProgress(progress)
                .build();
    }

    private JobEvent.Builder event(JobEventType type, Claim claim) {
        return JobEvent.newBuilder()
                .setType(type)
                .setJobId(claim.job().getId())
                .setAt(clock.instant())
                .setWriter("worker/" + worker)
                .setAttempt(claim.attempt())
                .setClaim(claim.id().toString())
                .setWorker(worker);
    }
}
