package io.quarry.scheduler.pool;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.ProbeBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.quarry.avro.ResourceGroup;
import io.quarry.scheduler.pods.KubernetesSettings;
import io.quarry.scheduler.pods.PodTemplates;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * What a group's workers are on Kubernetes. Pure.
 *
 * <p>A Deployment is of one generation: its group, in one shape, under one set of the installation's settings. Its template never
 * changes, so that the cluster never replaces pods by itself; another shape is another Deployment, to which the autoscaler moves
 * worker by worker.
 */
final class PoolManifest {
    /** The component of workers' pods, and the name of their one container. */
    static final String WORKER = "worker";

    /** Label: name of the Deployment that a pod is of. */
    static final String GENERATION = "quarry.io/generation";

    /** Label: what the worker was started with. */
    static final String SHAPE = "quarry.io/shape";

    /** Label: under which settings of the installation it was started. */
    static final String PLATFORM = "quarry.io/platform";

    /** Annotation of a pod that was told to go: it is counted no more. */
    static final String LEAVES = "quarry.io/leaves";

    static final String DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";

    private static final int STEM = 36;

    /** Kubernetes cuts a name that it makes up, in front of its last five letters, so that it is no longer than this. */
    private static final int LONGEST_MADE_UP = 63;

    private static final String READY_FILE = "/tmp/quarry-ready";
    private static final Duration REPORT = Duration.ofMinutes(1);

    private final KubernetesSettings settings;
    private final PodTemplates pods;
    private final String platform;

    PoolManifest(KubernetesSettings settings) {
        this.settings = settings;
        this.pods = new PodTemplates(settings);
        this.platform = hash(String.join(
                "\n",
                settings.image(),
                settings.pullPolicy(),
                settings.serviceAccount().orElse(""),
                settings.settingsSecret(),
                settings.settingsRevision(),
                settings.datasetsClaim().orElse("")));
    }

    /** Labels by which all that is ours is found. */
    Map<String, String> selector() {
        return pods.selector(WORKER);
    }

    /** Name of the Deployment of a group as its row is now: DNS-safe, and short enough for the names that follow from it. */
    String generation(ResourceGroup group) {
        String name = group.getName();
        String stem = name.length() > STEM ? name.substring(0, STEM) : name;
        String all = String.join("\n", settings.installation(), name, Shape.of(group), platform);
        return "quarry-" + stem + "-" + hash(all);
    }

    /** Whether a pod of a Deployment could have such a name: those are made up by the cluster, from the Deployment's. */
    private static boolean isPodOf(String pod, String deployment) {
        if (!pod.startsWith(deployment + "-")) {
            return false;
        }
        String madeUp = pod.substring(deployment.length() + 1);
        return madeUp.matches("[a-z0-9]{1,10}-[a-z0-9]{5}")
                || (pod.length() == LONGEST_MADE_UP && madeUp.matches("[a-z0-9]{6,15}"));
    }

    /** The same of any of these Deployments, whose number costs nothing: what was made up has one dash at most. */
    static boolean isPodOfAny(String pod, Set<String> deployments) {
        int last = pod.lastIndexOf('-');
        return Stream.of(last, pod.lastIndexOf('-', last - 1))
                .filter(end -> end > 0)
                .map(end -> pod.substring(0, end))
                .anyMatch(name -> deployments.contains(name) && isPodOf(pod, name));
    }

    /** Name of a group's PodDisruptionBudget. */
    String budgetName(String group) {
        String stem = group.length() > STEM ? group.substring(0, STEM) : group;
        return "quarry-" + stem + "-" + hash(settings.installation() + "\n" + group);
    }

    /** The shape of something of ours; another one than any row's when the installation's settings have changed since. */
    String shape(HasMetadata ours) {
        String shape = label(ours, SHAPE).orElse("");
        return label(ours, PLATFORM).equals(Optional.of(platform)) ? shape : shape + "/earlier";
    }

    static String group(HasMetadata ours) {
        return label(ours, PodTemplates.GROUP).orElse("");
    }

    static Optional<String> label(HasMetadata ours, String name) {
        Map<String, String> labels = ours.getMetadata().getLabels();
        return Optional.ofNullable(labels == null ? null : labels.get(name));
    }

    /** The Deployment of a group with its first worker. */
    Deployment of(ResourceGroup group) {
        String name = generation(group);
        Map<String, String> own = Map.of(GENERATION, name, SHAPE, Shape.of(group), PLATFORM, platform);
        Map<String, String> labels = pods.labels(group, WORKER, own);
        Map<String, String> selector = new TreeMap<>(selector());
        selector.put(GENERATION, name);
        PodTemplates.Variant pod = new PodTemplates.Variant(
                WORKER,
                "Always",
                group.getWorker(),
                List.of("worker.ready.file=" + READY_FILE),
                labels,
                Map.of(),
                longest(group).plus(REPORT),
                ready());
        return new DeploymentBuilder()
                .withNewMetadata()
                .withName(name)
                .withLabels(labels)
                .endMetadata()
                .withNewSpec()
                .withReplicas(1)
                .withRevisionHistoryLimit(0)
                .withNewSelector()
                .withMatchLabels(selector)
                .endSelector()
                .withNewStrategy()
                .withType("RollingUpdate")
                .withNewRollingUpdate()
                .withMaxSurge(new IntOrString(1))
                .withMaxUnavailable(new IntOrString(0))
                .endRollingUpdate()
                .endStrategy()
                .withTemplate(pods.of(group, pod))
                .endSpec()
                .build();
    }

    /** That nobody evicts more than one of a group's workers at a time; each finishes its job first. */
    GenericKubernetesResource budget(String group, String apiVersion) {
        GenericKubernetesResource budget = new GenericKubernetesResource();
        budget.setApiVersion(apiVersion);
        budget.setKind("PodDisruptionBudget");
        Map<String, String> labels = new TreeMap<>(selector());
        labels.put(PodTemplates.GROUP, group);
        budget.setMetadata(new ObjectMetaBuilder()
                .withName(budgetName(group))
                .withLabels(labels)
                .build());
        budget.setAdditionalProperty("spec", Map.of("maxUnavailable", 1, "selector", Map.of("matchLabels", labels)));
        return budget;
    }

    /** How long a worker may take to finish its job. */
    private static Duration longest(ResourceGroup group) {
        @Nullable Long drain = group.getDrainMs();
        @Nullable Long run = group.getMaxRunMs();
        return Duration.ofMillis(drain != null ? drain : run != null ? run : group.getTimeoutMs());
    }

    /** Ready from its start to its drain, busy or not: a ReplicaSet takes those that are not ready first. */
    private static Probe ready() {
        return new ProbeBuilder()
                .withNewExec()
                // By the shell's own test: not every base image has a program of that name.
                .withCommand("/bin/sh", "-c", "test -f " + READY_FILE)
                .endExec()
                .withInitialDelaySeconds(1)
                .withPeriodSeconds(2)
                .withFailureThreshold(1)
                .withTimeoutSeconds(10)
                .build();
    }

    private static String hash(String text) {
        CRC32 sum = new CRC32();
        sum.update(text.getBytes(StandardCharsets.UTF_8));
        return String.format("%08x", sum.getValue());
    }
}
