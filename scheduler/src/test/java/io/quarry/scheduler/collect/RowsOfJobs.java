package io.quarry.scheduler.collect;

import io.quarry.avro.CustomPayload;
import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.Manifest;
import io.quarry.avro.Owner;
import io.quarry.avro.State;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Rows for tests. */
final class RowsOfJobs {
    static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    private RowsOfJobs() {}

    static JobState.Builder row(String id, State state) {
        return JobState.newBuilder()
                .setJob(Job.newBuilder()
                        .setId(id)
                        .setKind("echo")
                        .setCustom(new CustomPayload("text/plain", ByteBuffer.wrap(new byte[] {1})))
                        .build())
                .setState(state)
                .setSubmittedAt(NOON)
                .setFinishedAt(NOON.plusSeconds(60));
    }

    static JobState succeeded(String id, int attempt, String claim, @Nullable String datasetName, Instant finished) {
        return row(id, State.SUCCEEDED)
                .setOwner(Owner.newBuilder()
                        .setClaim(claim)
                        .setAttempt(attempt)
                        .setWorker("w-1")
                        .setClaimedAt(NOON)
                        .build())
                .setFinishedAt(finished)
                .setManifest(Manifest.newBuilder()
                        .setLocation("file:///data/" + id + "/" + attempt + "-" + claim + "/")
                        .setRows(10)
                        .setBytes(100)
                        .setFiles(List.of("part-0.parquet"))
                        .setDatasetName(datasetName)
                        .build())
                .build();
    }
}
