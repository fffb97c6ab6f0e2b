package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarry.avro.Pause;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.schemas.GroupRules;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class ChangeOptionsTest {
    private static final Console CONSOLE = CommandRun.console(
            Path.of("."), Map.of("USER", "ann"), "", new ByteArrayOutputStream(), new ByteArrayOutputStream(), false);

    @Command
    private static final class Any {
        @Mixin
        private ChangeOptions change = new ChangeOptions();
    }

    private static ChangeOptions of(String... words) {
        return CommandLine.populateCommand(new Any(), words).change;
    }

    @Test
    void whoIsTheUserUnlessItIsSaid() {
        assertThat(of().by(CONSOLE)).isEqualTo("ann");
        assertThat(of("--by", "bob").by(CONSOLE)).isEqualTo("bob");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " "})
    void nobodyIsRefused(String by) {
        assertThatThrownBy(() -> of("--by", by).by(CONSOLE))
                .isInstanceOf(CommandFailure.class)
                .hasMessage("--by is '" + by + "': must have 1 to 200 characters");
    }

    /** A pause is part of the group's row, and by a row that breaks a rule nothing is sized and nothing can be applied. */
    @Test
    void whatIsTakenBreaksNoRuleOfARow() {
        ChangeOptions longest = of("--by", "b".repeat(200), "--reason", "r".repeat(1000));

        assertThat(GroupRules.check(ResourceGroup.newBuilder()
                        .setName("default")
                        .setWorker(new Resources(1000L, 1L << 30, 1L << 30))
                        .setPaused(new Pause(longest.by(CONSOLE), longest.reason(), Instant.EPOCH, false))
                        .build()))
                .isEmpty();
        assertThatThrownBy(() -> of("--by", "b".repeat(201)).by(CONSOLE))
                .hasMessage("--by is '" + "b".repeat(40) + "…': must have 1 to 200 characters");
        assertThatThrownBy(() -> of("--reason", "r".repeat(1001)).reason())
                .hasMessage("--reason is '" + "r".repeat(40) + "…': must have 0 to 1000 characters");
    }
}
