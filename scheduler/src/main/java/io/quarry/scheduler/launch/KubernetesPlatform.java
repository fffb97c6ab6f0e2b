package io.quarry.scheduler.launch;

import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.JobEvent;
import io.quarry.scheduler.pods.Cluster;
import io.quarry.scheduler.pods.KubernetesSettings;
import io.quarry.scheduler.pods.PodCauses;
import java.net.HttpURLConnection;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Launched jobs as batch/v1 Jobs of a Kubernetes cluster, 1.20 or newer. It creates, deletes, lists and watches Jobs, and lists
 * and watches pods and events, all in one namespace, and needs no more.
 */
public final class KubernetesPlatform implements PodPlatform {
    private static final int UNPROCESSABLE = 422;

    private final KubernetesClient client;
    private final String namespace;
    private final KubernetesSettings settings;
    private final JobManifest manifest;
    private final InstantSource clock;
    private @Nullable PodWatch watch;

    KubernetesPlatform(KubernetesClient client, KubernetesSettings settings, InstantSource clock) {
        this.client = client;
        this.settings = settings;
        this.manifest = new JobManifest(settings);
        this.clock = clock;
        this.namespace = Cluster.namespace(client, settings);
    }

    /**
     * The cluster that this process runs in, else that of the kubeconfig. It is not asked yet.
     *
     * @throws IllegalArgumentException naming a wrong setting
     */
    public static KubernetesPlatform of(Map<String, String> all, InstantSource clock) {
        KubernetesSettings settings = KubernetesSettings.of(all);
        return new KubernetesPlatform(Cluster.client(), settings, clock);
    }

    @Override
    public AutoCloseable watch(Consumer<JobEvent> news) {
        PodWatch begun = PodWatch.begin(client, namespace, manifest.selector(), news, clock);
        watch = begun;
        return () -> {
            watch = null;
            begun.close();
        };
    }

    @Override
    public Answer start(Launch launch) {
        try {
            Job unused = client.batch()
                    .v1()
                    .jobs()
                    .inNamespace(namespace)
                    .resource(manifest.of(launch))
                    .create();
            return new Answer.Made(true);
        } catch (KubernetesClientException e) {
            return answer(e);
        }
    }

    /** By the HTTP code, which all versions agree on; the words are the server's own. */
    private Answer answer(KubernetesClientException e) {
        String said = Cluster.said(e);
        return switch (e.getCode()) {
            case HttpURLConnection.HTTP_CONFLICT -> new Answer.Made(false);
            case HttpURLConnection.HTTP_FORBIDDEN ->
                said.contains("quota")
                        ? new Answer.NoRoom("The namespace's quota does not allow its pod yet: " + said)
                        : new Answer.Away("Kubernetes does not allow us to launch: " + said);
            case HttpURLConnection.HTTP_BAD_REQUEST, UNPROCESSABLE ->
                new Answer.Never(new Cause(
                        CauseType.POD_FAILED,
                        "Kubernetes refuses the job's pod: " + said,
                        Map.of("http_code", String.valueOf(e.getCode()))));
            default -> new Answer.Away("Kubernetes cannot be asked: " + said);
        };
    }

    @Override
    public List<PodPlatform.Standing> pods() throws AwayException {
        PodWatch known = watch;
        if (known == null || !known.isCurrent()) {
            throw new AwayException("Kubernetes cannot be asked"
                    + (known == null || known.trouble() == null ? " yet." : ": " + known.trouble()));
        }
        Map<Launch.Key, Pod> pods = new HashMap<>();
        known.pods()
                .forEach(pod -> PodEvents.key(pod).ifPresent(key -> pods.merge(key, pod, KubernetesPlatform::newer)));
        List<PodPlatform.Standing> all = new ArrayList<>();
        for (Job job : known.jobs()) {
            Optional<Launch.Key> key = JobManifest.key(job);
            if (key.isPresent() && job.getMetadata().getDeletionTimestamp() == null) {
                Pod pod = pods.get(key.get());
                Phase phase = phase(job, pod);
                all.add(new PodPlatform.Standing(key.get(), phase));
                if (phase == Phase.WAITS && pod == null) {
                    known.tellWhyThereIsNoPod(key.get());
                }
                if (phase == Phase.ENDED && isOld(job)) {
                    end(key.get(), "its time to be looked at is over");
                }
            }
        }
        return all;
    }

    private static Pod newer(Pod a, Pod b) {
        return String.valueOf(a.getMetadata().getCreationTimestamp())
                                .compareTo(String.valueOf(b.getMetadata().getCreationTimestamp()))
                        >= 0
                ? a
                : b;
    }

    private static Phase phase(Job job, @Nullable Pod pod) {
        if (JobManifest.endedAt(job).isPresent() || (pod != null && PodCauses.hasEnded(pod))) {
            return Phase.ENDED;
        }
        return pod == null || PodCauses.hasNoRoom(pod) ? Phase.WAITS : Phase.LIVES;
    }

    /** Where the cluster does not remove finished Jobs by itself, as older ones do not, we do. */
    private boolean isOld(Job job) {
        return JobManifest.endedAt(job)
                .filter(end -> clock.instant().isAfter(end.plus(settings.kept()).plusSeconds(60)))
                .isPresent();
    }

    @Override
    public void end(Launch.Key key, String why) throws AwayException {
        try {
            var unused = client.batch()
                    .v1()
                    .jobs()
                    .inNamespace(namespace)
                    .withName(key.name())
                    .withPropagationPolicy(DeletionPropagation.BACKGROUND)
                    .delete();
        } catch (KubernetesClientException e) {
            throw new AwayException("Kubernetes does not end a pod: " + Cluster.said(e), e);
        }
    }

    @Override
    public void close() {
        PodWatch known = watch;
        if (known != null) {
            known.close();
        }
        client.close();
    }
}
