package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Dead letters, redrive and replay as their user meets them: real broker, registry, scheduler, worker and engine. */
@Timeout(600)
class DeadAndReplayIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration LONG = Duration.ofMinutes(2);

    @TempDir
    private static Path directory;

    private static QuarryProcess local;

    @BeforeAll
    static void startLocalMode() throws Exception {
        local = QuarryProcess.start(directory, "local", "-o", "json");
        await().atMost(LONG)
                .until(() -> local.stdout().contains("}") || !local.process().isAlive());
        assertThat(local.process().isAlive()).as(local.stderr()).isTrue();
    }

    @AfterAll
    static void stopLocalMode() throws Exception {
        local.interrupt();
        local.exitWithin(60);
    }

    private static CommandRun run(String... arguments) {
        return CommandRun.of(local.home(), Map.of(), "", arguments);
    }

    private static JsonNode json(String... arguments) throws IOException {
        CommandRun run = run(arguments);
        assertThat(run.code()).as(run.err()).isZero();
        return JSON.readTree(run.out());
    }

    /** Exit code of waiting for a job that the scheduler may not have seen yet. */
    private static int waited(String id) {
        await().atMost(LONG).until(() -> run("job", id).code() == 0);
        return run("wait", id).code();
    }

    private static CommandRun submitted(String id, String feature, String tag) {
        String job = """
                id: %s
                name: nightly %s
                tags: {round: %s}
                offline_query:
                  input: {sql: "SELECT origin, destination, date FROM flights LIMIT 5"}
                  time_column: date
                  outputs: [%s]
                """.formatted(id, id, tag, feature);
        // One of the features is none, which is for the worker to find.
        return CommandRun.of(local.home(), Map.of(), job, "submit", "-", "--wait");
    }

    @Test
    void aDeadJobIsFoundByItsCauseShownAndRedrivenOnce() throws Exception {
        assertThat(submitted("dead-1", "route.nothing", "d").code()).isEqualTo(1);

        JsonNode letter = json("dead", "list", "--name", "nightly dead-*", "--since", "1h", "-o", "json")
                .get(0);
        String cause = letter.path("cause").path("type").asText();
        assertThat(letter.path("id").asText()).isEqualTo("dead-1");
        assertThat(letter.path("attempts").asInt()).isEqualTo(1);
        assertThat(run("dead", "list", "--cause", cause).out()).contains("dead-1");
        assertThat(run("dead", "list", "--cause", "OOM_KILLED").out()).doesNotContain("dead-1");
        CommandRun file = run("dead", "show", "dead-1", "--job");
        assertThat(file.out())
                .contains("repeats: dead-1")
                .contains("route.nothing")
                .doesNotContain("id: dead-1\n");
        CommandRun mended = CommandRun.of(
                local.home(),
                Map.of(),
                file.out().replace("route.nothing", "route.origin_city"),
                "submit",
                "-",
                "--wait");
        assertThat(mended.code()).as("submitted as a new job: %s", mended.err()).isZero();

        String[] redrive = {
            "dead",
            "redrive",
            "--cause",
            cause,
            "--tag",
            "round=d",
            "--memory",
            "700Mi",
            "--redrive-id",
            "rd",
            "-o",
            "json"
        };
        JsonNode done = json(redrive);
        assertThat(done.path("redriven").size()).isEqualTo(1);
        String made = done.path("redriven").get(0).path("id").asText();
        assertThat(waited(made)).as("the query is as wrong as before").isEqualTo(1);
        assertThat(JSON.readTree(run(redrive).out()).path("redriven").size())
                .as("the same again")
                .isZero();
        assertThat(json("dead", "redrive", "--name", "nightly dead-*", "-o", "json")
                        .path("skipped")
                        .findValuesAsText("original"))
                .as("a redrive stands for it")
                .contains("dead-1");
        JsonNode shown = json("dead", "show", "dead-1", "-o", "json");
        assertThat(shown.path("repeated_by").findValuesAsText("by")).contains("redrive/rd");
        assertThat(shown.path("repeated_by").findValuesAsText("id")).contains(made);
        assertThat(shown.path("job")
                        .path("offline_query")
                        .path("outputs")
                        .get(0)
                        .asText())
                .isEqualTo("route.nothing");
        JsonNode job = json("job", made, "-o", "json").path("job");
        assertThat(job.path("repeats").asText()).isEqualTo("dead-1");
        assertThat(job.path("resources").path("memory_bytes").asLong()).isEqualTo(700L << 20);
        assertThat(run("dead", "show", made).out()).contains("history").contains("repeats: " + made);
        assertThat(run("dead", "redrive", "nobody").code()).isEqualTo(2);
        assertThat(run("dead", "redrive").code()).isEqualTo(2);
        assertThat(run("dead", "show", "nobody").code()).isEqualTo(2);
    }

    @Test
    void aDryRedriveSubmitsNothingAndSaysWhatWouldBeRefused() throws Exception {
        assertThat(submitted("dry-1", "route.nothing", "y").code()).isEqualTo(1);

        JsonNode would = json("dead", "redrive", "dry-1", "--dry-run", "-o", "json");

        assertThat(would.path("dry_run").asBoolean()).isTrue();
        assertThat(would.path("redriven").size()).isEqualTo(1);
        assertThat(run("job", would.path("redriven").get(0).path("id").asText()).code())
                .isEqualTo(2);
        CommandRun refused = run("dead", "redrive", "dry-1", "--into", "nowhere", "--dry-run");
        assertThat(refused.code()).as("as a submit that is refused").isEqualTo(2);
        assertThat(refused.out()).contains("nowhere");
        CommandRun giant = run("dead", "redrive", "dry-1", "--memory", "900Ti");
        assertThat(giant.code()).isEqualTo(2);
        assertThat(giant.out()).contains("refused");
        assertThat(run("dead", "redrive", "dry-1", "--memory", "lots").code()).isEqualTo(2);
    }

    @Test
    void aReplayRunsOldJobsAgainBesideALiveWorkerAndTheSameReplayDoesNothing() throws Exception {
        assertThat(submitted("old-1", "route.origin_city", "r").code()).isZero();
        assertThat(submitted("old-2", "route.destination_city", "r").code()).isZero();
        String[] replay = {
            "replay",
            "--group",
            "default",
            "--from",
            "1h",
            "--tag",
            "round=r",
            "--state",
            "SUCCEEDED",
            "--rate",
            "50/s",
            "--replay-id",
            "again",
            "-o",
            "json"
        };

        JsonNode dry = json(append(replay, "--dry-run"));
        assertThat(dry.path("appended").asLong()).isZero();
        assertThat(dry.path("would_append").asLong()).isEqualTo(2);
        assertThat(dry.path("by_state").path("SUCCEEDED").asLong()).isEqualTo(2);
        JsonNode done = json(replay);

        assertThat(done.path("replay_id").asText()).isEqualTo("again");
        assertThat(done.path("appended").asLong()).isEqualTo(2);
        assertThat(done.path("complete").asBoolean()).isTrue();
        assertThat(done.path("to_offset").asLong() - done.path("from_offset").asLong())
                .isEqualTo(done.path("read").asLong());
        String first =
                io.quarry.schemas.JobIds.ofRepeat("old-1", "replay/again").toString();
        assertThat(waited(first)).isZero();
        JsonNode job = json("job", first, "-o", "json");
        assertThat(job.path("state").asText()).isEqualTo("SUCCEEDED");
        assertThat(job.path("job").path("repeats").asText()).isEqualTo("old-1");
        JsonNode again = json(replay);
        assertThat(again.path("appended").asLong()).isZero();
        assertThat(again.path("skipped").path("already_replayed").asLong()).isEqualTo(2);
        assertThat(json("job", first, "-o", "json").path("duplicates").asInt()).isZero();
    }

    @Test
    void aReplayThatWasKilledAndThenInterruptedEndsWithEachJobOnce() throws Exception {
        String group = "name: slowly\nworker: {cpu: 1, memory: 1Gi, ephemeral_storage: 1Gi}\n";
        CommandRun applied = CommandRun.of(local.home(), Map.of(), group, "groups", "apply", "-f", "-");
        assertThat(applied.code()).as(applied.err()).isZero();
        // Slow enough at one a second to be stopped half-way on a busy machine.
        int count = 24;
        for (int i = 0; i < count; i++) {
            String job = "id: slowly-" + i + "\ngroup: slowly\nkind: none\ncustom: {content_type: a, body: b}\n";
            CommandRun submitted = CommandRun.of(local.home(), Map.of(), job, "submit", "-");
            assertThat(submitted.code()).as(submitted.err()).isZero();
        }
        String[] replay = {
            "replay", "--group", "slowly", "--to", Integer.toString(count), "--replay-id", "k", "-o", "json"
        };

        QuarryProcess killed = slowReplay("killed", replay);
        await().atMost(LONG)
                .until(() -> slowlyRecords() >= count + 2 || !killed.process().isAlive());
        killed.process().destroyForcibly().waitFor();
        assertThat(killed.stdout()).isEmpty();
        QuarryProcess interrupted = slowReplay("interrupted", replay);
        long before = slowlyRecords();
        await().atMost(LONG)
                .until(() ->
                        slowlyRecords() >= before + 2 || !interrupted.process().isAlive());
        interrupted.interrupt();
        assertThat(interrupted.exitWithin(60)).as(interrupted.stderr()).isNotZero();
        assertThat(interrupted.stderr()).contains("--replay-id k").contains("stopped at offset");
        JsonNode stopped = JSON.readTree(interrupted.stdout());
        assertThat(stopped.path("complete").asBoolean()).isFalse();
        JsonNode rest = json(replay);

        assertThat(rest.path("complete").asBoolean()).isTrue();
        assertThat(rest.path("appended").asLong()).isBetween(1L, count - 4L);
        assertThat(slowlyRecords()).as("each job once").isEqualTo(2L * count);
    }

    /** A replay of its own process, one job a second. */
    private static QuarryProcess slowReplay(String name, String... replay) throws IOException {
        String[] words = java.util.Arrays.copyOf(replay, replay.length + 4);
        words[replay.length] = "--rate";
        words[replay.length + 1] = "1/s";
        words[replay.length + 2] = "--data";
        words[replay.length + 3] = local.home().resolve(".quarry/local").toString();
        return QuarryProcess.start(Files.createDirectories(directory.resolve(name)), words);
    }

    @Test
    void atATerminalAReplayAndARedriveByAFilterAskFirstAndSayingNoChangesNothing() throws Exception {
        assertThat(submitted("asked-1", "route.nothing", "asked").code()).isEqualTo(1);
        String[] replay = {"replay", "--group", "default", "--tag", "round=asked"};
        String[] redrive = {"dead", "redrive", "--tag", "round=asked"};

        CommandRun noReplay = CommandRun.atTerminal(local.home(), "n\n", replay);
        CommandRun noRedrive = CommandRun.atTerminal(local.home(), "\n", redrive);

        assertThat(noReplay.err()).contains("Append 1 job again (1 FAILED)? [y/N]");
        assertThat(noReplay.out()).contains("nothing was appended");
        assertThat(noRedrive.err()).contains("Submit 1 dead job again? [y/N]");
        assertThat(noRedrive.out()).contains("nothing was submitted");
        assertThat(json("dead", "show", "asked-1", "-o", "json")
                        .path("repeated_by")
                        .size())
                .isZero();
        CommandRun yes = CommandRun.atTerminal(local.home(), "y\n", append(redrive, "-ojson"));
        assertThat(waited(JSON.readTree(yes.out())
                        .path("redriven")
                        .get(0)
                        .path("id")
                        .asText()))
                .isEqualTo(1);
        assertThat(CommandRun.atTerminal(local.home(), "", append(replay, "--yes"))
                        .out())
                .contains("appended");
    }

    @Test
    void aJobThatIsOnItsWayIsWaitedForAndOneThatNeverComesIsUnknown() throws Exception {
        assertThat(submitted("way-1", "route.nothing", "way").code()).isEqualTo(1);
        JsonNode made = json("dead", "redrive", "way-1", "-o", "json").path("redriven");

        // As a script does it, at once.
        assertThat(run("wait", made.get(0).path("id").asText()).code())
                .as("the job's own end")
                .isEqualTo(1);
        CommandRun unknown = run("wait", "nobody-knows");
        assertThat(unknown.code()).isEqualTo(2);
        assertThat(unknown.err()).contains("there is no job nobody-knows");
    }

    @Test
    void aRunningQueryIsCancelledAndItsWorkerTakesTheNextJob() throws Exception {
        String heavy = """
                id: heavy
                offline_query:
                  input:
                    sql: >
                      SELECT a.origin, a.destination, max(a.date) AS date
                      FROM flights a JOIN flights b ON a.origin = b.origin AND a.delay < b.delay GROUP BY ALL
                  time_column: date
                  outputs: [route.origin_city]
                """;
        assertThat(CommandRun.of(local.home(), Map.of(), heavy, "submit", "-").code())
                .isZero();
        await().atMost(LONG).until(() -> {
            JsonNode row = json("job", "heavy", "-o", "json");
            return row.path("state").asText().equals("RUNNING")
                    && row.path("progress").path("phase").asText().equals("query");
        });

        assertThat(run("cancel", "heavy", "--by", "ada", "--reason", "too slow").code())
                .isZero();

        CommandRun ended = run("wait", "heavy", "--timeout", "90s", "-o", "json");
        assertThat(ended.code()).as(ended.err()).isEqualTo(1);
        assertThat(JSON.readTree(ended.out()).path("state").asText()).isEqualTo("CANCELLED");
        assertThat(submitted("after-heavy", "route.origin_city", "h").code())
                .as("the only worker is free")
                .isZero();
    }

    @Test
    void theTopicsCountRecordsAndNotTheMarksOfTransactions() throws Exception {
        assertThat(submitted("counted-1", "route.nothing", "c").code()).isEqualTo(1);
        int dead = json("dead", "list", "-o", "json").size();

        JsonNode topic = topic("quarry.jobs.dead");

        assertThat(dead).isPositive();
        assertThat(topic.path("records").asInt()).isGreaterThanOrEqualTo(dead);
        assertThat(topic.path("records").asLong())
                .as("each was appended in a transaction of its own")
                .isLessThan(topic.path("offsets").asLong());
    }

    private static JsonNode topic(String name) throws IOException {
        for (JsonNode topic : json("topics", "-o", "json")) {
            if (topic.path("name").asText().equals(name)) {
                return topic;
            }
        }
        throw new AssertionError("no topic " + name);
    }

    private static long slowlyRecords() throws IOException {
        return topic("quarry.jobs.slowly").path("records").asLong();
    }

    @Test
    void aReplayThatMakesNoSenseIsRefused() {
        assertThat(run("replay").code()).isEqualTo(2);
        assertThat(run("replay", "--group", "default", "--topic", "quarry.jobs.default")
                        .code())
                .isEqualTo(2);
        assertThat(run("replay", "--topic", "quarry.jobs.dead").err()).contains("quarry.jobs.dead");
        assertThat(run("replay", "--group", "default", "--from", "yesterday").err())
                .contains("--from");
        assertThat(run("replay", "--group", "default", "--rate", "fast").err()).contains("--rate");
        assertThat(run("replay", "--group", "default", "--replay-id", "two words")
                        .code())
                .isEqualTo(2);
        assertThat(run("replay", "--group", "default", "--into", "nowhere").code())
                .isEqualTo(2);
        assertThat(run("replay", "--help").out()).contains("replays nothing");
    }

    @Test
    void whatNeverBecameAJobIsKeptAndCanBeSaved() throws Exception {
        byte[] bytes = "no job".getBytes(StandardCharsets.UTF_8);
        Properties connection = new Properties();
        try (var in = Files.newInputStream(local.home().resolve(".quarry/local/connection.properties"))) {
            connection.load(in);
        }
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", connection.getProperty("bootstrap.servers")),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(
                            "quarry.jobs.default", "poison-1".getBytes(StandardCharsets.UTF_8), bytes))
                    .get();
        }
        await().atMost(LONG).until(() -> run("dead", "invalid").out().contains("poison-1"));

        JsonNode record = json("dead", "list", "--invalid", "-o", "json").get(0);
        assertThat(record.path("reason").asText()).isEqualTo("BAD_MAGIC");
        assertThat(record.path("topic").asText()).isEqualTo("quarry.jobs.default");
        assertThat(record.path("topic_offset").isNumber()).isTrue();
        assertThat(record.path("key").asText()).isEqualTo("poison-1");
        String offset = record.path("offset").asText();
        assertThat(run("dead", "invalid", offset).out())
                .contains("6e 6f 20 6a 6f 62")
                .contains("no job");
        Path saved = directory.resolve("saved.bin");
        assertThat(run("dead", "invalid", offset, "--save", saved.toString()).code())
                .isZero();
        assertThat(saved).hasBinaryContent(bytes);
        assertThat(run("dead", "invalid", offset, "--save", saved.toString()).code())
                .as("never over a file that is there")
                .isEqualTo(2);
        assertThat(run("dead", "invalid", "9999").code()).isEqualTo(2);
    }

    @Test
    void whatWaitsIsCancelledByAFilterWithWhoAndWhy() throws Exception {
        String group =
                "name: parked\nworker: {cpu: 1, memory: 1Gi, ephemeral_storage: 1Gi}\nworkers: {min: 0, max: 1}\n";
        CommandRun differs = CommandRun.of(local.home(), Map.of(), group, "groups", "diff", "-f", "-");
        assertThat(differs.code()).as(differs.err()).isEqualTo(1);
        for (boolean first : new boolean[] {true, false}) {
            CommandRun applied =
                    CommandRun.of(local.home(), Map.of(), group, "groups", "apply", "-f", "-", "-o", "json");
            assertThat(applied.code()).as(applied.err()).isZero();
            assertThat(JSON.readTree(applied.out()).path("applied").asBoolean()).isEqualTo(first);
        }
        assertThat(CommandRun.of(
                                local.home(),
                                Map.of(),
                                run("groups", "show", "parked").out(),
                                "groups",
                                "diff",
                                "-f",
                                "-")
                        .code())
                .isZero();
        assertThat(run("groups", "list").out()).contains("parked").contains("default");
        assertThat(json("placement", "--group", "parked", "--memory", "2Gi", "-o", "json")
                        .path("decision")
                        .asText())
                .isEqualTo("refused");
        // It has no worker, and gets none: its jobs wait until they are looked for.
        CommandRun paused = run("groups", "pause", "parked", "--reason", "its jobs are to wait");
        assertThat(paused.code()).as(paused.err()).isZero();
        for (int i = 1; i <= 2; i++) {
            String job = "id: parked-" + i + "\nname: parked " + i + "\ngroup: parked\ntags: {a: b}\noffline_query:\n"
                    + "  input: {range: {column: x.id, start: 0, end: 1}}\n  outputs: [x.y]\n";
            assertThat(CommandRun.of(local.home(), Map.of(), job, "submit", "-").code())
                    .isZero();
        }
        String[] cancel = {"cancel", "--group", "parked", "--tag", "a=b", "--name", "parked*", "-o", "json"};
        await().atMost(LONG)
                .until(() -> json(append(cancel, "--dry-run")).path("jobs").size() == 2);

        assertThat(run(cancel).code()).as("nobody can confirm").isEqualTo(2);
        assertThat(json(append(cancel, "--dry-run")).path("cancel_requested").asInt())
                .isZero();
        JsonNode asked =
                json("cancel", "--group", "parked", "--by", "ada", "--reason", "wrong rows", "--yes", "-o", "json");

        assertThat(asked.path("cancel_requested").asInt()).isEqualTo(2);
        assertThat(waited("parked-1")).isEqualTo(1);
        JsonNode row = json("job", "parked-1", "-o", "json");
        assertThat(row.path("state").asText()).isEqualTo("CANCELLED");
        assertThat(row.path("cause").toString()).contains("ada").contains("wrong rows");
        assertThat(waited("parked-2")).isEqualTo(1);
        assertThat(json("cancel", "--group", "parked", "--yes", "-o", "json")
                        .path("jobs")
                        .size())
                .as("again")
                .isZero();
        assertThat(run("cancel").code()).isEqualTo(2);
        assertThat(run("cancel", "parked-1", "--group", "parked").code()).isEqualTo(2);
        assertThat(run("cancel", "--state", "FAILED").code()).isEqualTo(2);
        assertThat(json("dead", "list", "--cause", "CANCELLED", "-o", "json").findValuesAsText("id"))
                .contains("parked-1");
    }

    private static String[] append(String[] words, String word) {
        String[] all = java.util.Arrays.copyOf(words, words.length + 1);
        all[words.length] = word;
        return all;
    }
}
