package io.quarry.scheduler.collect;

import io.quarry.avro.JobState;
import io.quarry.schemas.States;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What is known of one partition of job-state. Final rows wait until the partition was read to where it ended when the first of
 * them came: an old row, read late, may have been followed by a tombstone and another life of the same id. Pure.
 */
final class PartitionView {
    private final Map<String, JobState> waiting = new HashMap<>();
    private final Set<String> rows = new HashSet<>();
    private long until = -1;

    /** Takes the newest row of a job that has a directory. */
    void row(String id, JobState row) {
        opaque(id);
        if (States.isFinal(row.getState())) {
            waiting.put(id, row);
        }
    }

    /** Takes notice of a row of which nothing can be said but that it is there. */
    void opaque(String id) {
        waiting.remove(id);
        rows.add(id);
    }

    /** Takes notice that a job's row is gone, or of no interest since it has no directory. */
    void gone(String id) {
        waiting.remove(id);
        rows.remove(id);
    }

    boolean waits() {
        return !waiting.isEmpty();
    }

    /** Where the partition ended; asked for once for all that waits. */
    boolean needsEnd() {
        return waits() && until < 0;
    }

    void endsAt(long offset) {
        until = offset;
    }

    /** The rows that may be acted upon now that the partition was read up to an offset; each is given once. */
    List<JobState> due(long position) {
        if (until < 0 || position < until) {
            return List.of();
        }
        List<JobState> due = new ArrayList<>(waiting.values());
        waiting.clear();
        until = -1;
        return due;
    }

    /** Whether a job had a row when it was last read, as far as it mattered. */
    boolean hasRow(String id) {
        return rows.contains(id);
    }

    /** Begins anew, to be read from the beginning. */
    void forget() {
        waiting.clear();
        rows.clear();
        until = -1;
    }
}
