package io.quarry.scheduler.pods;

import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.PodSecurityContextBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.SecurityContextBuilder;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.SpillVolume;
import io.quarry.schemas.Quantities;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The pods of an installation: one container that runs a worker of a certain size for a group. Pure. */
public final class PodTemplates {
    /** Label: what a pod is for. */
    public static final String COMPONENT = "app.kubernetes.io/component";

    /** Label: which installation it is of. */
    public static final String INSTALLATION = "quarry.io/installation";

    /** Label: whose jobs it runs. */
    public static final String GROUP = "quarry.io/group";

    private static final String SCRATCH = "/scratch";
    private static final String TMP = "/tmp";
    private static final String SETTINGS = "/etc/quarry";
    private static final String DATASETS = "/datasets";
    private static final Duration LEAST_GRACE = Duration.ofSeconds(30);

    private final KubernetesSettings settings;

    public PodTemplates(KubernetesSettings settings) {
        this.settings = settings;
    }

    /**
     * What is different from pod to pod.
     *
     * @param container name of the container
     * @param restartPolicy what happens when it ends
     * @param size what it gets: requested, and its limit
     * @param args further settings of the worker
     * @param labels beside the group's own, which they win over
     * @param annotations of the pod
     * @param grace how long it may take to go
     * @param ready how it is known to be ready; null for always
     */
    public record Variant(
            String container,
            String restartPolicy,
            Resources size,
            List<String> args,
            Map<String, String> labels,
            Map<String, String> annotations,
            Duration grace,
            @Nullable Probe ready) {
        public Variant {
            args = List.copyOf(args);
            labels = Map.copyOf(labels);
            annotations = Map.copyOf(annotations);
        }
    }

    /** Labels by which all of one kind is found. */
    public Map<String, String> selector(String component) {
        return Map.of(COMPONENT, component, INSTALLATION, settings.installation());
    }

    /** All labels of something of a group. */
    public Map<String, String> labels(ResourceGroup group, String component, Map<String, String> own) {
        Map<String, String> labels = new TreeMap<>(group.getLabels());
        labels.put("app.kubernetes.io/name", "quarry");
        labels.putAll(selector(component));
        labels.put(GROUP, group.getName());
        labels.putAll(own);
        return labels;
    }

    /** The pods of a group, in one variant. */
    public PodTemplateSpec of(ResourceGroup group, Variant pod) {
        Map<String, String> annotations = new TreeMap<>(pod.annotations());
        // Always, not only while it is busy: an idle worker may take a job while somebody reads that it is idle.
        annotations.put("cluster-autoscaler.kubernetes.io/safe-to-evict", "false");
        annotations.put("karpenter.sh/do-not-disrupt", "true");
        return new PodTemplateSpecBuilder()
                .withNewMetadata()
                .withLabels(pod.labels())
                .withAnnotations(annotations)
                .endMetadata()
                .withNewSpec()
                .withRestartPolicy(pod.restartPolicy())
                .withServiceAccountName(
                        or(group.getServiceAccount(), settings.serviceAccount().orElse(null)))
                .withPriorityClassName(group.getPriorityClass())
                .withNodeSelector(group.getNodeSelector())
                .withTolerations(group.getTolerations().stream()
                        .map(PodTemplates::toleration)
                        .toList())
                .withAutomountServiceAccountToken(false)
                .withEnableServiceLinks(false)
                // A pod that has to go finishes its job, as every worker does.
                .withTerminationGracePeriodSeconds(
                        Math.max(LEAST_GRACE.toSeconds(), pod.grace().toSeconds()))
                .withSecurityContext(podSecurity())
                .withVolumes(volumes(group, pod.size()))
                .addNewContainer()
                .withName(pod.container())
                .withImage(or(group.getImage(), settings.image()))
                .withImagePullPolicy(or(group.getImagePullPolicy(), settings.pullPolicy()))
                .withArgs(args(group, pod))
                .withEnv(env(group))
                .withResources(resources(pod.size()))
                .withReadinessProbe(pod.ready())
                .withSecurityContext(security())
                .withVolumeMounts(mounts())
                .endContainer()
                .endSpec()
                .build();
    }

    private List<String> args(ResourceGroup group, Variant pod) {
        Resources size = pod.size();
        List<String> args = new ArrayList<>(List.of("worker", SETTINGS + "/worker.properties"));
        args.addAll(pod.args());
        args.addAll(List.of(
                "worker.name=$(QUARRY_POD_NAME)",
                "resource.group=" + group.getName(),
                "worker.cpu.millis=" + size.getCpuMillis(),
                "worker.memory.bytes=" + size.getMemoryBytes(),
                // Logs and the libraries that a JVM unpacks are on the same account.
                "worker.spill.bytes=" + Math.max(1, size.getEphemeralStorageBytes() / 10 * 9),
                "worker.scratch.dir=" + SCRATCH,
                "worker.on.stop=finish"));
        if (group.getEngineMemoryShare() != null) {
            args.add("engine.memory.share=" + group.getEngineMemoryShare());
        }
        if (group.getLeaseMs() != null) {
            long tick = settings.tick().toMillis();
            args.add("lease.ticks=" + Math.max(1, (group.getLeaseMs() + tick - 1) / tick));
        }
        settings.datasetsClaim().ifPresent(claim -> args.add("worker.datasets.dir=" + DATASETS));
        return args;
    }

