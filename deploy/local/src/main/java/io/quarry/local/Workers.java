package io.quarry.local;

import io.quarry.worker.Death;
import io.quarry.worker.DeathReports;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The worker processes of a local mode. */
final class Workers implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Workers.class);

    private final List<WorkerChild> children;
    private final Duration grace;
    private final DataDirectory data;

    private Workers(List<WorkerChild> children, Duration grace, DataDirectory data) {
        this.children = List.copyOf(children);
        this.grace = grace;
        this.data = data;
    }

    /** Starts the processes and returns without waiting for them to be ready. */
    static Workers start(
            LocalSettings settings,
            DataDirectory data,
            Map<String, String> passed,
            String mainClass,
            DeathReports deathReports) {
        try {
            endOrphans(data.workers(), mainClass);
            reportOrphans(data, deathReports);
            FileTree.delete(data.workers());
            FileTree.delete(data.tmp());
            FileTree.delete(data.scratch());
            Files.createDirectories(data.workers());
            List<WorkerChild> children = new ArrayList<>();
            for (int i = 1; i <= settings.workers(); i++) {
                children.add(child("worker-" + i, settings, data, passed, mainClass, deathReports));
            }
            children.forEach(WorkerChild::start);
            return new Workers(children, settings.stopGrace(), data);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static WorkerChild child(
            String name,
            LocalSettings settings,
            DataDirectory data,
            Map<String, String> passed,
            String mainClass,
            DeathReports deathReports)
            throws IOException {
        Path scratch = data.scratch().resolve(name);
        Files.createDirectories(scratch);
        Map<String, String> own = new HashMap<>(passed);
        own.put("worker.name", name);
        own.put("worker.scratch.dir", scratch.toString());
        own.put("worker.exit.on.stdin.eof", "true");
        own.put("worker.parent.pid", Long.toString(ProcessHandle.current().pid()));
        Path file = data.workers().resolve(name + ".properties");
        Properties properties = new Properties();
        properties.putAll(own);
        Files.createFile(file);
        FileTree.ownerOnly(file);
        try (Writer writer = Files.newBufferedWriter(file)) {
            properties.store(writer, "Written by local mode for " + name);
        }
        Path tmp = data.tmp().resolve(name);
        List<String> command = WorkerCommand.of(
                WorkerCommand.setsid(),
                Path.of(System.getProperty("java.home")),
                ChildClasses.ofThisProcess(),
                settings.workerHeapBytes(),
                tmp,
                mainClass,
                file);
        WorkerSlot slot = new WorkerSlot(
                name,
                command,
                data.logs().resolve(name + ".log"),
                tmp,
                data.workers().resolve(name + ".pid"),
                scratch,
                Long.parseLong(settings.get("worker.memory.bytes")),
                "finish".equals(passed.get("worker.on.stop")));
        return new WorkerChild(slot, RestartPolicy.DEFAULT, deathReports, OomKills.current());
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

    List<WorkerView> views() {
        return children.stream().map(WorkerChild::view).toList();
    }

    /** Refuses to go on when a worker dies again and again, with the end of what it said. */
    void refuseHopeless(int mostDeaths) {
        for (WorkerChild child : children) {
            WorkerView view = child.view();
            if (view.deaths() >= mostDeaths) {
                throw new LocalModeException(
                        "The process of " + view.name() + " died " + view.deaths() + " times at its start. The end of "
                                + child.log() + ":\n" + LogTail.of(child.log()),
                        null);
            }
        }
    }

    /** Stops all processes at once and returns when all are gone, with their temporary files. */
    @Override
    public void close() {
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
