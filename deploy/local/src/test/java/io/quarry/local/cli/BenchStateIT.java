package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The benches of the backlog and of the restore with few jobs: what they do and print, not what they measure. */
@Tag("long")
class BenchStateIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int LONG = 240;
    private static final List<String> SPREAD = List.of("min", "median", "max");

    @TempDir
    private Path directory;

    @Test
    void eachQueueIsMeasuredAtItsLengthAndNothingIsLeft() throws Exception {
        QuarryProcess bench = QuarryProcess.start(
                directory,
                "bench",
                "backlog",
                "--sizes",
                "60,20",
                "--jobs",
                "20",
                "--rounds",
                "1",
                "--warm-up",
                "10",
                "-o",
                "json");

        JsonNode answer = answer(bench);

        assertThat(answer.path("goal_ratio").asDouble()).isEqualTo(1.1);
        assertThat(answer.path("sizes").findValuesAsText("queued")).containsExactly("20", "60");
        for (JsonNode size : answer.path("sizes")) {
            for (String figure :
                    List.of("per_second", "worker_cpu_ms_per_job", "broker_cpu_ms_per_job", "cost_ratio")) {
                assertThat(size.path(figure).fieldNames()).toIterable().containsExactlyElementsOf(SPREAD);
                assertThat(size.path(figure).path("median").asDouble())
                        .as(figure)
                        .isPositive();
            }
            assertThat(size.at("/lifecycle/scheduler_cpu_ms_per_job/median").asDouble())
                    .isPositive();
            assertThat(size.at("/lifecycle/cost_ratio/median").asDouble()).isPositive();
        }
        assertThat(answer.at("/sizes/0/cost_ratio/median").asDouble()).isEqualTo(1);
    }

    @Test
    void aSchedulerThatLostItsStateServesAgainAndNothingIsLeft() throws Exception {
        QuarryProcess bench = QuarryProcess.start(directory, "bench", "restore", "--jobs", "60", "-o", "json");

        JsonNode answer = answer(bench);

        assertThat(answer.path("jobs").asInt()).isEqualTo(60);
        assertThat(answer.path("goal_seconds").asDouble()).isEqualTo(30);
        assertThat(answer.path("goal_bytes").asLong()).isEqualTo(1L << 30);
        for (String figure : List.of("ready_seconds", "serves_seconds", "cpu_seconds", "peak_bytes")) {
            assertThat(answer.path(figure).fieldNames()).toIterable().containsExactlyElementsOf(SPREAD);
            assertThat(answer.path(figure).path("median").asDouble()).as(figure).isPositive();
        }
        assertThat(answer.path("changelog_bytes").asLong()).isPositive();
        assertThat(answer.at("/serves_seconds/min").asDouble())
                .isGreaterThan(answer.at("/ready_seconds/min").asDouble());
    }

    private static JsonNode answer(QuarryProcess bench) throws Exception {
        int code = bench.exitWithin(LONG);
        // How fast a machine that also runs other tests is says nothing: 1 is a missed goal.
        assertThat(code).as(bench.stderr()).isIn(0, 1);
        assertThat(JSON.readerFor(JsonNode.class).readValues(bench.stdout()).readAll())
                .as("objects on standard output: " + bench.stderr())
                .hasSize(1);
        JsonNode answer = JSON.readTree(bench.stdout());
        assertThat(answer.path("passed").asBoolean()).isEqualTo(code == 0);
        assertThat(bench.leftProcesses()).isEmpty();
        assertThat(QuarryProcess.files(bench.tmp())).as("temporary files").isEmpty();
        return answer;
    }

    @Test
    void measurementsOfNothingAreRefused() {
        CommandRun size = CommandRun.of(directory, Map.of(), "", "bench", "backlog", "--sizes", "100,0");
        assertThat(size.code()).isEqualTo(2);
        assertThat(size.err()).contains("--sizes has 0: each has to be from 1 to");

        CommandRun rounds =
                CommandRun.of(directory, Map.of(), "", "bench", "restore", "--jobs", "100", "--rounds", "9");
        assertThat(rounds.code()).isEqualTo(2);
        assertThat(rounds.err()).contains("--rounds is 9: each takes one queued job");
    }
}
