package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.Manifest;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.State;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LearnedSizeTest {
    private static final long GIB = 1L << 30;
    private static final String QUERY = """
            input: {sql: "SELECT origin, date FROM flights WHERE date < TIMESTAMP '2001-02-01' LIMIT 500"}
            time_column: date
            outputs: [route.delay_7d, route.delay_1d]
            """;
    private static final ResourceGroup GROUP = ResourceGroup.newBuilder()
            .setName("default")
            .setWorker(new Resources(1000L, 4 * GIB, GIB))
            .setOversizeCeiling(new Resources(null, 16 * GIB, null))
            .build();

    @Test
    void aQuarterMoreThanTheHighestPeakInWholeSteps() throws Exception {
        LearnedSize learned = new LearnedSize(job(QUERY), Map.of("default", GROUP));
        learned.take(succeeded("a", QUERY, 5 * GIB));
        learned.take(succeeded("b", QUERY, 6 * GIB));
        learned.take(succeeded("b", QUERY, 6 * GIB));

        LearnedSize.Suggestion size = learned.suggestion(job(QUERY), GROUP).orElseThrow();

        assertThat(size.memoryBytes()).isEqualTo((7 * GIB) + GIB / 2);
        assertThat(size.why()).isEqualTo("2 earlier runs of this query: peak 6.0 GiB");
    }

    @Test
    void whatWasNotEnoughIsNotAskedForAgain() throws Exception {
        LearnedSize learned = new LearnedSize(job(QUERY), Map.of("default", GROUP));
        learned.take(outOfMemory("a", QUERY));

        LearnedSize.Suggestion size = learned.suggestion(job(QUERY), GROUP).orElseThrow();

        assertThat(size.memoryBytes()).isEqualTo(6 * GIB);
        assertThat(size.why()).isEqualTo("1 earlier run of this query: 4.0 GiB was not enough");
    }

    @Test
    void neverMoreThanTheGroupCanRun() throws Exception {
        LearnedSize learned = new LearnedSize(job(QUERY), Map.of("default", GROUP));
        learned.take(succeeded("a", QUERY, 14 * GIB));

        LearnedSize.Suggestion size = learned.suggestion(job(QUERY), GROUP).orElseThrow();

        assertThat(size.memoryBytes()).isEqualTo(16 * GIB);
        assertThat(size.why()).endsWith("it would be 17920Mi, and group default has no more");
    }

    @Test
    void nothingIsLearnedFromOtherQueriesOrRunningJobs() throws Exception {
        LearnedSize learned = new LearnedSize(job(QUERY), Map.of("default", GROUP));
        learned.take(succeeded("a", QUERY.replace("delay_1d", "delay_30d"), GIB));
        learned.take(row("b", QUERY, State.RUNNING).build());
        assertThat(learned.suggestion(job(QUERY), GROUP)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"""
                input: {sql: "SELECT origin,  date FROM flights WHERE date < TIMESTAMP '2001-03-01' LIMIT 700"}
                time_column: date
                outputs: [route.delay_1d, route.delay_7d]
                lower_bound: 2001-01-01T00:00:00Z
                """})
    void anotherDayIsTheSameQuery(String other) throws Exception {
        assertThat(QueryFingerprint.of(job(other))).isEqualTo(QueryFingerprint.of(job(QUERY)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "input: {range: {column: a.id, start: 0, end: 100000}}\noutputs: [a.b]",
                "input: {range: {column: b.id, start: 0, end: 1000}}\noutputs: [a.b]",
                "input: {columns: {a.id: [1, 2]}}\noutputs: [a.b]",
                "input: {files: [/data/1.parquet]}\ntime_column: t\noutputs: [a.b]"
            })
    void anotherInputOrMagnitudeIsAnotherQuery(String other) throws Exception {
        String thousand = "input: {range: {column: a.id, start: 0, end: 1000}}\noutputs: [a.b]";
        assertThat(QueryFingerprint.of(job(other))).isNotEqualTo(QueryFingerprint.of(job(thousand)));
    }

    private static Job job(String query) throws JobFileException {
        return JobFile.parse(query, "job.yaml");
    }

    private static JobState succeeded(String id, String query, long peak) throws JobFileException {
        return row(id, query, State.SUCCEEDED)
                .setManifest(Manifest.newBuilder()
                        .setLocation("file:/x")
                        .setRows(1)
                        .setBytes(1)
                        .setPeakMemoryBytes(peak)
                        .build())
                .build();
    }

    private static JobState outOfMemory(String id, String query) throws JobFileException {
        return row(id, query, State.FAILED)
                .setCause(new Cause(CauseType.MEMORY_LIMIT, "Too large.", Map.of()))
                .build();
    }

    private static JobState.Builder row(String id, String query, State state) throws JobFileException {
        return JobState.newBuilder()
                .setJob(Job.newBuilder(job(query)).setId(id).build())
                .setState(state)
                .setSubmittedAt(Instant.EPOCH);
    }
}
