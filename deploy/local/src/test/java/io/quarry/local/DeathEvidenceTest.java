package io.quarry.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is read about a worker's death. */
class DeathEvidenceTest {
    @TempDir
    private Path dir;

    @Test
    void theKernelsCounterIsFoundInBothVersionsOfControlGroups() throws Exception {
        write("memory/box/a/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
        write("unified/b/memory.events", "low 0\noom 2\noom_kill 5\n");

        assertThat(OomKills.of(List.of("8:pids:/", "4:memory:/box/a", "0::/"), dir)
                        .count())
                .isEqualTo(3);
        assertThat(OomKills.of(List.of("0::/unified/b"), dir).count()).isEqualTo(5);
    }

    @Test
    void inAContainerTheCounterIsAtTheRoot() throws Exception {
        write("memory.events", "oom_kill 7\n");

        assertThat(OomKills.of(List.of("0::/kubepods/pod1"), dir).count()).isEqualTo(7);
    }

    @Test
    void whereNobodyCountsThereAreNone() throws Exception {
        write("memory.events", "oom_kill many\n");

        assertThat(OomKills.of(List.of("0::/", "nonsense"), dir).count()).isZero();
        assertThat(OomKills.of(List.of(), dir.resolve("nowhere")).count()).isZero();
    }

    @Test
    void memoryOfAProcessIsReadAsTheKernelShowsIt() throws Exception {
        write("42/status", "Name:\tjava\nVmHWM:\t  2048 kB\nRssAnon:\t  1024 kB\nRssFile:\t 512 kB\n");

        ProcessMemory memory = ProcessMemory.of(dir, 42);

        assertThat(memory).isEqualTo(new ProcessMemory(2048 << 10, 1024 << 10));
        assertThat(memory.peak()).hasValue(2048 << 10);
        assertThat(ProcessMemory.of(dir, 43).peak()).isEmpty();
    }

    @Test
    void aProcessMayOutgrowItsMemoryByAQuarter() {
        assertThat(new ProcessMemory(0, 125).outgrew(100)).isFalse();
        assertThat(new ProcessMemory(0, 126).outgrew(100)).isTrue();
    }

    @Test
    void theTailOfALogIsThatOfTheLastProcess() throws Exception {
        write("w.log", "of another\n");
        long from = Files.size(dir.resolve("w.log"));
        write("w.log", "of another\n" + "filler\n".repeat(20) + "last\n");

        assertThat(LogTail.lines(dir.resolve("w.log"), from))
                .hasSize(15)
                .endsWith("last")
                .doesNotContain("of another");
        assertThat(LogTail.lines(dir.resolve("w.log"), 1 << 20)).endsWith("last");
        write("w.log", "x".repeat(1 << 20) + "\nlast");
        assertThat(LogTail.of(dir.resolve("w.log"))).hasSizeLessThan(1 << 15).endsWith("\nlast");
    }

    private void write(String path, String text) throws Exception {
        Path file = dir.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
