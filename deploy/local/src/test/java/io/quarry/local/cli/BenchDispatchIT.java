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

/** The bench with few jobs: what it does and prints, not what it measures. */
@Tag("long")
class BenchDispatchIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int LONG = 240;

    @TempDir
    private Path directory;

    @Test
    void bothSidesRunEveryJobOnceAndNothingIsLeft() throws Exception {
        QuarryProcess bench = QuarryProcess.start(
                directory,
                "bench",
                "dispatch",
                "--jobs",
                "20",
                "--rounds",
                "1",
                "--warm-up",
                "10",
                "--samples",
                "10",
                "--no-scheduler",
                "-o",
                "json");

        int code = bench.exitWithin(LONG);

        // How fast a machine that also runs other tests is says nothing: 1 is a missed bar.
        assertThat(code).as(bench.stderr()).isIn(0, 1);
        assertThat(JSON.readerFor(JsonNode.class).readValues(bench.stdout()).readAll())
                .as("objects on standard output")
                .hasSize(1);
        JsonNode answer = JSON.readTree(bench.stdout());
        for (String figure : List.of("drain_ratio_1", "drain_ratio_4", "p50_ratio", "p99_ms")) {
            assertThat(answer.path(figure).fieldNames()).toIterable().containsExactly("min", "median", "max");
            assertThat(answer.path(figure).path("median").asDouble()).as(figure).isPositive();
        }
        assertThat(answer.at("/raw/drain_per_second_4/max").asDouble()).isPositive();
        assertThat(answer.path("doubled_claims").asInt(-1)).isZero();
        assertThat(bench.leftProcesses()).isEmpty();
        assertThat(QuarryProcess.files(bench.tmp())).as("temporary files").isEmpty();
    }

    @Test
    void aMeasurementOfNothingIsRefused() {
        CommandRun run = CommandRun.of(directory, Map.of(), "", "bench", "dispatch", "--rounds", "0");

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("--rounds is 0: it has to be at least 1");
    }
}
