package io.quarry.local.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Three fixed seeds, every kind of fault in one of them, 300 jobs each. */
@Tag("long")
final class ChaosIT {
    private static final int JOBS = 300;
    private static final Duration LOAD = Duration.ofSeconds(20);

    @TempDir
    Path directory;

    static List<Arguments> runs() {
        return List.of(
                Arguments.of(
                        1,
                        EnumSet.of(
                                FaultKind.KILL_WORKER,
                                FaultKind.PAUSE_WORKER,
                                FaultKind.KILL_SCHEDULER,
                                FaultKind.DUPLICATE,
                                FaultKind.POISON)),
                Arguments.of(
                        2,
                        EnumSet.of(
                                FaultKind.KILL_BROKER,
                                FaultKind.CUT_WORKER,
                                FaultKind.DELETE_RECORDS,
                                FaultKind.CANCEL)),
                Arguments.of(
                        3,
                        EnumSet.of(
                                FaultKind.CUT_ALL,
                                FaultKind.PAUSE_SCHEDULER,
                                FaultKind.OPEN_TRANSACTION,
                                FaultKind.DISK_FULL)));
    }

    @ParameterizedTest(name = "seed {0} {1}")
    @MethodSource("runs")
    void noJobIsLostDoubledOrWrong(int seed, Set<FaultKind> kinds) throws Exception {
        ChaosSettings settings = new ChaosSettings(
                JOBS,
                LOAD,
                seed,
                2,
                2,
                kinds,
                ChaosSettings.GAP,
                ChaosSettings.Timing.SHORT,
                directory,
                Clock.systemUTC());
        assertThat(settings.schedule().faults()).extracting(Fault::kind).containsAll(kinds);

        ChaosReport report = Chaos.run(settings, line -> {});

        assertThat(report.breaches()).isEmpty();
        assertThat(report.jobs()).isEqualTo(JOBS);
        assertThat(report.audit().jobs()).isEqualTo(JOBS);
    }
}
