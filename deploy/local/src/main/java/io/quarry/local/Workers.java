package io.quarry.local;

import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.scheduler.pool.PoolException;
import io.quarry.scheduler.pool.PoolWorker;
import io.quarry.scheduler.pool.Shape;
import io.quarry.scheduler.pool.WorkerPool;
import io.quarry.schemas.Quantities;
import io.quarry.worker.Death;
import io.quarry.worker.DeathReports;
import io.quarry.worker.ExitCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The worker processes of a local mode, of all groups: the pool that its scheduler scales. A worker is supervised from its
 * start to its removal. Safe for use by several threads.
 */
final class Workers implements WorkerPool, LocalPods.Neighbours, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Workers.class);
    private static final int MOST = 64;

    private record Member(String group, String shape, long memoryBytes, WorkerChild child) {}

    private final List<Member> members = new ArrayList<>();
    private final List<WorkerChild> leaving = new ArrayList<>();
    private final WorkerSlots slots;
    private final DeathReports deathReports;
    private final Duration grace;
    private final DataDirectory data;
    private final Machine machine;
    private final StartListener listener;
    private volatile long launchedBytes;
    private boolean closed;

    private Workers(
            WorkerSlots slots,
            DeathReports deathReports,
            Duration grace,
            DataDirectory data,
            Machine machine,
            StartListener listener) {
        this.slots = slots;
        this.deathReports = deathReports;
        this.grace = grace;
        this.data = data;
        this.machine = machine;
        this.listener = listener;
    }

    /**
     * Ends what an earlier local mode left, starts the first workers of a group, and returns without waiting for them to be
     * ready.
     *
     * @param first how many
     */
    static Workers start(
            LocalSettings settings,
            DataDirectory data,
            Map<String, String> passed,
            String mainClass,
            DeathReports deathReports,
            Machine machine,
            ResourceGroup group,
            int first,
            StartListener listener) {
        try {
            endOrphans(data.workers(), mainClass);
            reportOrphans(data, deathReports);
            FileTree.delete(data.workers());
            FileTree.delete(data.tmp());
            FileTree.delete(data.scratch());
            Files.createDirectories(data.workers());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Workers workers = new Workers(
                new WorkerSlots(settings, data, passed, mainClass),
                deathReports,
                settings.stopGrace(),
                data,
                machine,
                listener);
        for (int i = 0; i < first; i++) {
            workers.begin(group);
        }
        return workers;
    }

    private synchronized String begin(ResourceGroup group) {
        Set<String> taken = Stream.concat(
                        members.stream().map(member -> member.child.name()),
                        leaving.stream().map(WorkerChild::name))
                .collect(Collectors.toSet());
        WorkerSlot slot = slots.next(group, taken);
        WorkerChild child = new WorkerChild(slot, RestartPolicy.DEFAULT, deathReports, OomKills.current(), listener);
        members.add(new Member(group.getName(), Shape.of(group), slot.memoryBytes(), child));
        child.start();
        return slot.name();
    }

    // ---- the pool

    @Override
    public synchronized List<String> groups() {
        return members.stream().map(Member::group).distinct().toList();
    }

    @Override
    public synchronized List<PoolWorker> workers(String group) {
        leaving.removeIf(child -> child.view().state() == WorkerView.State.STOPPED);
        return members.stream()
                .filter(member -> member.group.equals(group))
                .map(member -> new PoolWorker(
                        member.child.name(), member.shape, member.child.view().pid()))
                .toList();
    }

    @Override
    public Optional<String> obstacle(ResourceGroup group) {
        return Obstacles.of(group.getWorker(), machine, slots.leastMemoryBytes());
    }

    @Override
    public synchronized Optional<String> add(ResourceGroup group) {
        if (closed) {
            throw new PoolException("local mode is being stopped");
        }
        if (members.size() >= MOST) {
            throw new PoolException("local mode runs at most " + MOST + " workers, of all groups");
        }
        long wanted = memory(group.getWorker());
        long given = givenBytes();
        long launched = launchedBytes;
        if (given + launched + wanted > machine.memoryBytes()) {
            throw new PoolException("this machine has " + Quantities.formatBytes(machine.memoryBytes())
                    + " of memory, of which its workers have " + Quantities.formatBytes(given)
                    + (launched == 0 ? "" : " and launched jobs " + Quantities.formatBytes(launched))
                    + ": no room for another "
                    + Quantities.formatBytes(wanted));
        }
        try {
            return Optional.of(begin(group));
        } catch (UncheckedIOException e) {
            throw new PoolException("its files cannot be written: " + e.getCause());
        }
    }

    @Override
    public synchronized void remove(String group, String worker) {
        members.stream()
                .filter(member -> member.child.name().equals(worker))
                .findFirst()
                .ifPresent(member -> {
                    members.remove(member);
                    leaving.add(member.child);
                    member.child.requestStop();
                });
    }

    @Override
    public synchronized long givenBytes() {
        return members.stream().mapToLong(Member::memoryBytes).sum();
    }

    @Override
    public void launchedHave(long bytes) {
        launchedBytes = bytes;
    }

    private static long memory(Resources size) {
        return size.getMemoryBytes() == null ? 0 : size.getMemoryBytes();
    }

    /** Ends workers of a local mode that was killed a moment ago: theirs are the files that are about to be removed. */
    private static void endOrphans(Path directory, String mainClass) throws IOException {
        if (!Files.isDirectory(directory)) {
            return;
        }
        List<Path> pidFiles;
        try (Stream<Path> files = Files.list(directory)) {
            pidFiles = files.filter(f -> f.toString().endsWith(".pid")).toList();
        }
        for (Path file : pidFiles) {
            String pid = Files.readString(file, StandardCharsets.US_ASCII).trim();
            if (pid.matches("[0-9]{1,18}")) {
                ProcessHandle.of(Long.parseLong(pid))
                        .filter(p -> p.info().commandLine().orElse("").contains(mainClass))
                        .ifPresent(Workers::end);
            }
        }
    }

    /** What they had in hand goes on now, not when its lease is over. */
    private static void reportOrphans(DataDirectory data, DeathReports deathReports) throws IOException {
        if (!Files.isDirectory(data.scratch())) {
            return;
        }
        List<Path> scratches;
        try (Stream<Path> directories = Files.list(data.scratch())) {
            scratches = directories.toList();
        }
        for (Path scratch : scratches) {
            String name = scratch.getFileName().toString();
            Path log = data.logs().resolve(name + ".log");
            int unused = deathReports.report(
                    scratch, name, Death.found(Files.exists(log) ? LogTail.lines(log, 0) : List.of()));
        }
    }

    private static void end(ProcessHandle orphan) {
        LOG.warn("A worker of an earlier local mode is still there and is killed pid={}", orphan.pid());
        orphan.destroyForcibly();
        try {
            orphan.onExit().get(5, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new LocalModeException("Process " + orphan.pid() + ", an earlier worker, does not end: kill it", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LocalModeException("Interrupted while ending an earlier worker", e);
        }
    }

    synchronized List<WorkerView> views() {
        return members.stream().map(member -> member.child.view()).toList();
    }

    /** Refuses to go on when a worker dies again and again, or says that it is set wrong, with what the last one said. */
    void refuseHopeless(int mostDeaths) {
        for (WorkerChild child : children()) {
            WorkerView view = child.view();
            WorkerChild.LastDeath last = child.lastDeath();
            if (last == null) {
                continue;
            }
            if (last.code() == ExitCode.BAD_SETTING) {
                throw new SettingException(view.name() + " cannot start:\n" + last.words());
            }
            if (view.deaths() >= mostDeaths) {
                throw new LocalModeException(
                        "The process of " + view.name() + " died " + view.deaths()
                                + " times at its start. Its last words in " + child.log() + ":\n" + last.words(),
                        null);
            }
        }
    }

    private synchronized List<WorkerChild> children() {
        return Stream.concat(members.stream().map(Member::child), leaving.stream())
                .toList();
    }

    /** Stops all processes at once and returns when all are gone, with their temporary files. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        List<WorkerChild> children = children();
        children.forEach(WorkerChild::requestStop);
        long end = System.nanoTime() + grace.toNanos();
        for (WorkerChild child : children) {
            child.awaitStop(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
        }
        try {
            FileTree.delete(data.workers());
            FileTree.delete(data.tmp());
            FileTree.delete(data.scratch());
        } catch (IOException e) {
            LOG.warn("Temporary files of the workers stay", e);
        }
    }
}
