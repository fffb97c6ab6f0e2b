package io.quarry.worker;

/** What a worker that is asked to stop does with the job it runs. */
public enum OnStop {
    /** Runs it to its end, then leaves. */
    FINISH,
    /** Stops it, gives it back to the queue, then leaves. */
    HAND_BACK,
}
