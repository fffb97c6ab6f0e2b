package io.quarry.local.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Who changes a group and why, for its history. */
final class ChangeOptions {
    /** As {@link io.quarry.schemas.GroupRules} has it of a pause: by a row that breaks a rule nothing is sized. */
    private static final int MOST_BY = 200;

    private static final int MOST_REASON = 1000;
    private static final int SHOWN = 40;

    @Option(names = "--by", paramLabel = "WHO", description = "Who changes it (default: the user's name).")
    private @Nullable String by;

    @Option(names = "--reason", paramLabel = "TEXT", defaultValue = "", description = "Why, for the group's history.")
    private String reason = "";

    /**
     * Who.
     *
     * @throws CommandFailure when it is nobody, or more than a group's row may hold
     */
    String by(Console console) {
        return within(
                "--by", 1, MOST_BY, by != null ? by : console.variable("USER").orElse("cli"));
    }

    /**
     * Why.
     *
     * @throws CommandFailure when it is more than a group's row may hold
     */
    String reason() {
        return within("--reason", 0, MOST_REASON, reason);
    }

    private static String within(String option, int least, int most, String text) {
        if (text.length() > most || text.strip().length() < least) {
            String shown = text.length() > SHOWN ? text.substring(0, SHOWN) + "…" : text;
            throw CommandFailure.badUsage(
                    option + " is '" + shown + "': must have " + least + " to " + most + " characters");
        }
        return text;
    }
}
