package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The whole system as its user meets it: real broker, registry, scheduler, worker process and engine. */
class QuarryIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int LONG = 300;

    @TempDir
    private Path directory;

    @Test
    void theDemoPrintsOneObjectKeepsTheDatasetAndLeavesNothingElse() throws Exception {
        QuarryProcess demo = QuarryProcess.start(directory, "demo", "--rows", "20000", "-o", "json");

        int code = demo.exitWithin(LONG);

        assertThat(code).as(demo.stderr()).isZero();
        JsonNode answer = JSON.readTree(demo.stdout());
        assertThat(JSON.readerFor(JsonNode.class).readValues(demo.stdout()).readAll())
                .as("objects on standard output")
                .hasSize(1);
        assertThat(answer.path("state").asText()).isEqualTo("SUCCEEDED");
        assertThat(answer.path("rows").asLong()).isEqualTo(20_000);
        assertThat(answer.path("seconds").asDouble()).isPositive();
        assertThat(answer.path("peak_memory_bytes").asLong()).isGreaterThan(50L << 20);
        assertThat(answer.path("phases").fieldNames())
                .toIterable()
                .contains("broker_ready", "queued", "run", "published");
        Path dataset = Path.of(answer.path("dataset").asText());
        assertThat(dataset).startsWith(demo.home());
        Path datasets = dataset.resolve("../..").normalize();
        assertThat(QuarryProcess.files(demo.home()))
                .as("files kept")
                .isNotEmpty()
                .allSatisfy(file -> assertThat(demo.home().resolve(file))
                        .satisfiesAnyOf(
                                kept -> assertThat(kept).startsWith(dataset),
                                kept -> assertThat(kept).isEqualTo(dataset.resolveSibling("dataset.json")),
                                kept -> assertThat(kept).startsWith(datasets.resolve("@named"))));
        assertThat(demo.leftProcesses()).isEmpty();
        assertThat(QuarryProcess.files(demo.tmp())).as("temporary files").isEmpty();

        CommandRun shown = CommandRun.of(directory, Map.of(), "", "dataset", dataset.toString());
        assertThat(shown.out()).contains("route.origin_mean_delay_7d");
    }

    @Tag("long")
    @Test
    void ctrlCInTheMiddleOfADemoLeavesNothingBehind() throws Exception {
        QuarryProcess demo = QuarryProcess.start(directory, "demo");
        await().atMost(Duration.ofSeconds(LONG))
                .until(() -> demo.stderr().contains("queued") || !demo.process().isAlive());

        demo.interrupt();

        assertThat(demo.exitWithin(60)).as(demo.stderr()).isNotZero();
        assertThat(demo.stdout()).isEmpty();
        assertThat(QuarryProcess.files(demo.home())).isEmpty();
        assertThat(demo.leftProcesses()).isEmpty();
        assertThat(QuarryProcess.files(demo.tmp())).isEmpty();
    }

    @Tag("long")
    @ParameterizedTest
    @CsvSource({"demo, broker", "demo, scheduler", "local, topics", "local, scheduler"})
    void ctrlCDuringTheStartSaysStoppedAndLeavesNothingBehind(String command, String phase) throws Exception {
        QuarryProcess process = QuarryProcess.start(directory, command);
        await().atMost(Duration.ofSeconds(LONG))
                .until(() -> process.stderr().contains("starting: " + phase)
                        || !process.process().isAlive());

        process.interrupt();

        assertThat(process.exitWithin(60)).as(process.stderr()).isEqualTo(130);
        assertThat(process.stderr()).endsWith("stopped\n").doesNotContain("Exception", "ERROR", "quarry:");
        assertThat(process.stdout()).isEmpty();
        assertThat(QuarryProcess.files(process.home())).isEmpty();
        assertThat(process.leftProcesses()).isEmpty();
        assertThat(QuarryProcess.files(process.tmp())).isEmpty();
    }

    @Tag("long")
    @Test
    void aSchedulerThatStopsForGoodEndsLocalModeWithTheReasonAndLeavesNothingRunning() throws Exception {
        QuarryProcess local = QuarryProcess.start(directory, "local", "-o", "json");
        await().atMost(Duration.ofSeconds(LONG))
                .until(() -> local.stdout().contains("}") || !local.process().isAlive());
        assertThat(local.process().isAlive()).as(local.stderr()).isTrue();

        String broker = JSON.readTree(local.stdout()).path("bootstrap_servers").asText();
        try (Admin admin = Admin.create(Map.<String, Object>of("bootstrap.servers", broker))) {
            admin.deleteTopics(List.of("quarry.job-events")).all().get();
        }

        assertThat(local.exitWithin(LONG)).as(local.stderr()).isEqualTo(1);
        assertThat(local.stderr()).contains("stopped for good").contains("local.log");
        assertThat(local.leftProcesses()).isEmpty();
        assertThat(QuarryProcess.files(local.tmp())).isEmpty();
    }

    @Tag("long")
    @Test
    void aTerminalsCtrlCLetsAWorkerFinishWhereItIsToldTo() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/setsid")), "this machine has no setsid");
        QuarryProcess local = QuarryProcess.startAtTerminal(
                directory,
                "local",
                "-o",
                "json",
                "--set",
                "worker.on.stop=finish",
                "--set",
                "workers.stop.grace.ms=90000");
        await().atMost(Duration.ofSeconds(LONG))
                .until(() -> local.stdout().contains("}") || !local.process().isAlive());
        assertThat(local.process().isAlive()).as(local.stderr()).isTrue();
        CommandRun submitted = run(local.home(), "submit", "../demo/query.yaml", "--id", "to-finish");
        assertThat(submitted.code()).as(submitted.err()).isZero();
        await().atMost(Duration.ofSeconds(LONG))
                .until(() -> run(local.home(), "job", "to-finish", "-o", "json")
                        .out()
                        .contains("\"RUNNING\""));

        local.interruptGroup();

        assertThat(local.exitWithin(LONG)).as(local.stderr()).isEqualTo(130);
        assertThat(QuarryProcess.files(local.home().resolve(".quarry/local/datasets/to-finish")))
                .as("the dataset of the first attempt")
                .anySatisfy(file -> assertThat(file).startsWith("1-").endsWith("manifest.json"));
        assertThat(local.leftProcesses()).isEmpty();
    }

    @Test
    void aJobIsSubmittedFollowedShownAndReadThroughARunningLocalMode() throws Exception {
        QuarryProcess local = QuarryProcess.start(directory, "local", "-o", "json");
        try {
            await().atMost(Duration.ofSeconds(LONG))
                    .until(() ->
                            local.stdout().contains("}") || !local.process().isAlive());
            assertThat(local.process().isAlive()).as(local.stderr()).isTrue();
            useIt(local.home());
        } finally {
            local.interrupt();
            assertThat(local.exitWithin(60)).as(local.stderr()).isEqualTo(130);
        }
        assertThat(local.leftProcesses()).isEmpty();
        assertThat(local.stderr()).contains("stopped");
        assertThat(CommandRun.of(local.home(), Map.of(), "", "jobs").code()).isEqualTo(3);
    }

    private static void useIt(Path home) throws IOException {
        String query = """
                id: it-1
                name: a small one
                offline_query:
                  input:
                    sql: SELECT origin, destination, date FROM flights ORDER BY date, origin, destination LIMIT 50
                  time_column: date
                  outputs: [route.origin_city]
                """;

        CommandRun done = CommandRun.of(home, Map.of(), query, "submit", "-", "--wait", "-o", "json");

        assertThat(done.code()).as(done.err()).isZero();
        assertThat(JSON.readTree(done.out()).path("state").asText()).isEqualTo("SUCCEEDED");
        assertThat(run(home, "wait", "it-1").code()).isZero();
        CommandRun job = run(home, "job", "it-1", "-o", "json");
        assertThat(JSON.readTree(job.out()).path("history").size()).isGreaterThan(1);
        assertThat(run(home, "job", "it-1").out()).contains("SUCCEEDED").contains("history");
        assertThat(run(home, "jobs").out()).contains("it-1").contains("a small one");
        assertThat(run(home, "jobs", "--state", "FAILED").out()).doesNotContain("it-1");
        CommandRun dataset = run(home, "dataset", "it-1", "--rows", "2", "-o", "json");
        assertThat(JSON.readTree(dataset.out()).path("preview").size()).isEqualTo(2);
        assertThat(JSON.readTree(dataset.out()).has("dataset_name"))
                .as("a name that nobody gave")
                .isFalse();
        JsonNode topics = JSON.readTree(run(home, "topics", "-o", "json").out());
        assertThat(topics.findValuesAsText("name")).contains("quarry.jobs.default", "quarry.job-state");
        for (JsonNode topic : topics) {
            if (topic.path("name").asText().equals("quarry.jobs.default")) {
                assertThat(topic.path("partitions").asInt()).isEqualTo(1);
                assertThat(topic.path("depth").asInt()).isZero();
            }
        }
        learnedSizes(home, query);
        assertThat(run(home, "cancel", "it-1").code())
                .as("cancelling what is done")
                .isZero();
        assertThat(run(home, "wait", "it-1").code()).as("stays as it is").isZero();
        for (String command : List.of("job", "wait", "cancel", "dataset")) {
            assertThat(run(home, command, "none").code()).as(command).isEqualTo(2);
        }
        refusals(home, query);
    }

    /** What an earlier run took is shown to who asks and asked for by who wants it. */
    private static void learnedSizes(Path home, String query) throws IOException {
        CommandRun unknown = CommandRun.of(
                home, Map.of(), query.replace("origin_city", "dest_city"), "placement", "--job", "-", "-o", "json");
        assertThat(unknown.err()).contains("no earlier run of this query is known");
        assertThat(JSON.readTree(unknown.out()).has("learned")).isFalse();

        CommandRun placed = CommandRun.of(home, Map.of(), query, "placement", "--job", "-", "-o", "json");
        assertThat(placed.code()).as(placed.err()).isZero();
        JsonNode learned = JSON.readTree(placed.out()).path("learned");
        assertThat(learned.path("decision").asText()).isEqualTo("queue");
        assertThat(learned.path("why").asText()).startsWith("1 earlier run of this query: peak ");
        assertThat(CommandRun.of(home, Map.of(), query, "placement", "--job", "-")
                        .out())
                .contains("'submit --size auto' asks for it");

        CommandRun sized = CommandRun.of(
                home, Map.of(), query, "submit", "-", "--id", "it-sized", "--size", "auto", "--wait", "-o", "json");
        assertThat(sized.code()).as(sized.err()).isZero();
        assertThat(sized.err())
                .contains("size: memory " + learned.path("memory").asText() + ", from 1 earlier run");
    }

    private static void refusals(Path home, String query) {
        CommandRun failed = CommandRun.of(
                home,
                Map.of(),
                query.replace("route.origin_city", "route.nothing").replace("it-1", "it-2"),
                "submit",
                "-",
                "--wait");
        assertThat(failed.code()).as(failed.err()).isEqualTo(1);
        assertThat(failed.err()).contains("warning: offline_query.outputs[0] is route.nothing: must be a feature of");
        assertThat(failed.out()).contains("FAILED").contains("route.nothing");

        CommandRun conflict =
                CommandRun.of(home, Map.of(), query.replace("LIMIT 50", "LIMIT 51"), "submit", "-", "--wait");
        assertThat(conflict.code()).as("the same id with another body").isEqualTo(2);

        CommandRun again = CommandRun.of(home, Map.of(), query, "submit", "-", "--wait");
        assertThat(again.code()).as("the same job again").isZero();

        CommandRun unknownGroup =
                CommandRun.of(home, Map.of(), query.replace("it-1", "it-3"), "submit", "-", "--group", "nobody");
        assertThat(unknownGroup.code()).isEqualTo(2);
        assertThat(unknownGroup.err()).contains("nobody").contains("default");
    }

    private static CommandRun run(Path home, String... arguments) {
        return CommandRun.of(home, Map.of(), "", arguments);
    }
}
