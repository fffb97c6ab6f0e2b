package io.quarry.scheduler.launch;

import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.quarry.scheduler.pods.KubernetesSettings;
import io.quarry.scheduler.pods.PodTemplates;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The batch/v1 Job of one attempt. Pure: the same attempt has the same one. */
final class JobManifest {
    static final String LAUNCHED = "launched-job";

    private final KubernetesSettings settings;
    private final PodTemplates pods;

    JobManifest(KubernetesSettings settings) {
        this.settings = settings;
        this.pods = new PodTemplates(settings);
    }

    /** Labels by which all that is ours is found. */
    Map<String, String> selector() {
        return pods.selector(LAUNCHED);
    }

    /** The attempt that a Job is for; empty when it is none of ours. */
    static Optional<Launch.Key> key(Job job) {
        return PodEvents.key(job.getMetadata());
    }

    /** When a Job was over, whichever way. */
    static Optional<Instant> endedAt(Job job) {
        if (job.getStatus() == null || job.getStatus().getConditions() == null) {
            return Optional.empty();
        }
        return job.getStatus().getConditions().stream()
                .filter(c -> "True".equals(c.getStatus()))
                .filter(c -> "Complete".equals(c.getType()) || "Failed".equals(c.getType()))
                .map(c -> c.getLastTransitionTime() == null ? Instant.MAX : Instant.parse(c.getLastTransitionTime()))
                .findFirst();
    }

    Job of(Launch launch) {
        Launch.Key key = launch.key();
        Map<String, String> labels =
                pods.labels(launch.group(), LAUNCHED, Map.of(PodEvents.ATTEMPT, String.valueOf(key.attempt())));
        Map<String, String> annotations = Map.of(PodEvents.JOB_ID, key.jobId());
        List<String> args = List.of(
                "worker.record=" + launch.record().getTopic() + "@"
                        + launch.record().getOffset(),
                "worker.claim=$(QUARRY_POD_UID)");
        PodTemplates.Variant pod = new PodTemplates.Variant(
                "job", "Never", launch.size(), args, labels, annotations, launch.longest(), null);
        return new JobBuilder()
                .withNewMetadata()
                .withName(key.name())
                .withLabels(labels)
                .withAnnotations(annotations)
                .endMetadata()
                .withNewSpec()
                // Whether there is another attempt is the lifecycle's to say.
                .withBackoffLimit(0)
                .withTtlSecondsAfterFinished((int) settings.kept().toSeconds())
                .withTemplate(pods.of(launch.group(), pod))
                .endSpec()
                .build();
    }
}
