package io.quarry.worker;

/** Exit codes of a worker's process. */
public final class ExitCode {
    /** Left in order: asked to, drained, or its parent is gone. */
    public static final int DONE = 0;

    /** A setting, a topic or the share group is not as it must be; standard error names it. */
    public static final int BAD_SETTING = 2;

    /** The broker did not answer at the start. */
    public static final int UNREACHABLE = 3;

    /** A fault of the worker's own. */
    public static final int FAULT = 70;

    /** A handler did not stop in worker.stop.grace.ms, so the process halted. */
    public static final int STUCK = 75;

    /** The Java heap ran out; the job was reported as failed. */
    public static final int OUT_OF_MEMORY = 76;

    /** A second signal ended the process at once. */
    public static final int SECOND_SIGNAL = 143;

    private ExitCode() {}
}
