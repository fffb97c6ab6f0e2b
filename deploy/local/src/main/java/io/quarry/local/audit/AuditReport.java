package io.quarry.local.audit;

import java.util.List;

/**
 * What the auditor found. All counts are whole; of the findings the first ones are listed.
 *
 * @param jobs different jobs that were appended
 * @param succeeded jobs with a visible result, or a kind that makes none
 * @param failed jobs that failed for good
 * @param cancelled cancelled jobs
 * @param expired jobs whose deadline passed
 * @param forgotten jobs whose final row was removed by retention
 * @param open jobs that are under way or wait
 * @param lost see {@link Finding.Kind}; so are the next six
 * @param reruns attempts that were owned beyond each job's first
 * @param duplicates records beyond each job's first in the queues
 * @param invalid records of the queues that cannot be read
 * @param lateEvents claims, heartbeats and ends that came after their job's result and changed nothing
 * @param uncollected whole datasets of known jobs that lost to another attempt and wait for the collector
 * @param fifoExcused starts out of order that the log explains, see {@link Excuses}
 * @param quiet whether nothing but ticks came for a while
 * @param records records read
 * @param findings the first findings of each kind
 */
public record AuditReport(
        long jobs,
        long succeeded,
        long failed,
        long cancelled,
        long expired,
        long forgotten,
        long open,
        long lost,
        long doubled,
        long overlaps,
        long fifoBreaks,
        long afterFinal,
        long orphanDatasets,
        long missingDatasets,
        long unexplained,
        long deadLettersMissing,
        long invalidMissing,
        long reruns,
        long duplicates,
        long invalid,
        long lateEvents,
        long uncollected,
        long fifoExcused,
        boolean quiet,
        long records,
        List<Finding> findings) {
    public AuditReport {
        findings = List.copyOf(findings);
    }

    /** Whether every promise that was looked at is kept. */
    public boolean clean() {
        return findings.isEmpty();
    }
}
