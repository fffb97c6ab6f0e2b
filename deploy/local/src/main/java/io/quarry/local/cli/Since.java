package io.quarry.local.cli;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option that leaves out ticks before a time. */
final class Since {
    private static final Instant EARLIEST = Instant.ofEpochMilli(Long.MIN_VALUE);

    @Option(
            names = "--since",
            paramLabel = "TIME",
            description = "Ticks from this time on: ISO 8601, a date, or 2h ago as 2h (default: all that are kept).")
    private @Nullable String since;

    /** The first instant that counts; without the option the earliest that a topic may know. */
    Instant from(Console console) {
        return since == null
                ? EARLIEST
                : Moments.parse("--since", since, console.clock().instant());
    }
}
