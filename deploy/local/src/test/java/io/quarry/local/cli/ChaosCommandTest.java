package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.local.chaos.FaultKind;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ChaosCommandTest {
    @TempDir
    Path home;

    @Test
    void withoutAListEveryKindOfFaultComes() {
        assertThat(ChaosCommand.kinds(List.of())).containsExactly(FaultKind.values());
        assertThat(ChaosCommand.kinds(List.of("none"))).isEmpty();
        assertThat(ChaosCommand.kinds(List.of("kill-worker", "poison")))
                .containsExactly(FaultKind.KILL_WORKER, FaultKind.POISON);
    }

    @ParameterizedTest
    @CsvSource({
        "chaos, --faults, kill-everybody, kill-scheduler",
        "chaos, --jobs, 0, from 1 to",
        "chaos, --minutes, 0, above 0",
        "chaos, --workers, 65, from 1 to 64",
        "audit, --lease-ticks, 1, at least 2",
        "audit, --workers, 0, at least 1",
        "audit, --memory, 1, at least 64",
        "audit, --quiet-after, soon, --quiet-after is soon",
    })
    void aWrongOptionIsNamedWithItsValueAndTheRule(String command, String option, String value, String rule) {
        CommandRun run = CommandRun.of(home, Map.of(), "", command, option, value);

        assertThat(run.code()).isEqualTo(ExitCodes.BAD_USAGE);
        assertThat(run.err()).contains(option).contains(value).contains(rule);
    }
}
