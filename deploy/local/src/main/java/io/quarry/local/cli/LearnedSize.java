package io.quarry.local.cli;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.schemas.JobRules;
import io.quarry.schemas.Placement;
import io.quarry.schemas.Quantities;
import io.quarry.schemas.States;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How much memory earlier runs of a query took, and what a next one should ask for: a quarter more than the highest peak of those that
 * succeeded, and half as much again as what was not enough. Takes rows in any order, each as often as it comes. For one thread.
 */
final class LearnedSize {
    /** Most rows that are learned from: the newest ones. */
    private static final long NEWEST = 100_000;

    private static final long STEP = 64L << 20;
    private static final double ROOM = 1.25;
    private static final double MORE = 1.5;

    /**
     * What to ask for.
     *
     * @param memoryBytes memory of the process
     * @param why one sentence for people
     */
    record Suggestion(long memoryBytes, String why) {}

    private final Map<String, ResourceGroup> groups;
    private final String fingerprint;
    private final Set<String> runs = new HashSet<>();
    private long peak;
    private long tooLittle;

    /**
     * Learns about a job's query.
     *
     * @param groups what the workers of each group have
     */
    LearnedSize(Job job, Map<String, ResourceGroup> groups) {
        this.groups = Map.copyOf(groups);
        this.fingerprint = QueryFingerprint.of(job);
    }

    /** Takes in what the installation has kept. */
    LearnedSize readFrom(JobRows rows) {
        rows.recent(NEWEST, this::take);
        return this;
    }

    /** Takes in a row of any job. */
    void take(JobState row) {
        if (!States.isFinal(row.getState())
                || !QueryFingerprint.of(row.getJob()).equals(fingerprint)) {
            return;
        }
        long took = row.getManifest() == null ? 0 : row.getManifest().getPeakMemoryBytes();
        long limit = notEnough(row);
        if (took > 0 || limit > 0) {
            runs.add(row.getJob().getId());
            peak = Math.max(peak, took);
            tooLittle = Math.max(tooLittle, limit);
        }
    }

    /** The suggestion, within what the group can run; empty when no earlier run is known. */
    Optional<Suggestion> suggestion(Job job, ResourceGroup group) {
        if (runs.isEmpty()) {
            return Optional.empty();
        }
        double wanted = Math.max(peak * ROOM, tooLittle * MORE);
        long memory = Math.max(JobRules.OFFLINE_QUERY_MEMORY_BYTES, (long) Math.ceil(wanted / STEP) * STEP);
        Resources asked = job.getResources();
        Placement placement = Placement.of(with(asked, memory), group);
        boolean less = placement instanceof Placement.Refused refused
                && refused.nearest().getMemoryBytes() < memory;
        long given = less ? ((Placement.Refused) placement).nearest().getMemoryBytes() : memory;
        String why = Text.count(runs.size(), "earlier run") + " of this query: "
                + (peak > 0 ? "peak " + Text.bytes(peak) : "")
                + (peak > 0 && tooLittle > 0 ? ", " : "")
                + (tooLittle > 0 ? Text.bytes(tooLittle) + " was not enough" : "")
                + (less
                        ? "; it would be " + Quantities.formatBytes(memory) + ", and group " + group.getName()
                                + " has no more"
                        : "");
        return Optional.of(new Suggestion(given, why));
    }

    /** A size with another memory. */
    static Resources with(@Nullable Resources asked, long memory) {
        return new Resources(
                asked == null ? null : asked.getCpuMillis(),
                memory,
                asked == null ? null : asked.getEphemeralStorageBytes());
    }

    /** Memory of the process in which a job ended for lack of it; 0 when it did not end so, or nobody knows. */
    private long notEnough(JobState row) {
        Cause cause = row.getCause();
        if (cause == null || (cause.getType() != CauseType.MEMORY_LIMIT && cause.getType() != CauseType.OOM_KILLED)) {
            return 0;
        }
        Resources own = row.getJob().getResources();
        if (row.getOversize() && own != null && own.getMemoryBytes() != null) {
            return own.getMemoryBytes();
        }
        ResourceGroup group = groups.get(row.getJob().getResourceGroup());
        return group == null ? 0 : group.getWorker().getMemoryBytes();
    }
}
