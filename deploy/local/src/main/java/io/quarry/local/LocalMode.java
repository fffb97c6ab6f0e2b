package io.quarry.local;

import io.quarry.avro.ResourceGroup;
import io.quarry.local.StartListener.Phase;
import io.quarry.local.broker.LocalBroker;
import io.quarry.local.registry.RegistryServer;
import io.quarry.scheduler.SchedulerProcess;
import io.quarry.scheduler.pool.WorkerPool;
import io.quarry.scheduler.trigger.ScheduleTime;
import io.quarry.schemas.Topics;
import io.quarry.worker.DeathReports;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All of Quarry on one machine: broker, registry and scheduler in this JVM, workers as processes of their own. Where
 * {@code bootstrap.servers} or {@code schema.registry.url} is set, an external broker or registry takes the embedded one's
 * place. This is the composition root: built top to bottom, closed in reverse.
 */
public final class LocalMode implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LocalMode.class);
    private static final Duration JOIN_LIMIT = Duration.ofSeconds(60);
    private static final int HOPELESS_DEATHS = 3;

    private final StartListener listener;
    private final Deque<Closing> closings = new ArrayDeque<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Map<String, String> settings;
    private final DataDirectory data;
    private Workers workers;
    private SchedulerSlot scheduler;

    private record Closing(String what, AutoCloseable part) {}

    /**
     * Starts everything and returns when a job that is submitted now would be run.
     *
     * @throws DataDirectoryException when the data directory cannot be used
     * @throws io.quarry.local.broker.BrokerException when the embedded broker cannot start
     * @throws io.quarry.local.registry.RegistryException when the embedded registry cannot start
     * @throws UnreachableException when an external broker does not answer
     * @throws LocalModeException when the rest cannot; nothing is left running in any of these cases
     */
    public static LocalMode start(LocalSettings settings, StartListener listener) {
        return start(settings, listener, ScheduleTime.real());
    }

    /** The same, with schedules that go by another time than real time; nothing else does. */
    public static LocalMode start(LocalSettings settings, StartListener listener, ScheduleTime time) {
        return start(settings, listener, Parts.ofProduction(time));
    }

    public static LocalMode start(LocalSettings settings) {
        return start(settings, StartListener.silent());
    }

    static LocalMode start(LocalSettings settings, StartListener listener, Parts parts) {
        return new LocalMode(settings, listener, parts);
    }

    private LocalMode(LocalSettings local, StartListener listener, Parts parts) {
        this.listener = listener;
        this.settings = new HashMap<>(local.passed());
        try {
            this.data = phase(Phase.DATA, () -> {
                DataDirectory opened = closing("data directory", DataDirectory.open(local.data()));
                closing("log", LogFile.open(opened.logs().resolve("local.log")));
                return opened;
            });
            settings.put("worker.datasets.dir", data.datasets().toString());
            settings.put("scheduler.state.dir", data.scheduler().toString());
            settings.put("scheduler.datasets.dir", data.datasets().toString());

            settings.putIfAbsent("worker.spill.bytes", Long.toString(spillBytes(local)));

            phase(Phase.BROKER, () -> startBroker(local));
            phase(Phase.REGISTRY, () -> startRegistry(local));
            ResourceGroup group = phase(Phase.TOPICS, () -> parts.topics().make(settings()));
            // Where no workers are asked for, nobody starts any: they come from elsewhere.
            int first = local.workers() == 0 ? 0 : group.getMinWorkers();
            // The processes take a second to come up, which the scheduler's start fills.
            DeathReports deathReports = closing(
                    "death reports",
                    new DeathReports(
                            settings(), "local/" + ProcessHandle.current().pid(), InstantSource.system()));
            this.workers = closing(
                    "workers",
                    Workers.start(
                            local,
                            data,
                            settings(),
                            parts.workerMain(),
                            deathReports,
                            local.machine(),
                            group,
                            first,
                            listener));
            Optional<WorkerPool> pool = local.workers() == 0 ? Optional.empty() : Optional.of(workers);
            SchedulerSlot slot = new SchedulerSlot(
                    () -> parts.scheduler()
                            .start(
                                    settings(),
                                    new LocalPods(
                                            local,
                                            data,
                                            settings(),
                                            parts.workerMain(),
                                            deathReports,
                                            workers,
                                            InstantSource.system()),
                                    pool),
                    this::schedulerStarted);
            this.scheduler = phase(Phase.SCHEDULER, () -> {
                slot.start();
                return closing("scheduler", slot);
            });
            // Paused workers have left their queue.
            phase(Phase.WORKERS, () -> awaitWorkers(local, group.getPaused() == null ? first : 0));
            connection().write(data.root());
            closing("connection file", () -> Files.deleteIfExists(data.root().resolve(Connection.FILE)));
            LOG.info(
                    "Local mode is up bootstrap={} registry={} data={}",
                    bootstrapServers(),
                    registryUrl(),
                    data.root());
        } catch (RuntimeException | Error e) {
            // An error as well: a class that a library loads late may refuse to be loaded while the process ends.
            close();
            throw e;
        } catch (Exception e) {
            close();
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            throw new LocalModeException("Local mode did not start: " + e.getMessage(), e);
        }
    }

    /** Half of what the disk has left, shared, in whole GiB so that it is not another figure at each start. */
    private long spillBytes(LocalSettings local) {
        long gib = 1L << 30;
        long share = data.root().toFile().getUsableSpace() / 2 / Math.max(1, local.workers());
        return Math.max(gib, share / gib * gib);
    }

    private AutoCloseable startBroker(LocalSettings local) throws InterruptedException {
        if (!local.hasOwnBroker()) {
            ExternalBroker.reach(ClientSettings.of(settings), local.brokerReach());
            return () -> {};
        }
        LocalBroker broker = closing("broker", LocalBroker.start(data.kafka(), local.brokerPort()));
        settings.put("bootstrap.servers", broker.bootstrapServers());
        return broker;
    }

    private AutoCloseable startRegistry(LocalSettings local) {
        if (!local.hasOwnRegistry()) {
            return () -> {};
        }
        RegistryServer registry = closing(
                "registry",
                RegistryServer.start(
                        ClientSettings.of(settings),
                        local.registryPort(),
                        Integer.parseInt(local.get("replication.factor"))));
        settings.put("schema.registry.url", registry.url());
        return registry;
    }

    private int awaitWorkers(LocalSettings local, int first) throws InterruptedException {
        String group = new Topics(local.get("topic.prefix")).shareGroup(local.get("resource.group"));
        long end = System.nanoTime() + JOIN_LIMIT.toNanos();
        try (Membership membership = new Membership(ClientSettings.of(settings), group)) {
            while (true) {
                int joined = first == 0 ? 0 : membership.count();
                if (joined >= first) {
                    return joined;
                }
                workers.refuseHopeless(HOPELESS_DEATHS);
                if (System.nanoTime() > end) {
                    throw new LocalModeException(
                            "Of " + first + " workers only " + joined + " joined the group " + group + " within "
                                    + JOIN_LIMIT.toSeconds() + " s: see " + data.logs(),
                            null);
                }
                if (closed.await(50, TimeUnit.MILLISECONDS)) {
                    throw new LocalModeException("Local mode was closed while it started", null);
                }
            }
        }
    }

    private interface Step<T> {
        T run() throws Exception;
    }

    private <T> T phase(Phase phase, Step<T> step) throws Exception {
        if (closed.getCount() == 0) {
            throw new LocalModeException("Local mode was closed while it started", null);
        }
        listener.began(phase);
        long began = System.nanoTime();
        T result = step.run();
        listener.ended(phase, Duration.ofNanos(System.nanoTime() - began));
        return result;
    }

    private <T extends AutoCloseable> T closing(String what, T part) {
        synchronized (closings) {
            closings.push(new Closing(what, part));
        }
        if (closed.getCount() == 0) {
            // Whoever closed a start under way saw no such part yet.
            close();
            throw new LocalModeException("Local mode was closed while it started", null);
        }
        return part;
    }

    private Connection connection() {
        Map<String, String> more = new HashMap<>(ClientSettings.of(settings));
        settings.forEach((name, value) -> {
            if (name.startsWith("schema.registry.") || name.startsWith("basic.auth.")) {
                more.put(name, value);
            }
        });
        for (String name : List.of("topic.prefix", "resource.group", "worker.memory.bytes", "engine.catalog")) {
            String value = settings.get(name);
            if (value != null) {
                more.put(name, value);
            }
        }
        return new Connection(
                bootstrapServers(),
                registryUrl(),
                data.datasets(),
                ProcessHandle.current().pid(),
                more);
    }

    /** Where the broker is, embedded or not. */
    public String bootstrapServers() {
        return settings.getOrDefault("bootstrap.servers", "");
    }

    /** Where the registry is, embedded or not. */
    public String registryUrl() {
        return settings.getOrDefault("schema.registry.url", "");
    }

    /** Root of the data directory. */
    public Path data() {
        return data.root();
    }

    /** The directory that results lie in. */
    public Path datasets() {
        return data.datasets();
    }

    /** The directory with the logs of this process and of the workers. */
    public Path logs() {
        return data.logs();
    }

    /** Settings as a client, a worker or a scheduler takes them, with the addresses filled in. */
    public Map<String, String> settings() {
        return Map.copyOf(settings);
    }

    /**
     * Completes when local mode was closed, exceptionally when the scheduler was stopped by a fault: jobs go nowhere then, and
     * the caller should close and say so.
     */
    public CompletableFuture<Void> ended() {
        return ended.copy();
    }

    /** Stops the scheduler alone, as an outage of it would; workers go on with what they run. */
    public void stopScheduler() {
        scheduler.stop();
    }

    /** Starts the scheduler again and returns when it works. */
    public void startScheduler() {
        scheduler.start();
    }

    private void schedulerStarted(AutoCloseable started) {
        if (started instanceof SchedulerProcess process) {
            CompletableFuture<Void> unused = process.ended().whenComplete(this::schedulerEnded);
        }
    }

    private void schedulerEnded(@Nullable Void nothing, @Nullable Throwable fault) {
        if (fault != null) {
            ended.completeExceptionally(fault);
        }
    }

    /** The worker processes as they are now. */
    public List<WorkerView> workers() {
        return workers.views();
    }

    /** The last lines of a worker's log. */
    public String logTail(String worker) {
        return LogTail.of(logs().resolve(worker + ".log"));
    }

    /**
     * Stops everything in reverse order and returns when nothing is left: no process, port or temporary file. What was
     * submitted stays. May be called from a shutdown hook, by any thread and more than once.
     */
    @Override
    public void close() {
        closed.countDown();
        // Whoever interrupts a start wants all of it stopped, and stopping has to be able to wait.
        boolean interrupted = Thread.interrupted();
        closeAll();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void closeAll() {
        synchronized (closings) {
            while (!closings.isEmpty()) {
                Closing closing = closings.pop();
                try {
                    closing.part().close();
                } catch (Exception e) {
                    LOG.warn("A part of local mode did not stop cleanly part={}", closing.what(), e);
                }
            }
        }
        ended.complete(null);
    }
}
