package io.quarry.scheduler.launch;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.scheduler.pods.Cluster;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the Jobs and pods of an installation, and tells what their states say about jobs, each thing once. Lists them again
 * whenever a watch was lost, so that nothing is missed for good; what was told twice does no harm.
 */
final class PodWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PodWatch.class);
    private static final long RESYNC_MILLIS = Duration.ofSeconds(30).toMillis();
    private static final Duration FIRST_ANSWER = Duration.ofSeconds(2);
    private static final int REMEMBERED = 10_000;

    private final KubernetesClient client;
    private final String namespace;
    private final Consumer<JobEvent> news;
    private final InstantSource clock;
    private final SharedIndexInformer<Pod> pods;
    private final SharedIndexInformer<Job> jobs;
    private final Map<String, String> said = new LinkedHashMap<>();
    private volatile @Nullable String trouble;

    private PodWatch(
            KubernetesClient client,
            String namespace,
            Map<String, String> selector,
            Consumer<JobEvent> news,
            InstantSource clock) {
        this.client = client;
        this.namespace = namespace;
        this.news = news;
        this.clock = clock;
        this.pods = client.pods().inNamespace(namespace).withLabels(selector).runnableInformer(RESYNC_MILLIS);
        this.jobs = client.batch()
                .v1()
                .jobs()
                .inNamespace(namespace)
                .withLabels(selector)
                .runnableInformer(0);
    }

    /** Begins to follow, and waits a moment for the first answer. */
    static PodWatch begin(
            KubernetesClient client,
            String namespace,
            Map<String, String> selector,
            Consumer<JobEvent> news,
            InstantSource clock) {
        PodWatch watch = new PodWatch(client, namespace, selector, news, clock);
        watch.pods.addEventHandler(watch.new Handler());
        List<CompletableFuture<?>> answers = new ArrayList<>();
        for (SharedIndexInformer<?> informer : List.of(watch.pods, watch.jobs)) {
            // For ever: a server that is away or forbids something may change its mind.
            informer.exceptionHandler((started, failure) -> watch.failed(failure));
            answers.add(informer.start().toCompletableFuture());
        }
        try {
            CompletableFuture.allOf(answers.toArray(CompletableFuture<?>[]::new))
                    .get(FIRST_ANSWER.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("No first answer yet");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return watch;
    }

    private boolean failed(Throwable failure) {
        String why = Cluster.said(failure);
        if (!why.equals(trouble)) {
            LOG.warn("Pods cannot be followed for now, it is tried again: {}", why);
        }
        trouble = why;
        return true;
    }

    /** Whether Jobs and pods are known as they were a moment ago. */
    boolean isCurrent() {
        boolean current = pods.hasSynced() && jobs.hasSynced() && pods.isWatching() && jobs.isWatching();
        if (current) {
            trouble = null;
        }
        return current;
    }

    /** Why they are not; null when that is not known. */
    @Nullable String trouble() {
        return trouble;
    }

    List<Pod> pods() {
        return pods.getStore().list();
    }

    List<Job> jobs() {
        return jobs.getStore().list();
    }

    /** A Job for which no pod is made has the reason in its events: a quota, most likely. */
    void tellWhyThereIsNoPod(Launch.Key key) {
        try {
            Optional<String> why = client
                    .v1()
                    .events()
                    .inNamespace(namespace)
                    .withField("involvedObject.name", key.name())
                    .list()
                    .getItems()
                    .stream()
                    .filter(event -> "FailedCreate".equals(event.getReason()))
                    .map(Event::getMessage)
                    .reduce((earlier, last) -> last);
            why.ifPresent(reason -> tell(
                    key.name(),
                    JobEvent.newBuilder()
                            .setType(JobEventType.WAITING)
                            .setJobId(key.jobId())
                            .setAttempt(key.attempt())
                            .setAt(clock.instant())
                            .setWriter("launcher")
                            .setReason(reason)
                            .build()));
        } catch (KubernetesClientException e) {
            LOG.debug("Events of a Job cannot be read: name={} {}", key.name(), Cluster.said(e));
        }
    }

    private final class Handler implements ResourceEventHandler<Pod> {
        @Override
        public void onAdd(Pod pod) {
            PodEvents.from(pod).ifPresent(event -> tell(pod.getMetadata().getUid(), event));
        }

        @Override
        public void onUpdate(Pod before, Pod pod) {
            onAdd(pod);
        }

        @Override
        public void onDelete(Pod pod, boolean deletedFinalStateUnknown) {
            PodEvents.ofRemoved(pod).ifPresent(event -> tell(pod.getMetadata().getUid(), event));
        }
    }

    private void tell(String about, JobEvent event) {
        String what = event.getType() + " " + event.getReason() + " "
                + (event.getCause() == null ? "" : event.getCause().getMessage());
        synchronized (said) {
            if (what.equals(said.put(about, what))) {
                return;
            }
            if (said.size() > REMEMBERED) {
                said.remove(said.keySet().iterator().next());
            }
        }
        news.accept(JobEvent.newBuilder(event).setAt(clock.instant()).build());
    }

    @Override
    public void close() {
        pods.stop();
        jobs.stop();
    }
}
