package io.quarry.worker;

/** Exit codes of a worker's process. */
public final class ExitCode {
    /** Left in order: asked to, drained, or its parent is gone. */
    public static final int DONE = 0;

    /** A setting, a topic or the share group is not as it must be; standard error names it. */
    public static final int BAD_SETTING = 2;

    /** The broker did not answer at the start; of a process for one job also: its claim or its end could not be logged. */
    public static final int UNREACHABLE = 3;

    /** Of a process for one job: the attempt did not succeed, and its end was reported. */
    public static final int REPORTED = 10;

    /** Of a process for one job: nothing was reported, since nobody waits for it (fenced, cancelled) or it was stopped before. */
    public static final int UNHEARD = 11;

    /** Of a process for one job: its record is not there any more, or is no job. */
    public static final int NO_RECORD = 12;

    /** A fault of the worker's own. */
    public static final int FAULT = 70;

    /** A handler did not stop in worker.stop.grace.ms, so the process halted. */
    public static final int STUCK = 75;

    /** The Java heap ran out; the job was reported as failed. */
    public static final int OUT_OF_MEMORY = 76;

    /** The attempt outgrew the process's memory and nothing interrupted it, so the process halted. */
    public static final int OVER_MEMORY = 77;

    /** A second signal ended the process at once. */
    public static final int SECOND_SIGNAL = 143;

    private ExitCode() {}
}
