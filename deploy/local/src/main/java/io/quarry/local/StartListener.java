package io.quarry.local;

import java.time.Duration;

/** Hears how far the start of local mode is, from the thread that starts it, and then what happens to its workers. */
public interface StartListener {
    /** A step of the start, in order. */
    enum Phase {
        /** The data directory is opened and locked. */
        DATA,
        /** The broker is started, or reached when it is an external one. */
        BROKER,
        /** The schema registry is started. */
        REGISTRY,
        /** Topics are created, their settings and schemas checked. */
        TOPICS,
        /** The scheduler is started. */
        SCHEDULER,
        /** The worker processes have joined their group. */
        WORKERS
    }

    void began(Phase phase);

    void ended(Phase phase, Duration took);

    /**
     * A worker's process ended by itself or was killed. Called by the thread that watches it.
     *
     * @param how how it ended, such as {@code signal 9}
     * @param jobsInHand how many jobs it had: they are tried again
     * @param again when it is started again
     */
    default void workerDied(String worker, String how, int jobsInHand, Duration again) {}

    /** Hears and says nothing. */
    static StartListener silent() {
        return new StartListener() {
            @Override
            public void began(Phase phase) {}

            @Override
            public void ended(Phase phase, Duration took) {}
        };
    }
}
