package io.quarry.local.cli;

/** A command that cannot go on, with what to tell its user and how to exit. */
final class CommandFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int exitCode;

    private CommandFailure(int exitCode, String message, Throwable origin) {
        super(message, origin);
        this.exitCode = exitCode;
    }

    static CommandFailure badUsage(String message) {
        return new CommandFailure(ExitCodes.BAD_USAGE, message, new IllegalArgumentException(message));
    }

    static CommandFailure failed(String message, Throwable origin) {
        return new CommandFailure(ExitCodes.FAILED, message, origin);
    }

    static CommandFailure unreachable(String message, Throwable origin) {
        return new CommandFailure(ExitCodes.UNREACHABLE, message, origin);
    }

    int exitCode() {
        return exitCode;
    }

    String text() {
        return String.valueOf(getMessage());
    }
}
