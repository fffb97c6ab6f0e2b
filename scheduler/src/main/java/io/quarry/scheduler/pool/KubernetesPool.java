package io.quarry.scheduler.pool;

import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceList;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentCondition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.NonNamespaceOperation;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.quarry.avro.ResourceGroup;
import io.quarry.scheduler.pods.Cluster;
import io.quarry.scheduler.pods.KubernetesSettings;
import io.quarry.scheduler.pods.PodCauses;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Workers as pods of Deployments of a Kubernetes cluster, 1.20 or newer. A worker's name is its pod's. What it does there, and no
 * more, is in the chart's rbac/pool.yaml.
 *
 * <p>Of a Deployment that is there it writes the number of replicas alone, and only over the number that it saw: of two schedulers
 * that scale at once, one is told of a conflict and asks again. What others write elsewhere in it stays.
 */
public final class KubernetesPool implements WorkerPool, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(KubernetesPool.class);
    private static final int UNPROCESSABLE = 422;
    private static final Duration FIRST_ANSWER = Duration.ofSeconds(20);

    /** How long a worker may wait for a node before no further ones are asked for. */
    private static final Duration ROOM = Duration.ofMinutes(1);

    private final KubernetesClient client;
    private final String namespace;
    private final PoolManifest manifest;
    private final PoolWatch watch;
    private final InstantSource clock;
    private @Nullable String policyVersion;

    KubernetesPool(KubernetesClient client, KubernetesSettings settings, InstantSource clock) {
        this.client = client;
        this.namespace = Cluster.namespace(client, settings);
        this.manifest = new PoolManifest(settings);
        this.watch = new PoolWatch(client, namespace, manifest.selector(), clock);
        this.clock = clock;
    }

    /**
     * Begins to follow the cluster that this process runs in, else that of the kubeconfig.
     *
     * @throws IllegalArgumentException naming a wrong setting
     */
    public static KubernetesPool of(Map<String, String> all, InstantSource clock) {
        KubernetesSettings settings = KubernetesSettings.of(all);
        return new KubernetesPool(Cluster.client(), settings, clock);
    }

    @Override
    public List<String> groups() {
        watch.awaitFirst(FIRST_ANSWER);
        return List.copyOf(watch.groups());
    }

    /** Pods that live, then one for each replica that has no pod yet. */
    @Override
    public List<PoolWorker> workers(String group) {
        List<PoolWorker> all = new ArrayList<>();
        for (Deployment deployment : watch.deployments(group)) {
            String shape = manifest.shape(deployment);
            List<Pod> pods = watch.pods(deployment);
            pods.forEach(pod -> all.add(
                    new PoolWorker(pod.getMetadata().getName(), shape, OptionalLong.empty(), PoolWatch.begun(pod))));
            for (int i = pods.size(); i < replicas(deployment); i++) {
                all.add(new PoolWorker(coming(deployment, i), shape, OptionalLong.empty(), false));
            }
        }
        return all;
    }

    private static String coming(Deployment deployment, int number) {
        return deployment.getMetadata().getName() + "/" + number;
    }

    private static int replicas(Deployment deployment) {
        return deployment.getSpec().getReplicas() == null
                ? 1
                : deployment.getSpec().getReplicas();
    }

    @Override
    public Watch watch(Consumer<WorkerDeath> told) {
        watch.ends().tell(told);
        return watch.ends()::hush;
    }

    /** By a list of its own, with all pods that there are at that time: the watch may be behind. */
    @Override
    public List<WorkerDeath> missing(Set<String> workers, Collection<ResourceGroup> groups) {
        demandCurrent();
        List<String> unknown =
                workers.stream().filter(worker -> !watch.follows(worker)).toList();
        if (unknown.isEmpty()) {
            return List.of();
        }
        Set<String> deployments = watch.names();
        groups.forEach(group -> deployments.add(manifest.generation(group)));
        List<String> ours = unknown.stream()
                .filter(worker -> PoolManifest.isPodOfAny(worker, deployments))
                .toList();
        if (ours.isEmpty()) {
            return List.of();
        }
        Instant at = clock.instant();
        Set<String> there = new HashSet<>();
        try {
            client.pods()
                    .inNamespace(namespace)
                    .withLabels(manifest.selector())
                    .list()
                    .getItems()
                    .forEach(pod -> there.add(pod.getMetadata().getName()));
        } catch (KubernetesClientException e) {
            throw refused("pods cannot be listed", e);
        }
        return ours.stream()
                .filter(worker -> !there.contains(worker))
                .map(worker -> WorkerDeath.ofMissing(worker, at))
                .toList();
    }

    @Override
    public Optional<String> obstacle(ResourceGroup group) {
        return watch.trouble()
                .or(() ->
                        wanted(group).flatMap(deployment -> refusal(deployment).or(() -> noRoom(deployment))));
    }

    /** What the group's row asks for now: what is in the way of an earlier one is no reason not to make this one. */
    private Optional<Deployment> wanted(ResourceGroup group) {
        return watch.deployment(group.getName(), manifest.generation(group));
    }

    /** While any of them takes jobs there is nothing wrong with all of them. */
    @Override
    public Optional<String> fault(ResourceGroup group) {
        List<Pod> pods = wanted(group).map(watch::pods).orElse(List.of());
        return pods.stream().anyMatch(PoolWatch::ready)
                ? Optional.empty()
                : pods.stream()
                        .filter(pod -> !watch.leaves(pod))
                        .flatMap(pod -> PodCauses.fault(pod).stream())
                        .map(why -> "a worker does not come up: " + why)
                        .findFirst();
    }

    /** What the cluster says when it may not make a pod: a quota, most likely. */
    private static Optional<String> refusal(Deployment deployment) {
        return deployment.getStatus() == null
                ? Optional.empty()
                : deployment.getStatus().getConditions().stream()
                        .filter(condition -> "ReplicaFailure".equals(condition.getType()))
                        .filter(condition -> "True".equals(condition.getStatus()))
                        .map(DeploymentCondition::getMessage)
                        .map(said -> "Kubernetes makes no pod for the next worker: " + said)
                        .findFirst();
    }

    /** The words of the cluster's scheduler, once a worker waits for a node for so long that another one would wait beside it. */
    private Optional<String> noRoom(Deployment deployment) {
        Instant longAgo = clock.instant().minus(ROOM);
        return watch.pods(deployment).stream()
                .filter(pod -> pod.getStatus() != null)
                .flatMap(pod -> pod.getStatus().getConditions().stream())
                .filter(condition -> "PodScheduled".equals(condition.getType()))
                .filter(condition -> "False".equals(condition.getStatus()))
                .filter(condition -> condition.getLastTransitionTime() != null
                        && Instant.parse(condition.getLastTransitionTime()).isBefore(longAgo))
                .map(PodCondition::getMessage)
                .map(said -> "a worker waits for a node: " + said)
                .findFirst();
    }

    @Override
    public Optional<String> add(ResourceGroup group) {
        demandCurrent();
        Optional<Deployment> there = wanted(group);
        try {
            if (there.isPresent()) {
                scale(there.get(), replicas(there.get()) + 1);
            } else {
                limitEvictions(group.getName());
                create(group);
            }
        } catch (KubernetesClientException e) {
            throw refused("no worker can be added", e);
        }
        return Optional.empty();
    }

    private void create(ResourceGroup group) {
        watch.made(client.apps()
                .deployments()
                .inNamespace(namespace)
                .resource(manifest.of(group))
                .create());
    }

    private void limitEvictions(String group) {
        try {
            GenericKubernetesResource unused = budgets()
                    .resource(manifest.budget(group, "policy/" + policyVersion()))
                    .create();
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
                throw e;
            }
        }
    }

    @Override
    public void remove(String group, String worker) {
        demandCurrent();
        try {
            for (Deployment deployment : watch.deployments(group)) {
                List<Pod> pods = watch.pods(deployment);
                if (worker.startsWith(deployment.getMetadata().getName() + "/")) {
                    // Of those that are still to come none has a job.
                    scale(deployment, Math.max(pods.size(), replicas(deployment) - 1));
                    return;
                }
                if (pods.stream()
                        .anyMatch(pod -> worker.equals(pod.getMetadata().getName()))) {
                    takeAway(deployment, pods, worker);
                    return;
                }
            }
        } catch (KubernetesClientException e) {
            throw refused("worker " + worker + " cannot be taken away", e);
        }
    }

    /**
     * Marks the pod as the one to go, then asks for as many as are not marked: done twice, it is done once. Fewer are asked for only
     * once the cluster has seen what was marked as not ready, and all the others that run as ready: of those that are ready it takes
     * any up to 1.21, one with a job as well. Until then it is asked again.
     */
    private void takeAway(Deployment deployment, List<Pod> pods, String worker) {
        boolean told = true;
        int staying = Math.max(0, replicas(deployment) - pods.size());
        for (Pod pod : pods) {
            if (worker.equals(pod.getMetadata().getName())) {
                if (!watch.leaves(pod)) {
                    mark(pod);
                }
                told &= !PoolWatch.ready(pod);
            } else if (!watch.leaves(pod)) {
                staying++;
                told &= PoolWatch.ready(pod) || !PoolWatch.begun(pod);
            }
        }
        if (told && staying < replicas(deployment)) {
            scale(deployment, staying);
        }
    }

    private void mark(Pod pod) {
        Pod unused = client.pods()
                .inNamespace(namespace)
                .withName(pod.getMetadata().getName())
                .patch(PatchContext.of(PatchType.JSON_MERGE), """
                        {"metadata":{"uid":"%s","annotations":{"%s":"-1000","%s":"true"}}}""".formatted(
                                pod.getMetadata().getUid(), PoolManifest.DELETION_COST, PoolManifest.LEAVES));
        watch.leaves(pod.getMetadata().getUid());
    }

    /** Asks for so many, if there are still as many asked for as was seen; of none nothing is left. */
    private void scale(Deployment deployment, int replicas) {
        var resource = client.apps()
                .deployments()
                .inNamespace(namespace)
                .withName(deployment.getMetadata().getName());
        PatchContext ours = new PatchContext.Builder()
                .withPatchType(PatchType.JSON)
                .withFieldManager(Cluster.MANAGER)
                .build();
        String compareAndSet = """
                [{"op":"test","path":"/metadata/uid","value":"%s"},
                 {"op":"test","path":"/spec/replicas","value":%d},
                 {"op":"replace","path":"/spec/replicas","value":%d}]""".formatted(deployment.getMetadata().getUid(), replicas(deployment), replicas);
        @Nullable Deployment now = resource.patch(ours, compareAndSet);
        if (now == null) {
            throw new PoolException(
                    "Deployment " + deployment.getMetadata().getName() + " is gone: it is looked at again");
        }
        watch.changed(now);
        if (replicas == 0) {
            var unused = resource.withPropagationPolicy(DeletionPropagation.BACKGROUND)
                    .delete();
            watch.deleted(deployment);
            if (watch.deployments(PoolManifest.group(deployment)).isEmpty()) {
                allowEvictions(PoolManifest.group(deployment));
            }
        }
    }

    private void allowEvictions(String group) {
        var unused = budgets().withName(manifest.budgetName(group)).delete();
    }

    private NonNamespaceOperation<
                    GenericKubernetesResource, GenericKubernetesResourceList, Resource<GenericKubernetesResource>>
            budgets() {
        return client.genericKubernetesResources(new ResourceDefinitionContext.Builder()
                        .withGroup("policy")
                        .withVersion(policyVersion())
                        .withKind("PodDisruptionBudget")
                        .withPlural("poddisruptionbudgets")
                        .withNamespaced(true)
                        .build())
                .inNamespace(namespace);
    }

    /** Up to 1.20 there is v1beta1 alone, from 1.25 on v1. */
    private String policyVersion() {
        String known = policyVersion;
        if (known == null) {
            known = client.supports("policy/v1", "PodDisruptionBudget") ? "v1" : "v1beta1";
            policyVersion = known;
        }
        return known;
    }

    private void demandCurrent() {
        watch.trouble().ifPresent(why -> {
            throw new PoolException(why);
        });
    }

    private static PoolException refused(String what, KubernetesClientException e) {
        LOG.debug("Kubernetes refused", e);
        // A test of a patch that fails is answered with the code of an object that breaks a rule, which names its
        // fields.
        boolean rule = e.getStatus() != null
                && e.getStatus().getDetails() != null
                && !e.getStatus().getDetails().getCauses().isEmpty();
        boolean other = e.getCode() == HttpURLConnection.HTTP_CONFLICT || (e.getCode() == UNPROCESSABLE && !rule);
        String because = other
                ? "somebody else changed it at the same time, it is tried again (" + Cluster.said(e) + ")"
                : Cluster.said(e);
        return new PoolException(what + ": " + because, e);
    }

    @Override
    public void close() {
        watch.close();
        client.close();
    }
}
