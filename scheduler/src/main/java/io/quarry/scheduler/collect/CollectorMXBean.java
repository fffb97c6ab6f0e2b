package io.quarry.scheduler.collect;

/** What a collector has done since it started, for JMX: {@code io.quarry.scheduler:type=collector}. */
public interface CollectorMXBean {
    /** Pointers written, by job or by name. */
    long getPointersWritten();

    /** Directories of claims removed. */
    long getDirectoriesRemoved();

    /** Of those, the ones whose job has no row any more. */
    long getOrphansRemoved();

    /** Times that all rows were gone through, not counting the start. */
    long getSweeps();

    /** Jobs whose directories could not be dealt with; they are tried again with the next sweep. */
    long getFailures();
}
