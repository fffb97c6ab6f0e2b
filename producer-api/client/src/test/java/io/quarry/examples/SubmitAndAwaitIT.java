package io.quarry.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.Manifest;
import io.quarry.avro.State;
import io.quarry.client.Installation;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class SubmitAndAwaitIT {
    @Test
    void theExampleOfTheReadmeEndsWithItsDataset() throws Exception {
        try (Installation installation = Installation.start()) {
            CompletableFuture<String> dataset = CompletableFuture.supplyAsync(() -> {
                try {
                    return SubmitAndAwaitExample.datasetOf(installation.settings());
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            });
            Job job = installation.nextJob();
            installation.row(JobState.newBuilder()
                    .setJob(job)
                    .setState(State.SUCCEEDED)
                    .setSubmittedAt(Instant.EPOCH)
                    .setManifest(Manifest.newBuilder()
                            .setLocation("file:///data/two-airports/1")
                            .setRows(2)
                            .setBytes(700)
                            .build())
                    .build());
            assertThat(dataset.get(20, TimeUnit.SECONDS)).isEqualTo("file:///data/two-airports/1");
        }
    }
}
