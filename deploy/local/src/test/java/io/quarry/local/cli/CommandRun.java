package io.quarry.local.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;

/**
 * One run of the command in this JVM.
 *
 * @param code exit code
 * @param out standard output
 * @param err standard error
 */
public record CommandRun(int code, String out, String err) {
    public static CommandRun of(Path home, Map<String, String> environment, String input, String... arguments) {
        return of(home, environment, input, false, arguments);
    }

    /** A run with somebody at a terminal who types something. */
    static CommandRun atTerminal(Path home, String typed, String... arguments) {
        return of(home, Map.of(), typed, true, arguments);
    }

    private static CommandRun of(
            Path home, Map<String, String> environment, String input, boolean terminal, String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Console console = console(home, environment, input, out, err, terminal);
        int code = QuarryCommand.commandLine(console).execute(arguments);
        return new CommandRun(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    static Console console(
            Path home,
            Map<String, String> environment,
            String input,
            ByteArrayOutputStream out,
            ByteArrayOutputStream err,
            boolean terminal) {
        return new Console(
                new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                terminal,
                terminal,
                100,
                environment,
                home,
                Path.of("../..").toAbsolutePath().normalize(),
                Clock.systemUTC());
    }
}
