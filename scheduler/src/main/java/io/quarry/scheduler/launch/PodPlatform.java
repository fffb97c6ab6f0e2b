package io.quarry.scheduler.launch;

import io.quarry.avro.Cause;
import io.quarry.avro.JobEvent;
import java.util.List;
import java.util.function.Consumer;

/**
 * Where oversize jobs get processes of their own: a Kubernetes cluster, or the machine of local mode. Called by the launcher's
 * thread alone; everything may be asked twice.
 */
public interface PodPlatform extends AutoCloseable {
    /** What became of a wish for a process. */
    sealed interface Answer {
        /**
         * There is such a process.
         *
         * @param anew whether it was made now; false when it was there already
         */
        record Made(boolean anew) implements Answer {}

        /** There is no room now; the same may be asked again later. */
        record NoRoom(String reason) implements Answer {}

        /** There will never be such a process here. */
        record Never(Cause cause) implements Answer {}

        /** The platform cannot be asked, or does not let us; the same may be asked again later. */
        record Away(String reason) implements Answer {}
    }

    /** How far a process is. */
    enum Phase {
        /** It is there in name only: nowhere is there room for it. */
        WAITS,
        /** It begins or runs. */
        LIVES,
        /** It has ended, and is still known. */
        ENDED,
    }

    /** How the process of an attempt stands. */
    record Standing(Launch.Key key, Phase phase) {}

    /** The platform cannot be asked, or does not let us. */
    final class AwayException extends Exception {
        private static final long serialVersionUID = 1L;

        public AwayException(String message) {
            super(message);
        }

        public AwayException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /**
     * Begins to tell what happens to processes, those that are there already included, until the result is closed. Any thread
     * may tell it, more than once.
     */
    AutoCloseable watch(Consumer<JobEvent> news) throws AwayException;

    /** Sees to it that there is a process for the attempt. */
    Answer start(Launch launch);

    /** The processes that are there. */
    List<Standing> pods() throws AwayException;

    /** Ends a process, if it is there; returns without waiting for it. */
    void end(Launch.Key key, String why) throws AwayException;

    @Override
    void close();
}
