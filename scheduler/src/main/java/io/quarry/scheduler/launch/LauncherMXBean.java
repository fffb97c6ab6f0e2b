package io.quarry.scheduler.launch;

/** Counters of the launcher, for JMX. */
public interface LauncherMXBean {
    /** Whether this process is the one that launches. */
    boolean isActive();

    /** Processes that were made. */
    long getLaunched();

    /** Jobs that were refused a process for good. */
    long getRefused();

    /** Jobs that have no process since there is no room, now. */
    long getWithoutRoom();

    /** How often the platform could not be asked or did not let us. */
    long getAway();
}
