package io.quarry.local.cli;

import io.quarry.avro.State;

/** What the command's exit codes mean. They are part of its interface. */
final class ExitCodes {
    /** What was asked for is done. */
    static final int DONE = 0;
    /** The job ended without a result, or something failed on the way. */
    static final int FAILED = 1;
    /** The command line or a file that it names is wrong, or there is no such job. */
    static final int BAD_USAGE = 2;
    /** The broker or the registry cannot be reached. */
    static final int UNREACHABLE = 3;
    /** The job is not done yet and --timeout is over. */
    static final int STILL_RUNNING = 4;
    /** Ctrl-C: 128 and the number of SIGINT, as the shell and the JVM have it. */
    static final int INTERRUPTED = 130;

    private ExitCodes() {}

    static int of(State state) {
        return switch (state) {
            case SUCCEEDED -> DONE;
            case FAILED, CANCELLED, EXPIRED -> FAILED;
            case UNKNOWN, QUEUED, LAUNCHING, RUNNING, RETRYING -> STILL_RUNNING;
        };
    }
}
