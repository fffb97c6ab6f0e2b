package io.quarry.scheduler.launch;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.Source;
import io.quarry.schemas.Placement;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a waiting job needs, as its group has it now. Pure. */
sealed interface Wish {
    /** A process. */
    record ForProcess(Launch launch) implements Wish {}

    /** Nothing that can be had. */
    record Vain(Cause cause) implements Wish {}

    /** Nothing for now: its group is not known, or paused. */
    record Unclear(String reason) implements Wish {}

    static Wish of(JobState row, @Nullable ResourceGroup group) {
        Job job = row.getJob();
        if (group == null) {
            return new Unclear("Resource group " + job.getResourceGroup()
                    + " is not known: 'quarry groups apply' makes it, and the job goes on.");
        }
        if (group.getPaused() != null) {
            return new Unclear("Resource group " + group.getName() + " is paused: 'quarry groups resume "
                    + group.getName() + "' lets its jobs go on.");
        }
        Placement placement = Placement.of(job.getResources(), group);
        if (placement instanceof Placement.Refused refused) {
            return new Vain(new Cause(
                    CauseType.MISPLACED,
                    refused.reason(),
                    Map.of("resource_group", group.getName(), "nearest", Placement.format(refused.nearest()))));
        }
        // Whoever sent a small job to the router wants a process of its own for it.
        Resources size = placement instanceof Placement.Oversize oversize
                ? oversize.size()
                : filled(job.getResources(), group.getWorker());
        long timeout = job.getTimeoutMs() == null ? group.getTimeoutMs() : job.getTimeoutMs();
        Duration longest =
                Duration.ofMillis(group.getMaxRunMs() == null ? timeout : Math.min(timeout, group.getMaxRunMs()));
        Source record = row.getSource();
        return new ForProcess(new Launch(Board.key(row), group, size, record, longest));
    }

    private static Resources filled(@Nullable Resources asked, Resources worker) {
        return asked == null
                ? worker
                : new Resources(
                        asked.getCpuMillis() == null ? worker.getCpuMillis() : asked.getCpuMillis(),
                        asked.getMemoryBytes() == null ? worker.getMemoryBytes() : asked.getMemoryBytes(),
                        asked.getEphemeralStorageBytes() == null
                                ? worker.getEphemeralStorageBytes()
                                : asked.getEphemeralStorageBytes());
    }
}
