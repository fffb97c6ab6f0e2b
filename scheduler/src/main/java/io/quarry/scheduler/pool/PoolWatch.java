package io.quarry.scheduler.pool;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.readiness.Readiness;
import io.quarry.scheduler.pods.Cluster;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Deployments and pods of an installation's workers, by group, as they are or as we have just made them: what was changed is
 * remembered until the watch tells it. Lists them again whenever a watch was lost. For one thread beside the watch's own.
 */
final class PoolWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PoolWatch.class);
    private static final String BY_GROUP = "group";
    private static final String BY_GENERATION = "generation";

    /** By then the watch has told what we did ourselves, or it is not so any more. */
    private static final Duration TOLD = Duration.ofSeconds(30);

    private final SharedIndexInformer<Deployment> deployments;
    private final SharedIndexInformer<Pod> pods;
    private final String namespace;
    private final CompletableFuture<Void> first;
    private final InstantSource clock;
    private final Map<String, Made> made = new ConcurrentHashMap<>();
    private final Map<String, Deployment> changed = new HashMap<>();
    private final Set<String> deleted = new HashSet<>();
    private final Set<String> leaving = new HashSet<>();
    private final Ends ends;
    private volatile @Nullable String trouble;

    private record Made(Deployment deployment, Instant at) {}

    PoolWatch(KubernetesClient client, String namespace, Map<String, String> selector, InstantSource clock) {
        this.clock = clock;
        this.namespace = namespace;
        this.deployments = client.apps()
                .deployments()
                .inNamespace(namespace)
                .withLabels(selector)
                .runnableInformer(0);
        this.pods = client.pods().inNamespace(namespace).withLabels(selector).runnableInformer(0);
        deployments.addIndexers(Map.of(BY_GROUP, each -> List.of(PoolManifest.group(each))));
        pods.addIndexers(Map.of(
                BY_GENERATION,
                pod -> PoolManifest.label(pod, PoolManifest.GENERATION).stream().toList()));
        deployments.addEventHandler(new Seen());
        this.ends = new Ends(clock);
        pods.addEventHandler(ends);
        // For ever: a server that is away or forbids something may change its mind.
        deployments.exceptionHandler((started, failure) -> failed(failure));
        pods.exceptionHandler((started, failure) -> failed(failure));
        this.first = CompletableFuture.allOf(
                deployments.start().toCompletableFuture(), pods.start().toCompletableFuture());
    }

    private boolean failed(Throwable failure) {
        String why = Cluster.said(failure);
        if (!why.equals(trouble)) {
            LOG.warn("Workers cannot be followed for now, it is tried again: {}", why);
        }
        trouble = why;
        return true;
    }

    /** Waits for the first answer, at most as long as is said. */
    void awaitFirst(Duration atMost) {
        try {
            first.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("No first answer yet");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** How workers ended. */
    Ends ends() {
        return ends;
    }

    /** Why what is known is not what there was a moment ago; empty when it is. */
    Optional<String> trouble() {
        boolean current = deployments.hasSynced() && pods.hasSynced() && deployments.isWatching() && pods.isWatching();
        if (current) {
            trouble = null;
            return Optional.empty();
        }
        String why = trouble;
        return Optional.of("Kubernetes cannot be asked" + (why == null ? " yet" : ": " + why));
    }

    Set<String> groups() {
        Set<String> groups = new HashSet<>();
        deployments.getStore().list().forEach(each -> groups.add(PoolManifest.group(each)));
        return groups;
    }

    /** Names of all Deployments that there are. */
    Set<String> names() {
        Set<String> names = new HashSet<>();
        deployments
                .getStore()
                .list()
                .forEach(each -> names.add(each.getMetadata().getName()));
        return names;
    }

    /** Whether there is a pod of that name, alive or not; whoever listens hears of its end. */
    boolean follows(String pod) {
        return pods.getIndexer().getByKey(namespace + "/" + pod) != null;
    }

    /** A group's Deployments, the oldest first. */
    List<Deployment> deployments(String group) {
        Instant now = clock.instant();
        made.values().removeIf(each -> now.isAfter(each.at.plus(TOLD)));
        // Before what was told is read: what is told meanwhile is there twice then, and not missing.
        List<Made> ours = List.copyOf(made.values());
        List<Deployment> told = deployments.getIndexer().byIndex(BY_GROUP, group);
        Stream<Deployment> untold = ours.stream()
                .map(Made::deployment)
                .filter(each -> told.stream()
                        .noneMatch(other -> other.getMetadata()
                                .getUid()
                                .equals(each.getMetadata().getUid())))
                .filter(each -> group.equals(PoolManifest.group(each)));
        return Stream.concat(told.stream(), untold)
                .map(this::newest)
                .filter(each -> !deleted.contains(each.getMetadata().getUid()))
                .filter(each -> each.getMetadata().getDeletionTimestamp() == null)
                .sorted(Comparator.comparing(
                        each -> String.valueOf(each.getMetadata().getCreationTimestamp())))
                .toList();
    }

    Optional<Deployment> deployment(String group, String name) {
        return deployments(group).stream()
                .filter(each -> name.equals(each.getMetadata().getName()))
                .findFirst();
    }

    private Deployment newest(Deployment told) {
        Deployment ours = changed.get(told.getMetadata().getUid());
        if (ours == null) {
            return told;
        }
        if (told.getMetadata().getGeneration() >= ours.getMetadata().getGeneration()) {
            changed.remove(told.getMetadata().getUid());
            return told;
        }
        return ours;
    }

    /** A Deployment's pods that live and are not told to end, those that have begun first, then by age. */
    List<Pod> pods(Deployment of) {
        return pods.getIndexer().byIndex(BY_GENERATION, of.getMetadata().getName()).stream()
                .filter(PoolWatch::lives)
                .sorted(Comparator.comparing((Pod pod) -> !begun(pod))
                        .thenComparing(pod -> String.valueOf(pod.getMetadata().getCreationTimestamp()))
                        .thenComparing(pod -> pod.getMetadata().getName()))
                .toList();
    }

    Optional<Pod> pod(String name) {
        return Optional.ofNullable(pods.getIndexer().getByKey(namespace + "/" + name))
                .filter(PoolWatch::lives);
    }

    private static boolean lives(Pod pod) {
        String phase = pod.getStatus() == null ? null : pod.getStatus().getPhase();
        return pod.getMetadata().getDeletionTimestamp() == null
                && !"Succeeded".equals(phase)
                && !"Failed".equals(phase);
    }

    /** Whether its process may have been started: before that it cannot hold a job. */
    static boolean begun(Pod pod) {
        return pod.getStatus() != null && "Running".equals(pod.getStatus().getPhase());
    }

    /** Whether the cluster has seen that its worker takes jobs. */
    static boolean ready(Pod pod) {
        return Readiness.isPodReady(pod);
    }

    /** Whether a pod was told to go. */
    boolean leaves(Pod pod) {
        Map<String, String> annotations = pod.getMetadata().getAnnotations();
        return leaving.contains(pod.getMetadata().getUid())
                || (annotations != null && annotations.containsKey(PoolManifest.LEAVES));
    }

    private final class Seen implements ResourceEventHandler<Deployment> {
        @Override
        public void onAdd(Deployment told) {
            made.remove(told.getMetadata().getUid());
        }

        @Override
        public void onUpdate(Deployment before, Deployment told) {
            onAdd(told);
        }

        @Override
        public void onDelete(Deployment told, boolean deletedFinalStateUnknown) {
            onAdd(told);
        }
    }

    void made(Deployment anew) {
        boolean told = deployments.getIndexer().byIndex(BY_GROUP, PoolManifest.group(anew)).stream()
                .anyMatch(each ->
                        each.getMetadata().getUid().equals(anew.getMetadata().getUid()));
        if (told) {
            return;
        }
        made.put(anew.getMetadata().getUid(), new Made(anew, clock.instant()));
    }

    void changed(Deployment now) {
        changed.put(now.getMetadata().getUid(), now);
    }

    void deleted(Deployment gone) {
        String uid = gone.getMetadata().getUid();
        deleted.add(uid);
        made.remove(uid);
        changed.remove(uid);
    }

    void leaves(String uid) {
        leaving.add(uid);
    }

    @Override
    public void close() {
        deployments.stop();
        pods.stop();
    }
}
