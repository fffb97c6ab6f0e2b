package io.quarry.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.CustomPayload;
import io.quarry.avro.InlineColumn;
import io.quarry.avro.IntegerRange;
import io.quarry.avro.Job;
import io.quarry.avro.OfflineQuery;
import io.quarry.avro.QueryInput;
import io.quarry.avro.Resources;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JobRulesTest {
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    @Test
    void aPlainQueryBreaksNoRule() {
        assertThat(broken(job -> {})).isEmpty();
    }

    @Test
    void everyBrokenRuleIsListedAtOnce() {
        assertThat(broken(job -> job.setId("").setMaxAttempts(0).setTimeoutMs(0L)))
                .containsExactly("id", "max_attempts", "timeout_ms");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a/b", "a b", "ü", ".", "..", "a\nb", "%2e"})
    void anIdOutsideItsAlphabetIsRefused(String id) {
        assertThat(broken(job -> job.setId(id))).containsExactly("id");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "a..b", "2026-01-01:nightly_7", "0195c5a8-3f6e-7d3e-8f7e-7a1f7a3e1b11", ".hidden"})
    void anIdOfItsAlphabetIsTaken(String id) {
        assertThat(broken(job -> job.setId(id))).isEmpty();
    }

    @Test
    void anIdOfMoreThan200CharactersIsRefusedAndShownShortened() {
        List<Violation> found = JobRules.check(job().setId("x".repeat(5000)).build());
        assertThat(found).hasSize(1);
        assertThat(found.get(0).value()).hasSize(200);
    }

    @Test
    void backoffAndCausesOfAnotherAttemptAreRefusedByName() {
        assertThat(broken(job -> job.setBackoffMs(-1L))).containsExactly("backoff_ms");
        assertThat(broken(job -> job.setBackoffMs(10L).setMaxBackoffMs(9L))).containsExactly("max_backoff_ms");
        assertThat(broken(job -> job.setRetryOn(List.of("MEMORY_LIMIT")).setNoRetryOn(List.of("WORKER_KILLED"))))
                .isEmpty();
        List<Violation> unknown = JobRules.check(job().setRetryOn(List.of("BAD_LUCK"))
                .setNoRetryOn(List.of("CANCELLED"))
                .build());
        assertThat(unknown).extracting(Violation::field).containsExactly("retry_on", "no_retry_on");
        assertThat(unknown.get(0).value()).isEqualTo("BAD_LUCK");
        assertThat(unknown.get(0).rule())
                .contains("must be one of", "MEMORY_LIMIT")
                .doesNotContain("CANCELLED");
        assertThat(broken(job -> job.setRetryOn(List.of("DISK_FULL")).setNoRetryOn(List.of("DISK_FULL"))))
                .containsExactly("no_retry_on");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Big", "9lives", "a_b", "dead", "invalid", "oversize", "a.b"})
    void aGroupThatCannotBeIsRefused(String group) {
        assertThat(broken(job -> job.setResourceGroup(group))).containsExactly("resource_group");
    }

    @Test
    void kindAndPayloadMatch() {
        CustomPayload custom = new CustomPayload("text/plain", ByteBuffer.allocate(3));
        assertThat(broken(job -> job.setOfflineQuery(null))).containsExactly("offline_query");
        assertThat(broken(job -> job.setCustom(custom))).containsExactly("custom");
        assertThat(broken(job -> job.setKind("mail"))).containsExactly("offline_query", "custom");
        assertThat(broken(job -> job.setKind("mail").setOfflineQuery(null).setCustom(custom)))
                .isEmpty();
    }

    @Test
    void aCustomPayloadOverOneMebibyteIsRefused() {
        CustomPayload custom = new CustomPayload("text/plain", ByteBuffer.allocate((1 << 20) + 1));
        assertThat(broken(job -> job.setKind("mail").setOfflineQuery(null).setCustom(custom)))
                .containsExactly("custom.body");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE})
    void resourcesAreAboveZero(long bad) {
        assertThat(broken(job -> job.setResources(new Resources(bad, bad, bad))))
                .containsExactly("resources.cpu_millis", "resources.memory_bytes", "resources.ephemeral_storage_bytes");
    }

    @Test
    void anOfflineQueryAsksForAtLeastWhatItsEngineNeeds() {
        long least = JobRules.OFFLINE_QUERY_MEMORY_BYTES;
        CustomPayload custom = new CustomPayload("text/plain", ByteBuffer.allocate(1));
        Resources less = new Resources(null, least - 1, null);
        assertThat(broken(job -> job.setResources(less))).containsExactly("resources.memory_bytes");
        assertThat(broken(job -> job.setResources(new Resources(null, least, null))))
                .isEmpty();
        assertThat(broken(job -> job.setKind("mail")
                        .setOfflineQuery(null)
                        .setCustom(custom)
                        .setResources(less)))
                .isEmpty();
    }

    @Test
    void limitsHaveBounds() {
        assertThat(broken(job -> job.setMaxAttempts(101))).containsExactly("max_attempts");
        assertThat(broken(job -> job.setMaxAttempts(1).setTimeoutMs(1L))).isEmpty();
        assertThat(broken(job -> job.setAttempt(0))).containsExactly("attempt");
        assertThat(broken(job -> job.setStartBy(NOON).setCompleteBy(NOON))).containsExactly("start_by");
        assertThat(broken(job -> job.setStartBy(NOON).setCompleteBy(NOON.plusMillis(1))))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MAX_VALUE, 366L * 24 * 3600 * 1000 * 11})
    void aTimeoutWhoseEndNoInstantCouldSayIsRefused(long millis) {
        assertThat(broken(job -> job.setTimeoutMs(millis))).containsExactly("timeout_ms");
        assertThat(broken(job -> job.setTimeoutMs(3650L * 24 * 3600 * 1000))).isEmpty();
    }

    @Test
    void instantsThatTheRecordCannotHoldAreRefusedByName() {
        assertThat(broken(job ->
                        job.setStartBy(Instant.MIN).setCompleteBy(Instant.MAX).setSubmittedAt(Instant.MAX)))
                .containsExactly("start_by", "complete_by", "submitted_at");
        assertThat(brokenQuery(query -> query.setInputTimes(List.of(Instant.MAX))
                        .setLowerBound(Instant.MIN)
                        .setUpperBound(Instant.MAX)))
                .containsExactly(
                        "offline_query.input_times[0]", "offline_query.lower_bound", "offline_query.upper_bound");
        assertThat(broken(job -> job.setStartBy(Instant.ofEpochMilli(Long.MIN_VALUE))
                        .setCompleteBy(Instant.ofEpochMilli(Long.MAX_VALUE))))
                .isEmpty();
        assertThat(brokenQuery(query -> query.setLowerBound(Instant.EPOCH.plus(Long.MIN_VALUE, ChronoUnit.MICROS))
                        .setUpperBound(Instant.EPOCH.plus(Long.MAX_VALUE, ChronoUnit.MICROS))))
                .isEmpty();
    }

    @Test
    void labelsAreBounded() {
        Map<String, String> many = new java.util.HashMap<>();
        for (int i = 0; i < 65; i++) {
            many.put("k" + i, "v");
        }
        assertThat(broken(job -> job.setTags(many))).containsExactly("tags");
        assertThat(broken(job -> job.setHeaders(many))).containsExactly("headers");
        assertThat(broken(job -> job.setTags(Map.of("", "x")))).containsExactly("tags (a key)");
        assertThat(broken(job -> job.setHeaders(Map.of("traceparent", "x".repeat(9000)))))
                .containsExactly("headers.traceparent");
        assertThat(broken(job -> job.setName("x".repeat(201)))).containsExactly("name");
    }

    @Test
    void exactlyOneInputIsGiven() {
        QueryInput none = QueryInput.newBuilder().build();
        QueryInput two = QueryInput.newBuilder()
                .setSql("select 1")
                .setFiles(List.of("/data/a.parquet"))
                .build();
        assertThat(brokenQuery(query -> query.setInput(none))).containsExactly("offline_query.input");
        assertThat(brokenQuery(query -> query.setInput(two))).containsExactly("offline_query.input");
    }

    @Test
    void inlineColumnsHaveEqualLengthsAndNamesOfTheirOwn() {
        QueryInput ragged = columns(column("a", 1L, 2L), column("b", 1L));
        QueryInput twice = columns(column("a", 1L), column("a", 1L));
        assertThat(brokenQuery(query -> query.setInput(ragged)))
                .containsExactly("offline_query.input.columns[1].values");
        assertThat(brokenQuery(query -> query.setInput(twice))).containsExactly("offline_query.input.columns[1].name");
        assertThat(brokenQuery(query -> query.setInput(columns(column("a"))))).isEmpty();
    }

    @Test
    void inlineInputOverOneMebibyteIsRefusedWithTheClaimCheckWay() {
        QueryInput large = columns(new InlineColumn("id", Collections.nCopies(600, "x".repeat(2000))));
        List<Violation> found = JobRules.check(
                job().setOfflineQuery(query().setInput(large).build()).build());
        assertThat(found).hasSize(1);
        assertThat(found.get(0).field()).isEqualTo("offline_query.input.columns");
        assertThat(found.get(0).rule())
                .contains("1048576 bytes")
                .contains("Parquet file")
                .contains("input.files");
    }

    @Test
    void aHundredThousandIdsFitInline() {
        List<Object> ids = new ArrayList<>();
        for (long i = 0; i < 100_000; i++) {
            ids.add(i * 7919);
        }
        assertThat(brokenQuery(query -> query.setInput(columns(new InlineColumn("id", ids)))))
                .isEmpty();
    }

    @Test
    void aRangeRunsUpwards() {
        assertThat(brokenQuery(query -> query.setInput(range(5, 4, 0))))
                .containsExactly("offline_query.input.range.step", "offline_query.input.range.start");
        assertThat(brokenQuery(query -> query.setInput(range(5, 5, 1)))).isEmpty();
        assertThat(brokenQuery(query -> query.setInput(range(Long.MIN_VALUE, Long.MAX_VALUE, 1))))
                .containsExactly("offline_query.input.range.end");
    }

    @Test
    void filesAreAbsoluteAndLocal() {
        for (String bad : List.of("", "a.parquet", "s3://bucket/a.parquet", "http://host/a")) {
            QueryInput input = QueryInput.newBuilder().setFiles(List.of(bad)).build();
            assertThat(brokenQuery(query -> query.setInput(input))).containsExactly("offline_query.input.files[0]");
        }
        QueryInput good = QueryInput.newBuilder()
                .setFiles(List.of("/data/*.parquet", "file:///data/a.parquet"))
                .build();
        assertThat(brokenQuery(query -> query.setInput(good))).isEmpty();
        QueryInput none = QueryInput.newBuilder().setFiles(List.of()).build();
        assertThat(brokenQuery(query -> query.setInput(none))).containsExactly("offline_query.input.files");
    }

    @Test
    void inputTimesAreNoneOneOrOnePerRow() {
        List<Instant> three = List.of(NOON, NOON, NOON);
        assertThat(brokenQuery(query -> query.setInput(range(0, 3, 1)).setInputTimes(three)))
                .isEmpty();
        assertThat(brokenQuery(query -> query.setInput(range(0, 5, 2)).setInputTimes(three)))
                .isEmpty();
        assertThat(brokenQuery(query -> query.setInput(range(0, 4, 1)).setInputTimes(three)))
                .containsExactly("offline_query.input_times");
        assertThat(brokenQuery(query -> query.setInput(sql()).setInputTimes(List.of(NOON))))
                .isEmpty();
        assertThat(brokenQuery(query -> query.setInput(sql()).setInputTimes(three)))
                .containsExactly("offline_query.input_times");
    }

    @Test
    void aTimeColumnExcludesInputTimes() {
        assertThat(brokenQuery(query -> query.setInput(sql()).setTimeColumn("at")))
                .isEmpty();
        assertThat(brokenQuery(
                        query -> query.setInput(sql()).setTimeColumn("at").setInputTimes(List.of(NOON))))
                .containsExactly("offline_query.time_column");
        assertThat(brokenQuery(query -> query.setTimeColumn("at"))).containsExactly("offline_query.time_column");
    }

    @Test
    void outputsAreThereAndUnique() {
        assertThat(brokenQuery(query -> query.setOutputs(List.of()))).containsExactly("offline_query.outputs");
        assertThat(brokenQuery(query -> query.setOutputs(List.of("a.b", "a.b"))))
                .containsExactly("offline_query.outputs[1]");
        assertThat(brokenQuery(query -> query.setOutputs(List.of("nodot"))))
                .containsExactly("offline_query.outputs[0]");
        assertThat(brokenQuery(query -> query.setRequiredOutputs(List.of("a.b"))))
                .isEmpty();
    }

    @Test
    void whatLimitsRowsHasBounds() {
        for (double bad : new double[] {0, -0.1, 1.0000001, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThat(brokenQuery(query -> query.setSampleFraction(bad)))
                    .containsExactly("offline_query.sample_fraction");
        }
        assertThat(brokenQuery(query -> query.setSampleFraction(1.0))).isEmpty();
        assertThat(brokenQuery(query -> query.setMaxRows(0L))).containsExactly("offline_query.max_rows");
        assertThat(brokenQuery(query -> query.setLowerBound(NOON).setUpperBound(NOON)))
                .containsExactly("offline_query.lower_bound");
    }

    @Test
    void aDatasetNameHasItsAlphabet() {
        for (String bad : List.of("", "a/b", "..", "a:b", "x".repeat(201))) {
            assertThat(brokenQuery(query -> query.setDatasetName(bad))).containsExactly("offline_query.dataset_name");
        }
        assertThat(brokenQuery(query -> query.setDatasetName("flights-2001.v1")))
                .isEmpty();
    }

    @Test
    void whatIsNotSupportedIsRefusedByName() {
        Map<String, Consumer<OfflineQuery.Builder>> unsupported = Map.of(
                "offline_query.write_to", query -> query.setWriteTo("s3://bucket/x"),
                "offline_query.num_shards", query -> query.setNumShards(2),
                "offline_query.num_workers", query -> query.setNumWorkers(2),
                "offline_query.store_online", query -> query.setStoreOnline(true),
                "offline_query.store_offline", query -> query.setStoreOffline(true),
                "offline_query.planner_options.fast", query -> query.setPlannerOptions(Map.of("fast", "yes")),
                "offline_query.format", query -> query.setFormat("csv"));
        unsupported.forEach((field, change) -> {
            OfflineQuery.Builder query = query();
            change.accept(query);
            List<Violation> found =
                    JobRules.check(job().setOfflineQuery(query.build()).build());
            assertThat(found).extracting(Violation::field).containsExactly(field);
            assertThat(found.get(0).rule()).startsWith("not supported yet");
        });
        assertThat(brokenQuery(query -> query.setFormat("parquet"))).isEmpty();
    }

    private static List<String> broken(Consumer<Job.Builder> change) {
        Job.Builder job = job();
        change.accept(job);
        return JobRules.check(job.build()).stream().map(Violation::field).toList();
    }

    private static List<String> brokenQuery(Consumer<OfflineQuery.Builder> change) {
        OfflineQuery.Builder query = query();
        change.accept(query);
        return broken(job -> job.setOfflineQuery(query.build()));
    }

    private static Job.Builder job() {
        return Job.newBuilder().setId("j-1").setOfflineQuery(query().build());
    }

    private static OfflineQuery.Builder query() {
        return OfflineQuery.newBuilder().setInput(range(0, 10, 1)).setOutputs(List.of("airport.city"));
    }

    private static QueryInput range(long start, long end, long step) {
        return QueryInput.newBuilder()
                .setRange(new IntegerRange("id", start, end, step))
                .build();
    }

    private static QueryInput sql() {
        return QueryInput.newBuilder().setSql("select id, at from flights").build();
    }

    private static QueryInput columns(InlineColumn... columns) {
        return QueryInput.newBuilder().setColumns(List.of(columns)).build();
    }

    private static InlineColumn column(String name, Object... values) {
        return new InlineColumn(name, List.of(values));
    }
}
