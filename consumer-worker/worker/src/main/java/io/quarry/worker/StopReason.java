package io.quarry.worker;

/** Why an attempt was told to stop. */
enum StopReason {
    /** Another claim owns the attempt, or the job is over: nobody waits for this one's events. */
    FENCED,
    /** The job was cancelled: its state says so already. */
    CANCELLED,
    /** Its claim could not be logged: the record went back, the claim is forgotten. */
    CLAIM_LOST,
    /** It ran longer than the job's timeout. */
    RUN_DEADLINE,
    /** The worker stops at once. */
    HANDED_BACK,
    /** Its lease may be over soon, and its effects must not overlap with the next owner's. */
    LEASE_OUT,
}
