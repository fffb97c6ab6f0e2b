package io.quarry.local.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Who changes a group and why, for its history. */
final class ChangeOptions {
    @Option(names = "--by", paramLabel = "WHO", description = "Who changes it (default: the user's name).")
    private @Nullable String by;

    @Option(names = "--reason", paramLabel = "TEXT", defaultValue = "", description = "Why, for the group's history.")
    private String reason = "";

    String by(Console console) {
        return by != null ? by : console.variable("USER").orElse("cli");
    }

    String reason() {
        return reason;
    }
}
