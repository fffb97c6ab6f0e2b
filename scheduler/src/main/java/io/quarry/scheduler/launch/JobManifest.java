package io.quarry.scheduler.launch;

import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.PodSecurityContextBuilder;
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
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.SpillVolume;
import io.quarry.schemas.Quantities;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The batch/v1 Job of one attempt. Pure: the same attempt has the same one. */
final class JobManifest {
    static final String COMPONENT = "app.kubernetes.io/component";
    static final String LAUNCHED = "launched-job";
    static final String INSTALLATION = "quarry.io/installation";

    private static final String SCRATCH = "/scratch";
    private static final String TMP = "/tmp";
    private static final String SETTINGS = "/etc/quarry";
    private static final String DATASETS = "/datasets";

    private final KubernetesSettings settings;

    JobManifest(KubernetesSettings settings) {
        this.settings = settings;
    }

    /** Labels by which all that is ours is found. */
    Map<String, String> selector() {
        return Map.of(COMPONENT, LAUNCHED, INSTALLATION, settings.installation());
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
        ResourceGroup group = launch.group();
        Map<String, String> labels = new TreeMap<>(group.getLabels());
        labels.put("app.kubernetes.io/name", "quarry");
        labels.put(COMPONENT, LAUNCHED);
        labels.put(INSTALLATION, settings.installation());
        labels.put("quarry.io/group", group.getName());
        labels.put(PodEvents.ATTEMPT, String.valueOf(key.attempt()));
        Map<String, String> annotations = Map.of(PodEvents.JOB_ID, key.jobId());
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
                .withNewTemplate()
                .withNewMetadata()
                .withLabels(labels)
                .withAnnotations(Map.of(
                        PodEvents.JOB_ID,
                        key.jobId(),
                        "cluster-autoscaler.kubernetes.io/safe-to-evict",
                        "false",
                        "karpenter.sh/do-not-disrupt",
                        "true"))
                .endMetadata()
                .withNewSpec()
                .withRestartPolicy("Never")
                .withServiceAccountName(
                        or(group.getServiceAccount(), settings.serviceAccount().orElse(null)))
                .withPriorityClassName(group.getPriorityClass())
                .withNodeSelector(group.getNodeSelector())
                .withTolerations(group.getTolerations().stream()
                        .map(JobManifest::toleration)
                        .toList())
                .withAutomountServiceAccountToken(false)
                .withEnableServiceLinks(false)
                // A pod that has to go finishes its job, as every worker does.
                .withTerminationGracePeriodSeconds(Math.max(30, launch.longest().toSeconds()))
                .withSecurityContext(podSecurity())
                .withVolumes(volumes(launch))
                .addNewContainer()
                .withName("job")
                .withImage(or(group.getImage(), settings.image()))
                .withImagePullPolicy(or(group.getImagePullPolicy(), settings.pullPolicy()))
                .withArgs(args(launch))
                .withEnv(env(group))
                .withResources(resources(launch.size()))
                .withSecurityContext(security())
                .withVolumeMounts(mounts())
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }

    private List<String> args(Launch launch) {
        Resources size = launch.size();
        List<String> args = new ArrayList<>(List.of(
                "worker",
                SETTINGS + "/worker.properties",
                "worker.record=" + launch.record().getTopic() + "@"
                        + launch.record().getOffset(),
                "worker.claim=$(POD_UID)",
                "worker.name=$(POD_NAME)",
                "resource.group=" + launch.group().getName(),
                "worker.cpu.millis=" + size.getCpuMillis(),
                "worker.memory.bytes=" + size.getMemoryBytes(),
                // Logs and the libraries that a JVM unpacks are on the same account.
                "worker.spill.bytes=" + Math.max(1, size.getEphemeralStorageBytes() / 10 * 9),
                "worker.scratch.dir=" + SCRATCH,
                "worker.on.stop=finish"));
        settings.datasetsClaim().ifPresent(claim -> args.add("worker.datasets.dir=" + DATASETS));
        return args;
    }

    private static List<EnvVar> env(ResourceGroup group) {
        List<EnvVar> env = new ArrayList<>();
        env.add(fromField("POD_UID", "metadata.uid"));
        env.add(fromField("POD_NAME", "metadata.name"));
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

    private List<Volume> volumes(Launch launch) {
        List<Volume> volumes = new ArrayList<>();
        volumes.add(scratch(
                launch.group().getSpillVolume(),
                new Quantity(Quantities.formatBytes(launch.size().getEphemeralStorageBytes()))));
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
        settings.datasetsClaim()
                .ifPresent(claim -> volumes.add(new VolumeBuilder()
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
