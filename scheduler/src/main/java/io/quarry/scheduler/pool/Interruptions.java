package io.quarry.scheduler.pool;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.JobState;
import io.quarry.avro.ScalingAction;
import io.quarry.avro.ScalingDecision;
import io.quarry.avro.Transition;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Counts the attempts that were lost while their worker was being scaled away: by what jobs' rows and the log of scaling say,
 * not by what the autoscaler believes. In whatever order both are read. Pure; for one thread.
 */
public final class Interruptions {
    /** A worker's death is seen at once or by its lease: what comes later than this after its removal is another matter. */
    private static final Duration WINDOW = Duration.ofMinutes(2);

    private static final int KEPT = 10_000;

    /** Ends that a worker's going may bring about. */
    private static final Set<CauseType> LOSSES = EnumSet.of(
            CauseType.WORKER_KILLED,
            CauseType.WORKER_SILENT,
            CauseType.HANDED_BACK,
            CauseType.BROKER_UNREACHABLE,
            CauseType.EVICTED,
            CauseType.NODE_LOST,
            CauseType.POD_FAILED);

    private record Loss(String job, int attempt, String worker, Instant at) {}

    private static final class Leaving {
        private Instant from;
        private Instant to;

        Leaving(Instant at) {
            from = at;
            to = at;
        }

        boolean covers(Instant at) {
            return !at.isBefore(from) && !at.isAfter(to.plus(WINDOW));
        }
    }

    private final Map<String, Leaving> leaving = new HashMap<>();
    private final Set<Loss> losses = new HashSet<>();
    private final Deque<Loss> order = new ArrayDeque<>();
    private final Set<Loss> counted = new HashSet<>();

    /** Takes in a decision. */
    public void take(ScalingDecision decision) {
        String worker = decision.getWorker();
        if (worker == null) {
            return;
        }
        if (decision.getAction() == ScalingAction.ADD) {
            // The next one of that name.
            leaving.remove(worker);
        } else if (decision.getAction() == ScalingAction.DRAIN || decision.getAction() == ScalingAction.REMOVE) {
            Leaving known = leaving.computeIfAbsent(worker, name -> new Leaving(decision.getAt()));
            known.to = decision.getAt();
            losses.stream()
                    .filter(loss -> loss.worker.equals(worker) && known.covers(loss.at))
                    .forEach(counted::add);
        }
    }

    /** Takes in a job's row; the same one may come again. */
    public void take(@Nullable JobState row) {
        if (row == null) {
            return;
        }
        for (Transition step : row.getHistory()) {
            Cause cause = step.getCause();
            if (cause != null && step.getWorker() != null && LOSSES.contains(cause.getType())) {
                lost(new Loss(row.getJob().getId(), step.getAttempt(), step.getWorker(), step.getAt()));
            }
        }
    }

    /** Attempts so far. */
    public long count() {
        return counted.size();
    }

    private void lost(Loss loss) {
        if (!losses.add(loss)) {
            return;
        }
        order.add(loss);
        if (order.size() > KEPT) {
            losses.remove(order.remove());
        }
        Leaving known = leaving.get(loss.worker);
        if (known != null && known.covers(loss.at)) {
            counted.add(loss);
        }
    }
}
