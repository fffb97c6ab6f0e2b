package io.quarry.local.cli;

import java.nio.file.Path;
import java.time.Clock;

/** Runs the command line: the place where environment, clock, streams and exit meet the code. */
public final class QuarryMain {
    private QuarryMain() {}

    /** HOME's, as other programs take it; Java's own property asks the user database instead. */
    private static Path home() {
        String home = System.getenv("HOME");
        return Path.of(home == null || home.isBlank() ? System.getProperty("user.home") : home);
    }

    /**
     * Runs one command and exits with its code. The script that starts it says through system properties what Java 17 cannot
     * see: {@code quarry.out.tty}, {@code quarry.err.tty}, {@code quarry.width} and {@code quarry.checkout}.
     */
    public static void main(String[] arguments) {
        Console console = new Console(
                System.in,
                System.out,
                System.err,
                Boolean.getBoolean("quarry.out.tty"),
                Boolean.getBoolean("quarry.err.tty"),
                Integer.getInteger("quarry.width", 100),
                System.getenv(),
                home(),
                Path.of(System.getProperty("quarry.checkout", "."))
                        .toAbsolutePath()
                        .normalize(),
                Clock.systemUTC());
        System.exit(QuarryCommand.commandLine(console).execute(arguments));
    }
}
