package io.quarry.scheduler.pool;

/** Counters of the autoscaler, for JMX. */
public interface AutoscalerMXBean {
    /** Whether this process is the one that scales. */
    boolean isActive();

    /** Attempts that were lost while their worker was being scaled away, as the logs tell: quarry_jobs_interrupted_by_scaling_total. */
    long getJobsInterruptedByScaling();

    /** Looks at a group so far. */
    long getLooks();

    /** Decisions kept so far. */
    long getDecisions();

    /** Attempts whose worker was seen to die and that were reported to go on at once. */
    long getDeathsReported();

    /** How often everything was read anew after a fault. */
    long getFaults();
}
