package io.quarry.schemas.serde;

import io.quarry.avro.InlineColumn;
import io.quarry.avro.Job;
import io.quarry.avro.OfflineQuery;
import io.quarry.avro.QueryInput;
import io.quarry.avro.Resources;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Records for tests with something in every kind of field. */
final class Samples {
    private Samples() {}

    static Job job(String id) {
        return Job.newBuilder()
                .setId(id)
                .setName("Ünïcode ✈")
                .setOfflineQuery(OfflineQuery.newBuilder()
                        .setInput(QueryInput.newBuilder()
                                .setColumns(List.of(InlineColumn.newBuilder()
                                        .setName("origin")
                                        .setValues(List.<Object>of("SFO", 4L, 2.5d, true))
                                        .build()))
                                .build())
                        .setInputTimes(List.of(Instant.parse("2001-02-03T04:05:06.789012Z")))
                        .setOutputs(List.of("airport.mean_delay_7d"))
                        .setSampleFraction(0.5)
                        .build())
                .setResources(Resources.newBuilder().setMemoryBytes(1L << 30).build())
                .setStartBy(Instant.parse("2030-01-01T00:00:00Z"))
                .setTags(Map.of("team", "search"))
                .build();
    }
}
