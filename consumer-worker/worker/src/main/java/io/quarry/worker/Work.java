package io.quarry.worker;

/** What a worker's loop thread does from its start until it leaves. */
interface Work extends Runnable {
    /** How it ended, one of {@link ExitCode}; asked once it has. */
    int exitCode();
}
