package io.quarry.examples;

import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.State;
import io.quarry.client.JobHandle;
import io.quarry.client.OfflineQueryBuilder;
import io.quarry.client.QuarryClient;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Submits an offline query and waits for its dataset. The README shows this code; SubmitAndAwaitIT runs it. */
final class SubmitAndAwaitExample {
    private SubmitAndAwaitExample() {}

    static String datasetOf(Map<String, ?> settings) throws Exception {
        try (QuarryClient client = QuarryClient.connect(settings)) {
            Job job = client.job()
                    .name("delays of two airports")
                    .offlineQuery(OfflineQueryBuilder.of("airport.city", "airport.mean_delay_7d")
                            .column("airport", List.of("SFO", "JFK"))
                            .inputTimes(List.of(Instant.parse("2001-03-01T12:00:00Z")))
                            .datasetName("two-airports")
                            .build())
                    .memory("2Gi")
                    .maxAttempts(3)
                    .build();

            JobHandle handle = client.submit(job);
            JobState end = handle.await().get();

            if (end.getState() != State.SUCCEEDED) {
                throw new IllegalStateException(handle + " is " + end.getState() + ": " + end.getCause());
            }
            return end.getManifest().getLocation();
        }
    }
}
