package io.quarry.local.chaos;

import java.util.Locale;

/** What is done to an installation. */
public enum FaultKind {
    /** SIGKILL to a worker; it is started again and says what it had in hand, if its lease has not run out by then. */
    KILL_WORKER,
    /** SIGSTOP to a worker for longer than a lease. */
    PAUSE_WORKER,
    /** Nothing a worker says reaches the broker, nor the other way round, and no connection is lost. */
    CUT_WORKER,
    /** SIGKILL to a scheduler: its open transaction stays behind. */
    KILL_SCHEDULER,
    /** SIGSTOP to a scheduler for longer than its session. */
    PAUSE_SCHEDULER,
    /** SIGKILL to the broker. */
    KILL_BROKER,
    /** All connections of all processes to the broker are lost, and none can be made. */
    CUT_ALL,
    /** A producer of jobs dies in the middle of its transaction: its job must never run. */
    OPEN_TRANSACTION,
    /** The queue's records are removed up to where intake has read, whether they were taken or not. */
    DELETE_RECORDS,
    /** Jobs are submitted again. */
    DUPLICATE,
    /** Jobs are cancelled. */
    CANCEL,
    /** Records that cannot be read. */
    POISON,
    /** The disk of a worker's datasets is full for a while. */
    DISK_FULL;

    /** As in the option --faults: lower case and hyphens. */
    public String flag() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
