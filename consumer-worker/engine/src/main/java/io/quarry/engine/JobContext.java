package io.quarry.engine;

import io.quarry.avro.Job;
import io.quarry.avro.Progress;
import java.nio.file.Path;
import java.time.Instant;
import java.util.UUID;

/** What one attempt of a job may use. Safe for use by several threads. */
public interface JobContext {
    Job job();

    /** Number of the attempt, from 1. Together with {@link #claim()} the fencing token of an effectful handler. */
    int attempt();

    UUID claim();

    /** Instant at which the attempt was claimed: what a query without input times is as of. */
    Instant startedAt();

    /** Empty directory for temporary files, deleted after the attempt. */
    Path scratch();

    /** Directory that belongs to this claim alone and becomes the dataset: {@code <datasets>/<job>/<attempt>-<claim>}. Exists, empty. */
    Path output();

    /** Memory of the whole process in bytes. */
    long memoryBytes();

    /** Most bytes that the attempt may spill below {@link #scratch()}. */
    long spillBytes();

    /** Threads to use. */
    int threads();

    /** Reports how far the attempt is; cheap, call it as often as there is news. Memory is filled in by the worker where it is 0. */
    void progress(Progress progress);

    /** Whether the attempt should stop (cancelled, fenced, deadline, worker stopping at once). */
    boolean stopping();

    /**
     * Registers what interrupts the work, called once from another thread when the attempt should stop, at once when it already should.
     * The handler's own thread is interrupted when all that is registered has returned, and after a second at the latest. Neither
     * keeps the worker from ending the process when the handler does not stop.
     */
    void onStop(Runnable interrupt);

    /**
     * Ends the process at once, as the last resort of a handler whose work cannot be interrupted and takes memory that it may
     * not. What watches the process reports the job's cause. Does nothing where nobody watches.
     */
    default void abandon() {}

    /** Logs one line for the job's user: to the worker's log with the job's keys, and as the last line of its progress. */
    void log(String line);
}
