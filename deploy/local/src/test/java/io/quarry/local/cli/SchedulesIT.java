package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Schedules as their user meets them: real broker, registry, scheduler, worker and engine. */
@Timeout(600)
@Tag("long")
class SchedulesIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration LONG = Duration.ofMinutes(3);

    private static final String EACH_SECOND = """
            name: each-second
            every: 1s
            job:
              offline_query:
                input: {columns: {airport.iata: [BOS, LAX]}}
                input_times: ["{{tick.time}}"]
                outputs: [airport.city]
            """;

    @TempDir
    private Path directory;

    private CommandRun run(String... arguments) {
        return CommandRun.of(directory.resolve("home"), Map.of(), "", arguments);
    }

    private String good(String... arguments) {
        CommandRun run = run(arguments);
        assertThat(run.code())
                .as(String.join(" ", arguments) + "\n" + run.err())
                .isZero();
        return run.out();
    }

    @Test
    void aDirectoryBecomesSchedulesAndEveryTickHasItsRow() throws Exception {
        QuarryProcess local = QuarryProcess.start(directory, "local", "-o", "json");
        try {
            await().atMost(LONG)
                    .until(() ->
                            local.stdout().contains("}") || !local.process().isAlive());
            assertThat(local.process().isAlive()).as(local.stderr()).isTrue();
            apply();
            backfill();
            assertThat(good("schedules", "audit", "--late", "30s")).contains("0 findings");
            good("schedules", "delete", "each-second", "--yes");
            assertThat(good("schedules", "list")).doesNotContain("each-second");
            assertThat(good("schedules", "history", "each-second"))
                    .as("the ledger stays")
                    .contains("SUCCEEDED");
        } finally {
            local.interrupt();
            local.exitWithin(60);
        }
    }

    private void apply() throws IOException {
        Path files = Files.createDirectories(directory.resolve("schedules"));
        Files.writeString(files.resolve("a.yaml"), EACH_SECOND);
        Files.writeString(
                files.resolve("b.yaml"),
                EACH_SECOND.replace("each-second", "daily").replace("every: 1s", "cron: 0 2 * * *"));
        String all = files.toString();
        assertThat(good("schedules", "apply", "-f", all)).contains("each-second: new", "daily: new");
        await().atMost(LONG)
                .until(() -> run("schedules", "history", "each-second").out().contains("SUCCEEDED"));

        Files.writeString(files.resolve("c.yaml"), EACH_SECOND.replace("job:", "job:\n  group: nowhere"));
        assertThat(run("schedules", "apply", "-f", files.resolve("c.yaml").toString()))
                .satisfies(refused -> assertThat(refused.err()).contains("there is no resource group nowhere"))
                .satisfies(refused -> assertThat(refused.code()).isEqualTo(2));
        Files.writeString(files.resolve("c.yaml"), EACH_SECOND.replace("airport.city", "airport.mayor"));
        assertThat(run("schedules", "apply", "-f", files.resolve("c.yaml").toString()))
                .satisfies(refused -> assertThat(refused.err())
                        .contains("c.yaml:", ": job.offline_query.outputs[0] is airport.mayor: must be"))
                .satisfies(refused -> assertThat(refused.code()).isEqualTo(2));
        Files.delete(files.resolve("c.yaml"));

        Files.delete(files.resolve("b.yaml"));
        Files.writeString(files.resolve("a.yaml"), EACH_SECOND.replace("1s", "2s"));
        assertThat(good("schedules", "apply", "-f", all, "--prune", "--dry-run"))
                .contains("each-second: changed", "every: 1s → 2s", "daily: deleted");
        assertThat(good("schedules", "list")).contains("daily", "every 1s");
        good("schedules", "apply", "-f", all, "--prune");
        assertThat(good("schedules", "list")).doesNotContain("daily").contains("every 2s");
        assertThat(good("schedules", "apply", "-f", all, "--prune")).isEqualTo("each-second: unchanged\n");
    }

    private void backfill() throws IOException {
        String[] range = {
            "schedules",
            "backfill",
            "each-second",
            "--from",
            "2026-01-01T00:00:00Z",
            "--to",
            "2026-01-01T00:00:06Z",
            "--concurrency",
            "2",
            "-o",
            "json"
        };
        JsonNode dry = JSON.readTree(good(range));
        assertThat(dry.path("ticks").asInt()).isEqualTo(3);
        assertThat(dry.path("begun").asBoolean()).isFalse();
        String[] real = java.util.Arrays.copyOf(range, range.length + 2);
        real[range.length] = "--yes";
        real[range.length + 1] = "--wait";
        JsonNode done = JSON.readTree(good(real));
        assertThat(done.path("succeeded").asInt()).isEqualTo(3);
        assertThat(done.has("cause")).isFalse();
        String[] again = java.util.Arrays.copyOf(range, range.length + 2);
        again[range.length] = "--id";
        again[range.length + 1] = done.path("id").asText();
        assertThat(run(again).err())
                .contains("has a backfill " + done.path("id").asText() + " already");
        assertThat(good("schedules", "next", "each-second", "--from", "2026-01-01T00:00:00Z", "--count", "1"))
                .contains("2026-01-01T00:00:02Z");
    }

    @Test
    void theDemoShowsAMonthAndLeavesNothing() throws Exception {
        QuarryProcess demo = QuarryProcess.start(directory, "demo", "schedules", "--day", "300ms", "-o", "json");
        assertThat(demo.exitWithin(400)).as(demo.stderr()).isZero();
        JsonNode answer = JSON.readTree(demo.stdout());
        assertThat(answer.path("expected_ticks").asInt()).isEqualTo(28);
        assertThat(answer.path("ticks")).as("with the rehearsal").hasSize(29);
        assertThat(answer.path("findings").asInt()).isZero();
        assertThat(demo.leftProcesses()).isEmpty();
        assertThat(QuarryProcess.files(demo.home())).isEmpty();
        assertThat(QuarryProcess.files(demo.tmp())).isEmpty();
    }

    @Test
    void theDemoLeavesNothingWhenItIsInterrupted() throws Exception {
        QuarryProcess demo = QuarryProcess.startAtTerminal(directory, "demo", "schedules");
        await().atMost(LONG)
                .until(() ->
                        demo.stderr().contains("2001-02-01") || !demo.process().isAlive());
        demo.interruptGroup();
        assertThat(demo.exitWithin(60)).as(demo.stderr()).isEqualTo(130);
        assertThat(demo.leftProcesses()).isEmpty();
        assertThat(QuarryProcess.files(demo.home())).isEmpty();
        assertThat(QuarryProcess.files(demo.tmp())).isEmpty();
    }
}
