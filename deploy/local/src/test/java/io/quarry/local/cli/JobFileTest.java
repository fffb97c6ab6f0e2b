package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.quarry.avro.CustomPayload;
import io.quarry.avro.InlineColumn;
import io.quarry.avro.IntegerRange;
import io.quarry.avro.Job;
import io.quarry.avro.OfflineQuery;
import io.quarry.avro.QueryInput;
import io.quarry.avro.Resources;
import io.quarry.schemas.JobRules;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JobFileTest {
    private static final String WHOLE = """
            id: nightly-42
            resource_group: big
            name: Nightly training set
            resources:
              cpu: "2"
              memory: 4Gi
              ephemeral_storage: 10Gi
            timeout: 2h
            max_attempts: 5
            start_by: 2026-11-24T14:00:00+01:00
            tags: {team: flights, year: 2001}
            offline_query:
              input:
                columns:
                  airport.iata: [JFK, LAX, null]
                  flight.number: [1, 2, 3]
                  flight.delay: [1.5, .5, -2e3]
                  flight.late: [true, false, null]
              input_times: [2001-06-01T00:00:00Z]
              outputs: [airport.city, airport.mean_delay_7d]
              sample_fraction: 0.5
              lower_bound: 2001-01-01T00:00:00.000001Z
            """;

    @Test
    void aFileSaysAJobInPeoplesForms() throws Exception {
        Job job = JobFile.parse(WHOLE, "job.yaml");

        assertThat(job.getId()).isEqualTo("nightly-42");
        assertThat(job.getResourceGroup()).isEqualTo("big");
        assertThat(job.getResources()).isEqualTo(new Resources(2000L, 4L << 30, 10L << 30));
        assertThat(job.getTimeoutMs()).isEqualTo(7_200_000L);
        assertThat(job.getStartBy()).isEqualTo(Instant.parse("2026-11-24T13:00:00Z"));
        assertThat(job.getTags()).isEqualTo(Map.of("team", "flights", "year", "2001"));
        assertThat(job.getKind()).isEqualTo("offline_query");
        OfflineQuery query = Objects.requireNonNull(job.getOfflineQuery());
        assertThat(query.getInput().getColumns())
                .containsExactly(
                        new InlineColumn("airport.iata", Arrays.asList("JFK", "LAX", null)),
                        new InlineColumn("flight.number", List.of(1L, 2L, 3L)),
                        new InlineColumn("flight.delay", List.of(1.5, 0.5, -2000.0)),
                        new InlineColumn("flight.late", Arrays.asList(true, false, null)));
        assertThat(query.getInputTimes()).containsExactly(Instant.parse("2001-06-01T00:00:00Z"));
        assertThat(query.getLowerBound()).isEqualTo(Instant.parse("2001-01-01T00:00:00.000001Z"));
    }

    @Test
    void theSameJobInAvroNamesAndJsonIsTheSameJob() throws Exception {
        String json = """
                {
                \t"id": "j", "resource_group": "big", "timeout_ms": 7200000,
                \t"resources": {"cpu_millis": 500, "memory_bytes": 1073741824},
                \t"offline_query": {
                \t\t"input": {"columns": [{"name": "a.b", "values": ["x\\n", 1, null]}]},
                \t\t"outputs": ["a.c"]
                \t}
                }
                """;
        String yaml = """
                id: j
                group: big
                timeout: PT2H
                resources: {cpu: 500m, memory: 1Gi}
                offline_query:
                  input: {columns: {a.b: ["x\\n", 1, null]}}
                  outputs: a.c
                """;

        assertThat(JobFile.parse(json, "job.json")).isEqualTo(JobFile.parse(yaml, "job.yaml"));
    }

    @Test
    void aFileOfAQueryAloneIsAJobOfThatQuery() throws Exception {
        Job job = JobFile.parse("input: {range: {column: flight.id, start: 0, end: 10}}\noutputs: [flight.delay]", "q");

        assertThat(job)
                .isEqualTo(Job.newBuilder()
                        .setId("")
                        .setOfflineQuery(OfflineQuery.newBuilder()
                                .setInput(QueryInput.newBuilder()
                                        .setRange(new IntegerRange("flight.id", 0L, 10L, 1L))
                                        .build())
                                .setOutputs(List.of("flight.delay"))
                                .build())
                        .build());
    }

    @Test
    void whatIsWrittenReadsBackAsTheSameJob() throws Exception {
        Job job = JobFile.parse(WHOLE, "job.yaml");

        assertThat(JobFile.parse(Output.yaml(JobFile.tree(job)), "written")).isEqualTo(job);
        assertThat(JobFile.parse(Output.json(JobFile.tree(job)), "written")).isEqualTo(job);
    }

    @Test
    void bytesThatAreNoTextReadBackAsTheSameBytes() throws Exception {
        for (byte[] body : List.of(new byte[] {(byte) 0xff, 0, 1}, "ä: [1]\n".getBytes(StandardCharsets.UTF_8))) {
            Job job = Job.newBuilder()
                    .setId("j")
                    .setKind("resize")
                    .setCustom(new CustomPayload("application/octet-stream", ByteBuffer.wrap(body)))
                    .build();

            assertThat(JobFile.parse(Output.yaml(JobFile.tree(job)), "written")).isEqualTo(job);
        }
    }

    @Test
    void aBodyThatIsNoTextIsTakenAsJson() throws Exception {
        Job job = JobFile.parse(
                "kind: resize\ncustom:\n  content_type: application/json\n  body: {sizes: [1, 2.5], deep: null}", "j");

        ByteBuffer body = Objects.requireNonNull(job.getCustom()).getBody();
        assertThat(StandardCharsets.UTF_8.decode(body).toString()).isEqualTo("{\"sizes\":[1,2.5],\"deep\":null}");
    }

    @Test
    void anInstantThatTheRecordCannotHoldIsNamedAtItsPlace() {
        String text = """
                complete_by: "+999999999-12-31T23:59:59Z"
                offline_query:
                  input: {sql: SELECT 1}
                  input_times: ["-999999999-01-01T00:00:00Z"]
                  outputs: [a.b]
                """;

        assertThat(problems(text))
                .satisfiesExactly(
                        first -> assertThat(first)
                                .startsWith(
                                        "job.yaml:1:14: complete_by is +999999999-12-31T23:59:59Z: it has to be from -2922"),
                        second -> assertThat(second)
                                .startsWith(
                                        "job.yaml:4:17: offline_query.input_times[0] is -999999999-01-01T00:00:00Z: it has to be from -2903"));
    }

    @Test
    void everyErrorIsNamedAtItsLine() {
        String text = """
                id: j
                resource_gruop: big
                timeout: soon
                resources: {memory: 4Gx, cpu: 0}
                offline_query:
                  input: {range: {column: a.b, start: 0, end: ten}}
                  lower_bound: yesterday
                  store_online: maybe
                """;

        assertThat(problems(text))
                .containsExactly(
                        "job.yaml:2:1: unknown key resource_gruop in a job: did you mean resource_group?",
                        "job.yaml:3:10: timeout is soon: it has to be a duration such as 90s, 30m or 2h",
                        "job.yaml:4:21: resources.memory is 4Gx: it has to be a size such as 512Mi or 4Gi",
                        "job.yaml:4:31: resources.cpu is 0: it has to be cores such as 2, 0.5 or 500m",
                        "job.yaml:6:3: offline_query.outputs is missing: it has to be set",
                        "job.yaml:6:47: offline_query.input.range.end is ten: it has to be a whole number",
                        "job.yaml:7:16: offline_query.lower_bound is yesterday: it has to be an instant in ISO 8601 with"
                                + " an offset or Z, such as 2001-07-01T00:00:00Z",
                        "job.yaml:8:17: offline_query.store_online is maybe: it has to be true or false");
    }

    @Test
    void keysOfAJobBesideAQueryAreOneLineThatSaysHowToWriteBoth() {
        String text = """
                name: three airports
                input: {columns: {airport.iata: [BOS]}}
                id: j
                outputs: [airport.city]
                """;

        assertThat(problems(text))
                .containsExactly(
                        "job.yaml:1:1: name is three airports: a file with input or outputs on top is an offline"
                                + " query alone and takes no key of a job (name, id): write 'offline_query:' on top, and the"
                                + " query indented below it");
        assertThat(problems("input: {range: {column: a.b, start: 0, end: 1}}\noutputs: [a.c]\nouputs: [a.d]"))
                .containsExactly("job.yaml:3:1: unknown key ouputs in an offline query: did you mean outputs?");
    }

    @Test
    void aFieldSetTwiceUnderTwoNamesIsRefused() {
        assertThat(problems("timeout: 2h\ntimeout_ms: 1"))
                .contains("job.yaml:2:1: timeout_ms is set twice: leave one of them");
    }

    @Test
    void textThatIsNeitherYamlNorJsonIsRefusedAtItsLine() {
        assertThat(problems("id: j\noffline_query: {"))
                .singleElement()
                .asString()
                .startsWith("job.yaml:2:")
                .contains("neither YAML nor JSON");
        assertThat(problems("")).containsExactly("job.yaml:1:1: the file is empty");
        assertThat(problems("- a list")).first().asString().startsWith("job.yaml:1:1: the file is a list");
    }

    @Test
    void durationsAreReadAndWritten() {
        assertThat(Durations.parse("1h30m")).isEqualTo(Durations.parse("90m"));
        for (String text : List.of("500ms", "90s", "5m", "2h", "0ms")) {
            assertThat(Durations.format(Durations.parse(text))).isEqualTo(text);
        }
        for (String text : List.of("", "2", "h", "2h and more", "m2", "-2h")) {
            assertThatThrownBy(() -> Durations.parse(text)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static List<String> problems(String text) {
        JobFileException failure = catchThrowableOfType(JobFileException.class, () -> JobFile.parse(text, "job.yaml"));
        return failure.problems().stream().map(Object::toString).toList();
    }

    private static List<InlineColumn> columns(String values) throws JobFileException {
        Job job = JobFile.parse("input: {columns: {a.b: [" + values + "]}}\noutputs: [a.c]\n", "job.yaml");
        return Objects.requireNonNull(
                Objects.requireNonNull(job.getOfflineQuery()).getInput().getColumns());
    }

    @Test
    void wholeNumbersAreReadAsYaml12WritesThem() throws Exception {
        assertThat(columns("0, -7, +10, 0o17, 0x1F, 9223372036854775807").get(0).getValues())
                .isEqualTo(List.of(0L, -7L, 10L, 15L, 31L, Long.MAX_VALUE));
    }

    @ParameterizedTest
    @ValueSource(strings = {"02134", "010", "-010", "007.5", "012e3", "00"})
    void aNumberWithALeadingZeroIsNeverReadAsAnother(String written) {
        assertThatThrownBy(() -> columns("1, " + written))
                .isInstanceOf(JobFileException.class)
                .hasMessageContaining("job.yaml:1:")
                .hasMessageContaining("input.columns.a.b[1] is " + written + ":")
                .hasMessageContaining("quote it if it is text");
    }

    @Test
    void aLeadingZeroInQuotesIsText() throws Exception {
        assertThat(columns("'02134', \"010\"").get(0).getValues()).isEqualTo(List.of("02134", "010"));
    }

    @Test
    void anAliasThatHoldsItselfIsRefused() {
        assertThatThrownBy(() -> JobFile.parse("kind: k\ncustom:\n  body: &a\n    inner: *a\n", "job.yaml"))
                .isInstanceOf(JobFileException.class)
                .hasMessageContaining("job.yaml:4:12")
                .hasMessageContaining("*a stands within what it names");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[", "{a: ", "- "})
    void nestingThatWouldOverflowTheStackIsRefused(String level) {
        assertThatThrownBy(() -> JobFile.parse("custom:\n  body:\n   " + level.repeat(100_000), "job.yaml"))
                .isInstanceOf(JobFileException.class)
                .hasMessageContaining("more than 100 levels deep");
    }

    @Test
    void aliasesThatMakeASmallFileAHugeOneAreRefused() {
        StringBuilder laughs = new StringBuilder("kind: k\nheaders:\n");
        laughs.append("custom:\n  body:\n    l0: &l0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n");
        for (int level = 1; level < 10; level++) {
            laughs.append("    l%d: &l%d [%s]\n"
                    .formatted(level, level, String.join(", ", Collections.nCopies(10, "*l" + (level - 1)))));
        }

        assertThatThrownBy(() -> JobFile.parse(laughs.toString(), "job.yaml"))
                .isInstanceOf(JobFileException.class)
                .hasMessageContaining("stand for more than 100,000 values");
    }

    @Test
    void aliasesOfWhatIsSmallAreRead() throws Exception {
        Job job = JobFile.parse("""
                offline_query:
                  input: {columns: {a.b: &ids [1, 2], a.c: *ids}}
                  outputs: &o [a.d]
                  required_outputs: *o
                """, "job.yaml");

        OfflineQuery query = Objects.requireNonNull(job.getOfflineQuery());
        assertThat(query.getInput().getColumns())
                .containsExactly(new InlineColumn("a.b", List.of(1L, 2L)), new InlineColumn("a.c", List.of(1L, 2L)));
        assertThat(query.getRequiredOutputs()).isEqualTo(query.getOutputs());
    }

    @Test
    void theExampleThatGivesADatasetBackTakesItsInstants() throws Exception {
        Path file = Path.of("../examples/inputs/dataset.yaml");

        Job job = JobFile.parse(Files.readString(file), file.toString());

        assertThat(Objects.requireNonNull(job.getOfflineQuery()).getTimeColumn())
                .isEqualTo("__time__");
    }

    @Test
    void theJobOfTheReadmeIsAJob() throws Exception {
        String readme = Files.readString(Path.of("../../README.md"));
        String yaml = readme.substring(readme.indexOf("```yaml\n") + 8);

        Job job = JobFile.parse(yaml.substring(0, yaml.indexOf("```")), "README.md");

        assertThat(job.getMaxAttempts()).isEqualTo(2);
        assertThat(Objects.requireNonNull(job.getOfflineQuery()).getInput().getColumns())
                .containsExactly(new InlineColumn("airport.iata", List.of("BOS", "LAX", "JFK")));
        assertThat(JobRules.check(Job.newBuilder(job).setId("j").build())).isEmpty();
    }
}
