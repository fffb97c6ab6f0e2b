package io.quarry.local.cli;

import io.quarry.avro.JobState;
import io.quarry.avro.Pause;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.ScalingAction;
import io.quarry.avro.ScalingDecision;
import io.quarry.avro.State;
import io.quarry.avro.WorkerPhase;
import io.quarry.avro.WorkerState;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Why a job waits for a worker, in one sentence. Pure. */
final class Waiting {
    private Waiting() {}

    /** Whether a job waits for a worker of its group. */
    static boolean waits(JobState row) {
        boolean queued = row.getState() == State.QUEUED || (row.getState() == State.RETRYING && row.getEnqueued());
        return queued && !row.getOversize();
    }

    /**
     * The reason; empty when the job waits for no worker.
     *
     * @param group the job's group; null when there is none of that name
     * @param workers what workers say, of all groups
     * @param decisions of the autoscaler about any group, the oldest first
     * @param ahead how many jobs of the group wait that were queued earlier
     */
    static Optional<String> because(
            JobState row,
            @Nullable ResourceGroup group,
            Collection<WorkerState> workers,
            List<ScalingDecision> decisions,
            long ahead) {
        if (!waits(row)) {
            return Optional.empty();
        }
        String name = row.getJob().getResourceGroup();
        if (group == null) {
            return Optional.of("there is no group " + name + ": nobody takes its jobs");
        }
        Pause pause = group.getPaused();
        if (pause != null) {
            return Optional.of("group " + name + " is paused by " + pause.getBy() + " since " + Text.time(pause.getAt())
                    + (pause.getReason().isEmpty() ? "" : ": " + pause.getReason()));
        }
        boolean ready = workers.stream()
                .anyMatch(worker -> worker.getGroup().equals(name) && worker.getPhase() == WorkerPhase.READY);
        ScalingDecision last = decisions.stream()
                .filter(decision -> decision.getGroup().equals(name))
                .reduce(Waiting::telling)
                .orElse(null);
        if (!ready && last != null && last.getAction() == ScalingAction.CANNOT) {
            return Optional.of("group " + name + " has no worker and none can be started: " + last.getReason());
        }
        if (!ready) {
            return Optional.of(
                    last != null && comes(last)
                            ? "cold start: a worker of group " + name + " is being started since "
                                    + Text.time(last.getAt())
                            : "group " + name + " has no worker that takes jobs");
        }
        return Optional.of(
                ahead == 0
                        ? "it is the next one; all workers of group " + name + " are busy"
                        : Text.count(ahead, "job") + " of group " + name + " " + Text.does(ahead, "wait")
                                + " before it");
    }

    private static boolean comes(ScalingDecision last) {
        return last.getAction() == ScalingAction.ADD
                || (last.getAction() == ScalingAction.NONE && last.getWorkers() > 0);
    }

    /**
     * The one of two decisions that says how things stand: what was found to be as it should be starts and takes away no worker, but
     * says that nothing is in the way any more of one that was asked for.
     */
    private static ScalingDecision telling(ScalingDecision earlier, ScalingDecision later) {
        boolean none = later.getAction() == ScalingAction.NONE;
        boolean over = earlier.getAction() == ScalingAction.CANNOT && later.getWorkers() > 0;
        return none && !over ? earlier : later;
    }
}
