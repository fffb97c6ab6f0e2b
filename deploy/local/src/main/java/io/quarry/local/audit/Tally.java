package io.quarry.local.audit;

import io.quarry.avro.State;
import java.util.EnumMap;
import java.util.Map;

/** Counts of jobs, added up while they are judged one after the other. */
final class Tally {
    private final Findings findings = new Findings();
    private final Map<State, Long> ends = new EnumMap<>(State.class);
    private long jobs;
    private long duplicates;
    private long reruns;
    private long late;
    private long open;
    private long forgotten;

    Findings findings() {
        return findings;
    }

    void job(int records, int again, long lateEvents) {
        jobs++;
        duplicates += Math.max(0, records - 1);
        reruns += again;
        late += lateEvents;
    }

    void end(State state) {
        ends.merge(state, 1L, Long::sum);
    }

    void open() {
        open++;
    }

    void forgotten() {
        forgotten++;
    }

    /** The report; what was counted elsewhere comes in. */
    AuditReport report(Elsewhere elsewhere) {
        return new AuditReport(
                jobs,
                ends.getOrDefault(State.SUCCEEDED, 0L),
                ends.getOrDefault(State.FAILED, 0L),
                ends.getOrDefault(State.CANCELLED, 0L),
                ends.getOrDefault(State.EXPIRED, 0L),
                forgotten,
                open,
                findings.count(Finding.Kind.LOST),
                findings.count(Finding.Kind.DOUBLED),
                findings.count(Finding.Kind.OVERLAP),
                findings.count(Finding.Kind.FIFO_BREAK),
                findings.count(Finding.Kind.AFTER_FINAL),
                findings.count(Finding.Kind.ORPHAN_DATASET),
                findings.count(Finding.Kind.MISSING_DATASET),
                findings.count(Finding.Kind.UNEXPLAINED),
                findings.count(Finding.Kind.DEAD_LETTER_MISSING),
                findings.count(Finding.Kind.INVALID_MISSING),
                reruns,
                duplicates,
                elsewhere.invalid(),
                late,
                elsewhere.uncollected(),
                elsewhere.fifoExcused(),
                elsewhere.quiet(),
                elsewhere.records(),
                findings.kept());
    }

    /** Counts that are not those of jobs. */
    record Elsewhere(long invalid, long uncollected, long fifoExcused, boolean quiet, long records) {}
}
