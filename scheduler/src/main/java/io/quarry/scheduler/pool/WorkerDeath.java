package io.quarry.scheduler.pool;

import io.fabric8.kubernetes.api.model.Pod;
import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.scheduler.pods.PodCauses;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * The end of a worker's process, as somebody saw it. Pure.
 *
 * @param worker name of the worker
 * @param until whatever it had claimed by then died with it; a later claim is of the next process of that name. {@link Instant#MAX}
 *     when there will never be one
 * @param cause how it ended
 */
public record WorkerDeath(String worker, Instant until, Cause cause) {
    /**
     * A cluster tells whole seconds, rounded down, so the process lived for up to one more; the next one needs longer than this to
     * claim a job.
     */
    private static final Duration ROUNDING = Duration.ofSeconds(1);

    /** What is to be said of a pod that is there; empty as long as its worker's first process lives. */
    static Optional<WorkerDeath> from(Pod pod) {
        String worker = pod.getMetadata().getName();
        return PodCauses.hasEnded(pod)
                ? Optional.of(ofRemoved(pod))
                : PodCauses.lastExit(pod, PoolManifest.WORKER)
                        .map(exit -> new WorkerDeath(worker, exit.at().plus(ROUNDING), exit.cause()));
    }

    /** What is to be said of a pod that was removed, as it was last seen. */
    static WorkerDeath ofRemoved(Pod pod) {
        Cause cause = PodCauses.death(pod).orElseGet(() -> PodCauses.deleted(pod));
        return new WorkerDeath(pod.getMetadata().getName(), Instant.MAX, cause);
    }

    /** What is to be said of a worker whose pod was not there when all were looked at. */
    static WorkerDeath ofMissing(String worker, Instant lookedAt) {
        return new WorkerDeath(
                worker,
                lookedAt,
                new Cause(
                        CauseType.POD_FAILED,
                        "Its pod was gone when the scheduler came back: nobody saw how it ended.",
                        Map.of("pod", worker, "looked_at", lookedAt.toString())));
    }
}
