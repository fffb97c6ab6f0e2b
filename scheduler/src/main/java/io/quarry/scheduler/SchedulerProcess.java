package io.quarry.scheduler;

import io.quarry.scheduler.collect.Collector;
import io.quarry.scheduler.launch.KubernetesPlatform;
import io.quarry.scheduler.launch.Launcher;
import io.quarry.scheduler.launch.PodPlatform;
import io.quarry.scheduler.lifecycle.JobLifecycle;
import io.quarry.scheduler.pool.Attendance;
import io.quarry.scheduler.pool.Autoscaler;
import io.quarry.scheduler.pool.KubernetesPool;
import io.quarry.scheduler.pool.WorkerPool;
import io.quarry.scheduler.trigger.ScheduleTime;
import io.quarry.scheduler.trigger.Schedules;
import io.quarry.schemas.provision.ProvisionException;
import io.quarry.schemas.provision.TopicProvisioner;
import io.quarry.schemas.serde.RegistryUnavailableException;
import io.quarry.schemas.serde.WireSerdes;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.RetriableException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Composition root of the scheduler. Waits for broker and registry as long as they are away, makes and checks the topics, then runs
 * the lifecycle and the schedules until it is closed or a fault of its own stops it.
 */
public final class SchedulerProcess implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SchedulerProcess.class);
    private static final long PAUSE_MS = 250;

    private final SchedulerSettings settings;
    private final WireSerdes serdes;
    private final ScheduleTime time;
    private final Thread starter;
    private final CompletableFuture<JobLifecycle> lifecycle = new CompletableFuture<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Optional<PodPlatform> platform;
    private final Optional<KubernetesPool> ownPool;
    private final Optional<WorkerPool> pool;
    private volatile @Nullable Collector collector;
    private volatile @Nullable Launcher launcher;
    private volatile @Nullable Schedules schedules;
    private volatile @Nullable Autoscaler autoscaler;
    private volatile @Nullable Attendance attendance;
    private final CountDownLatch closing = new CountDownLatch(1);

    private SchedulerProcess(
            Map<String, String> all, Optional<PodPlatform> platform, Optional<WorkerPool> pool, ScheduleTime time) {
        this.time = time;
        this.settings = SchedulerSettings.of(all);
        this.serdes = serdes(all);
        this.platform = platform.or(() -> platform(all));
        this.ownPool = pool.isPresent() ? Optional.empty() : pool(all);
        this.pool = pool.or(() -> ownPool);
        this.starter = new Thread(this::connect, "quarry-scheduler-start");
        this.starter.setDaemon(true);
    }

    /**
     * Begins to start a scheduler and returns at once.
     *
     * @throws IllegalArgumentException naming a wrong setting
     */
    public static SchedulerProcess start(Map<String, String> settings) {
        return start(settings, Optional.empty(), Optional.empty(), ScheduleTime.real());
    }

    /**
     * The same, where whoever starts it has processes for oversize jobs, workers to scale, or lets schedules go by another time.
     *
     * @param platform closed with the scheduler; empty takes what the settings name, if anything
     * @param pool stays the caller's; empty takes what the settings name, if anything
     * @param time the time that schedules go by; nothing else does
     * @throws IllegalArgumentException naming a wrong setting
     */
    public static SchedulerProcess start(
            Map<String, String> settings,
            Optional<PodPlatform> platform,
            Optional<WorkerPool> pool,
            ScheduleTime time) {
        SchedulerProcess process = new SchedulerProcess(settings, platform, pool, time);
        process.starter.start();
        return process;
    }

    private static WireSerdes serdes(Map<String, String> all) {
        try {
            return WireSerdes.of(all);
        } catch (ConfigException wrong) {
            throw new IllegalArgumentException(wrong.getMessage(), wrong);
        }
    }

    /** What the settings name for oversize jobs. Without any they wait, LAUNCHING, for a scheduler that has one. */
    private static Optional<PodPlatform> platform(Map<String, String> all) {
        String name = all.getOrDefault("launch.platform", "none");
        return switch (name) {
            case "none" -> Optional.empty();
            case "kubernetes" -> Optional.of(KubernetesPlatform.of(all, InstantSource.system()));
            default ->
                throw new IllegalArgumentException("launch.platform is " + name + ": must be none or kubernetes");
        };
    }

    /** What the settings name for workers. Without any nothing is scaled: workers are started by somebody else. */
    private static Optional<KubernetesPool> pool(Map<String, String> all) {
        String name = all.getOrDefault("pool.platform", "none");
        return switch (name) {
            case "none" -> Optional.empty();
            case "kubernetes" -> Optional.of(KubernetesPool.of(all, InstantSource.system()));
            default -> throw new IllegalArgumentException("pool.platform is " + name + ": must be none or kubernetes");
        };
    }

    /**
     * Waits until jobs are being looked after.
     *
     * @throws IllegalStateException when that has not come true in time, or a fault stopped the process
     */
    public void awaitReady(Duration atMost) throws InterruptedException {
        long end = System.nanoTime() + atMost.toNanos();
        try {
            JobLifecycle started = lifecycle.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
            Schedules ticking = schedules;
            if (started.awaitReady(left(end)) && (ticking == null || ticking.awaitReady(left(end)))) {
                return;
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException("the scheduler cannot run: " + e.getCause(), e.getCause());
        } catch (TimeoutException e) {
            // Falls through to the same message.
        }
        throw new IllegalStateException("the scheduler is not ready after " + atMost);
    }

    private static Duration left(long end) {
        return Duration.ofNanos(Math.max(1_000_000, end - System.nanoTime()));
    }

    /** Completes when the process was closed, exceptionally when a fault stopped it. */
    public CompletableFuture<Void> ended() {
        return ended;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the completion is what ended() is
    private void connect() {
        try {
            try (Admin admin = Admin.create(new HashMap<>(settings.kafka()))) {
                TopicProvisioner topics = topics(admin);
                await("broker", () -> admin.describeCluster().nodes().get());
                await("registry", topics::provision);
                topics.check();
            }
            JobLifecycle started = JobLifecycle.start(
                    settings.lifecycle(),
                    settings.kafka(),
                    settings.streams(),
                    serdes,
                    InstantSource.system(),
                    this::remakeTopics);
            Schedules ticking = Schedules.start(
                    settings.trigger().by(time), settings.kafka(), settings.streams(), serdes, InstantSource.system());
            schedules = ticking;
            ticking.ended().whenComplete((nothing, fault) -> {
                if (fault != null) {
                    end(fault);
                }
            });
            collector = settings.collect()
                    .map(collect -> Collector.start(collect, settings.kafka(), serdes, InstantSource.system()))
                    .orElse(null);
            launcher = platform.map(pods -> Launcher.start(
                            settings.launch(), pods, settings.kafka(), serdes, InstantSource.system(), "launcher"))
                    .orElse(null);
            autoscaler = pool.map(workers -> Autoscaler.start(
                            settings.pool(), settings.kafka(), serdes, workers, InstantSource.system()))
                    .orElse(null);
            attendance = Attendance.start(settings.lifecycle().topics(), settings.kafka());
            started.ended().whenComplete((nothing, fault) -> end(fault));
            if (!lifecycle.complete(started)) {
                started.close();
            }
        } catch (InterruptedException e) {
            end(e);
        } catch (RuntimeException | ExecutionException e) {
            end(e);
        }
    }

    private TopicProvisioner topics(Admin admin) {
        return TopicProvisioner.of(admin, settings.lifecycle().topics(), settings.provision());
    }

    private void remakeTopics() {
        try (Admin admin = Admin.create(new HashMap<>(settings.kafka()))) {
            topics(admin).provision();
        }
    }

    private interface Attempt {
        void run() throws InterruptedException, ExecutionException;
    }

    /** Tries until it works, unless it fails for a reason that waiting does not mend. */
    private void await(String what, Attempt attempt) throws InterruptedException, ExecutionException {
        boolean said = false;
        while (true) {
            try {
                attempt.run();
                return;
            } catch (ExecutionException | RegistryUnavailableException | ProvisionException e) {
                if (!(e instanceof RegistryUnavailableException) && !(e.getCause() instanceof RetriableException)) {
                    throw e;
                }
                if (!said) {
                    LOG.warn("Waits for the {}: {}", what, String.valueOf(e.getMessage()));
                    said = true;
                }
            }
            if (closing.await(PAUSE_MS, TimeUnit.MILLISECONDS)) {
                throw new InterruptedException("closed while waiting for the " + what);
            }
        }
    }

    private void end(@Nullable Throwable fault) {
        if (fault == null) {
            ended.complete(null);
        } else {
            if (fault instanceof ProvisionException) {
                // What its operator should do is all that there is to say.
                LOG.error("The scheduler stops: {}", fault.getMessage());
            } else {
                LOG.error("The scheduler stops", fault);
            }
            ended.completeExceptionally(fault);
        }
        lifecycle.completeExceptionally(fault == null ? new IllegalStateException("it was closed") : fault);
    }

    @Override
    public void close() {
        closing.countDown();
        try {
            starter.join(TimeUnit.SECONDS.toMillis(15));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Autoscaler scaling = autoscaler;
        if (scaling != null) {
            scaling.close();
        }
        Attendance calling = attendance;
        if (calling != null) {
            calling.close();
        }
        ownPool.ifPresent(KubernetesPool::close);
        Launcher launching = launcher;
        if (launching != null) {
            launching.close();
        }
        Schedules ticking = schedules;
        if (ticking != null) {
            ticking.close();
        }
        Collector collecting = collector;
        if (collecting != null) {
            collecting.close();
        }
        JobLifecycle started = lifecycle.isCompletedExceptionally() ? null : lifecycle.getNow(null);
        if (started != null) {
            started.close();
        }
        ended.complete(null);
    }
}
