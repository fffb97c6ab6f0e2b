package io.quarry.schemas;

import io.quarry.avro.State;

/** What the states of a job have in common. Pure. */
public final class States {
    private States() {}

    /** Whether a state has no successor. One of a newer version, UNKNOWN here, may have one. */
    public static boolean isFinal(State state) {
        return switch (state) {
            case SUCCEEDED, FAILED, CANCELLED, EXPIRED -> true;
            case UNKNOWN, QUEUED, LAUNCHING, RUNNING, RETRYING -> false;
        };
    }
}