    private static List<EnvVar> env(ResourceGroup group) {
        List<EnvVar> env = new ArrayList<>();
        env.add(fromField("QUARRY_POD_UID", "metadata.uid"));
        env.add(fromField("QUARRY_POD_NAME", "metadata.name"));
        new TreeMap<>(group.getEnvironment()).forEach((name, value) -> env.add(new EnvVar(name, value, null)));
        return env;
    }

    private static Toleration toleration(io.quarry.avro.Toleration borne) {
        return new Toleration(
                borne.getEffect(), borne.getKey(), borne.getOperator(), borne.getSeconds(), borne.getValue());
    }

    private static @Nullable String or(@Nullable String own, @Nullable String otherwise) {
        return own == null ? otherwise : own;
    }

    private static EnvVar fromField(String name, String path) {
        return new EnvVarBuilder()
                .withName(name)
                .withNewValueFrom()
                .withNewFieldRef()
                .withFieldPath(path)
                .endFieldRef()
                .endValueFrom()
                .build();
    }

    private static ResourceRequirements resources(Resources size) {
        Map<String, Quantity> amounts = Map.of(
                "cpu", new Quantity(Quantities.formatCpu(size.getCpuMillis())),
                "memory", new Quantity(Quantities.formatBytes(size.getMemoryBytes())),
                "ephemeral-storage", new Quantity(Quantities.formatBytes(size.getEphemeralStorageBytes())));
        return new ResourceRequirementsBuilder()
                .withRequests(amounts)
                .withLimits(amounts)
                .build();
    }

    private static PodSecurityContext podSecurity() {
        return new PodSecurityContextBuilder()
                .withRunAsNonRoot(true)
                .withFsGroup(10001L)
                .withNewSeccompProfile()
                .withType("RuntimeDefault")
                .endSeccompProfile()
                .build();
    }

    private static SecurityContext security() {
        return new SecurityContextBuilder()
                .withAllowPrivilegeEscalation(false)
                .withPrivileged(false)
                .withReadOnlyRootFilesystem(true)
                .withNewCapabilities()
                .addToDrop("ALL")
                .endCapabilities()
                .build();
    }

    private List<Volume> volumes(ResourceGroup group, Resources size) {
        List<Volume> volumes = new ArrayList<>();
        volumes.add(
                scratch(group.getSpillVolume(), new Quantity(Quantities.formatBytes(size.getEphemeralStorageBytes()))));
        volumes.add(new VolumeBuilder()
                .withName("tmp")
                .withNewEmptyDir()
                .endEmptyDir()
                .build());
        volumes.add(new VolumeBuilder()
                .withName("settings")
                .withNewSecret()
                .withSecretName(settings.settingsSecret())
                .endSecret()
                .build());
        Optional<String> datasets = settings.datasetsClaim();
        datasets.ifPresent(claim -> volumes.add(new VolumeBuilder()
                .withName("datasets")
                .withNewPersistentVolumeClaim()
                .withClaimName(claim)
                .endPersistentVolumeClaim()
                .build()));
        return volumes;
    }

    private static Volume scratch(@Nullable SpillVolume spill, Quantity size) {
        VolumeBuilder volume = new VolumeBuilder().withName("scratch");
        if (spill == null) {
            return volume.withNewEmptyDir().withSizeLimit(size).endEmptyDir().build();
        }
        return switch (spill.getType()) {
            case "ephemeral" ->
                volume.withNewEphemeral()
                        .withNewVolumeClaimTemplate()
                        .withNewSpec()
                        .withAccessModes("ReadWriteOnce")
                        .withStorageClassName(spill.getStorageClass())
                        .withNewResources()
                        .withRequests(Map.of("storage", size))
                        .endResources()
                        .endSpec()
                        .endVolumeClaimTemplate()
                        .endEphemeral()
                        .build();
            case "local-path" ->
                volume.withNewHostPath()
                        .withPath(spill.getPath())
                        .withType("DirectoryOrCreate")
                        .endHostPath()
                        .build();
            default ->
                volume.withNewEmptyDir().withSizeLimit(size).endEmptyDir().build();
        };
    }

    private List<VolumeMount> mounts() {
        List<VolumeMount> mounts = new ArrayList<>();
        mounts.add(mount("scratch", SCRATCH, false));
        mounts.add(mount("tmp", TMP, false));
        mounts.add(mount("settings", SETTINGS, true));
        settings.datasetsClaim().ifPresent(claim -> mounts.add(mount("datasets", DATASETS, false)));
        return mounts;
    }

    private static VolumeMount mount(String volume, String path, boolean readOnly) {
        return new VolumeMountBuilder()
                .withName(volume)
                .withMountPath(path)
                .withReadOnly(readOnly)
                .build();
    }
}
