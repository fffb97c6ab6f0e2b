package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoRunsTest {
    private static final Instant FIRST = Instant.parse("2026-11-24T12:00:00Z");

    @TempDir
    private Path home;

    private List<Path> fiveRuns() throws IOException {
        List<Path> runs = new ArrayList<>();
        for (int day = 0; day < 5; day++) {
            Path run = DemoRuns.below(home).next(FIRST.plusSeconds(86_400L * day));
            Files.createDirectories(run.resolve("datasets"));
            runs.add(run);
        }
        return runs;
    }

    @Test
    void onlyTheNewestRunsAreKept() throws Exception {
        List<Path> runs = fiveRuns();

        List<Path> removed = DemoRuns.below(home).prune();

        assertThat(removed).containsExactly(runs.get(1), runs.get(0));
        assertThat(runs).filteredOn(Files::exists).isEqualTo(runs.subList(2, 5));
        assertThat(DemoRuns.below(home).prune()).isEmpty();
    }

    @Test
    void aRunThatIsUnderWayAndWhatIsNoRunStay() throws Exception {
        List<Path> runs = fiveRuns();
        Files.writeString(
                runs.get(0).resolve("lock"),
                Long.toString(ProcessHandle.current().pid()));
        Path mine = Files.createDirectories(runs.get(0).resolveSibling("mine"));

        assertThat(DemoRuns.below(home).prune()).containsExactly(runs.get(1));
        assertThat(runs.get(0)).exists();
        assertThat(mine).exists();
    }

    @Test
    void beforeTheFirstRunThereIsNothingToRemove() throws Exception {
        assertThat(DemoRuns.below(home).prune()).isEmpty();
    }
}
