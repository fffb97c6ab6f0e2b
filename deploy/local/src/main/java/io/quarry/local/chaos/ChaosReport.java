package io.quarry.local.chaos;

import io.quarry.local.audit.AuditReport;
import java.util.List;
import java.util.Map;

/**
 * How an installation came through.
 *
 * @param seed repeats the schedule of faults
 * @param verdict clean or breached
 * @param jobs jobs that were acknowledged
 * @param lost acknowledged jobs without a final state, by the submitter's own list or the auditor's
 * @param doubled see the auditor
 * @param fifoBreaks see the auditor
 * @param wrongResults published results that are not what the query asks for
 * @param abortedJobs jobs of transactions that were never committed, and ran
 * @param faults how often each kind happened
 * @param unavailable kinds that this machine does not allow, and why
 * @param reruns attempts beyond each job's first
 * @param recoverySeconds for each kind the longest time until what it had hit went on or could be taken again; not how long it
 *     then stood in the queue
 * @param failures causes of jobs that failed, and how many each
 * @param breaches one line for each broken promise
 * @param seconds how long everything took
 * @param audit what the auditor says
 */
public record ChaosReport(
        long seed,
        String verdict,
        long jobs,
        long lost,
        long doubled,
        long fifoBreaks,
        long wrongResults,
        long abortedJobs,
        Map<String, Integer> faults,
        Map<String, String> unavailable,
        long reruns,
        Map<String, Double> recoverySeconds,
        Map<String, Integer> failures,
        List<String> breaches,
        double seconds,
        AuditReport audit) {
    public ChaosReport {
        faults = Map.copyOf(faults);
        unavailable = Map.copyOf(unavailable);
        recoverySeconds = Map.copyOf(recoverySeconds);
        failures = Map.copyOf(failures);
        breaches = List.copyOf(breaches);
    }

    /** Whether every promise was kept. */
    public boolean clean() {
        return breaches.isEmpty();
    }
}
