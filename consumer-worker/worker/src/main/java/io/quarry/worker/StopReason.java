package io.quarry.worker;

import org.jspecify.annotations.Nullable;

/** Why an attempt was told to stop. */
enum StopReason {
    /** Another claim owns the attempt, or the job is over: nobody waits for this one's events. */
    FENCED(1),
    /** The job was cancelled: its state says so already. */
    CANCELLED(2),
    /** Its claim could not be logged in time: the record went back. */
    CLAIM_LOST(3),
    /** It ran longer than the job's timeout. */
    RUN_DEADLINE(4),
    /** The worker stops at once. */
    HANDED_BACK(5),
    /** Its lease may be over soon, and its effects must not overlap with the next owner's. */
    LEASE_OUT(6),
    /** It outgrew the worker's memory in a way that nothing interrupts: the process ends. */
    OVER_MEMORY(7);

    private final byte code;

    StopReason(int code) {
        this.code = (byte) code;
    }

    /** Stands for the reason where there is room for a byte; never 0, and the same in every version. */
    byte code() {
        return code;
    }

    /** The reason with the code; null for none. */
    static @Nullable StopReason of(byte code) {
        for (StopReason reason : values()) {
            if (reason.code == code) {
                return reason;
            }
        }
        return null;
    }
}
