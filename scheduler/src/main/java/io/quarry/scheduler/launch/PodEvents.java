package io.quarry.scheduler.launch;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.quarry.avro.Cause;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.scheduler.pods.PodCauses;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What the state of a launched job's pod says about its job. Pure: the same pod says the same thing, whatever was seen of it
 * before. A pod that runs, and one that reported the end of its job by itself, says nothing.
 *
 * <p>What may pass by itself (no room, an image that cannot be pulled just now) is said as {@code WAITING}, with the cause; what
 * has ended the pod as {@code POD_FAILED}.
 */
final class PodEvents {
    /** Annotation of the pod: the job's id, which may be longer than a label's value. */
    static final String JOB_ID = "quarry.io/job-id";

    /** Label of the pod: number of the attempt. */
    static final String ATTEMPT = "quarry.io/attempt";

    private PodEvents() {}

    /** What is to be said of a pod that is there. */
    static Optional<JobEvent> from(Pod pod) {
        return key(pod).flatMap(key -> {
            Optional<Cause> dead = PodCauses.death(pod);
            if (dead.isPresent()) {
                return Optional.of(failed(pod, key, dead.get()));
            }
            return PodCauses.waiting(pod)
                    .map(cause -> event(JobEventType.WAITING, pod, key)
                            .setReason(cause.getMessage())
                            .setCause(cause)
                            .build());
        });
    }

    /** What is to be said of a pod that was removed, as it was last seen. */
    static Optional<JobEvent> ofRemoved(Pod pod) {
        Optional<JobEvent> seen = from(pod);
        if (seen.isPresent() && seen.get().getType() == JobEventType.POD_FAILED) {
            return seen;
        }
        return PodCauses.hasEnded(pod)
                ? Optional.empty()
                : key(pod).map(key -> failed(pod, key, PodCauses.deleted(pod)));
    }

    /** The attempt that a pod is for; empty when it is none of ours. */
    static Optional<Launch.Key> key(Pod pod) {
        return key(pod.getMetadata());
    }

    static Optional<Launch.Key> key(ObjectMeta metadata) {
        Map<String, String> annotations = metadata.getAnnotations();
        Map<String, String> labels = metadata.getLabels();
        String job = annotations == null ? null : annotations.get(JOB_ID);
        String attempt = labels == null ? null : labels.get(ATTEMPT);
        return job == null || attempt == null || !attempt.matches("[0-9]{1,9}")
                ? Optional.empty()
                : Optional.of(new Launch.Key(job, Integer.parseInt(attempt)));
    }

    private static JobEvent failed(Pod pod, Launch.Key key, Cause cause) {
        return event(JobEventType.POD_FAILED, pod, key).setCause(cause).build();
    }

    private static JobEvent.Builder event(JobEventType type, Pod pod, Launch.Key key) {
        return JobEvent.newBuilder()
                .setType(type)
                .setJobId(key.jobId())
                .setAttempt(key.attempt())
                .setClaim(pod.getMetadata().getUid())
                .setAt(Instant.EPOCH)
                .setWriter("pod/" + pod.getMetadata().getName());
    }
}
