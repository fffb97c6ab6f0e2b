package io.quarry.local.cli;

import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;

/**
 * What the command reads, writes and knows of its surroundings.
 *
 * @param outTerminal whether standard output is a terminal
 * @param errTerminal whether standard error is one
 * @param width columns of the terminal
 * @param environment environment variables
 * @param home home directory of the user
 * @param checkout directory of the project, with the demo in {@code deploy/demo}
 */
record Console(
        InputStream in,
        PrintStream out,
        PrintStream err,
        boolean outTerminal,
        boolean errTerminal,
        int width,
        Map<String, String> environment,
        Path home,
        Path checkout,
        Clock clock) {

    /** An environment variable; empty counts as not set. */
    Optional<String> variable(String name) {
        return Optional.ofNullable(environment.get(name)).filter(value -> !value.isBlank());
    }

    /** Whether to colour standard output: on a terminal, unless NO_COLOR is set or the terminal is a dumb one. */
    boolean colour() {
        return outTerminal
                && variable("NO_COLOR").isEmpty()
                && !variable("TERM").orElse("").equals("dumb");
    }

    /** Columns that a table may take: the terminal's; in a pipe or a file whatever it needs, so that nothing is cut. */
    int tableWidth() {
        return outTerminal ? width : TextTable.UNBOUNDED;
    }

    /** A line for people, on standard error: standard output belongs to the answer. */
    void say(String line) {
        err.println(line);
        err.flush();
    }
}
