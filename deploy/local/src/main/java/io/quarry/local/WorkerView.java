package io.quarry.local;

import java.util.OptionalLong;

/**
 * A worker process as local mode sees it.
 *
 * @param name the worker's name, {@code worker-1} and so on
 * @param pid its process, when there is one
 * @param state what it is doing
 * @param deaths how often in a row it died young; 0 when it is well
 */
public record WorkerView(String name, OptionalLong pid, State state, int deaths) {
    /** State of a worker process. */
    public enum State {
        /** The process is there. */
        RUNNING,
        /** It died and is started again after a pause. */
        RESTARTING,
        /** It was stopped. */
        STOPPED
    }
}
