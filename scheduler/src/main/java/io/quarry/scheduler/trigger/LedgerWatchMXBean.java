package io.quarry.scheduler.trigger;

/** What the auditor of the ledger has seen, for JMX: {@code io.quarry.scheduler:type=schedule-audit}. */
public interface LedgerWatchMXBean {
    /** Audits that were made. */
    long getAudits();

    /** Audits that could not be made, the broker or the registry being away. */
    long getFailures();

    /** Ticks that the last audit expected. */
    long getExpected();

    /** What the last audit found wrong: anything but 0 is an alarm. */
    long getFindings();

    /** How long the last audit took, whether it came to an end or not. */
    long getTookMs();

    /** How long nothing is counted after it. */
    long getPauseMs();
}
