package io.quarry.local;

import java.time.Duration;

/** Hears how far the start of local mode is. Called by the thread that starts it. */
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
