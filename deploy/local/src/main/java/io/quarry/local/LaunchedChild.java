package io.quarry.local;

import io.quarry.worker.Death;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The process of one launched job: started once, and watched until it is gone by a thread of its own. */
final class LaunchedChild {
    private static final Logger LOG = LoggerFactory.getLogger(LaunchedChild.class);
    private static final Duration LOOK = Duration.ofMillis(250);
    private static final Path PROC = Path.of("/proc");

    private final WorkerSlot slot;
    private final OomKills oomKills;
    private final Process process;
    private final Thread watcher;

    private LaunchedChild(WorkerSlot slot, OomKills oomKills, Process process, Consumer<Death> ended) {
        this.slot = slot;
        this.oomKills = oomKills;
        this.process = process;
        long killsBefore = oomKills.count();
        this.watcher = new Thread(() -> watch(killsBefore, ended), "launched-" + slot.name());
        this.watcher.setDaemon(true);
    }

    /**
     * Starts the process.
     *
     * @param ended told of its end, by the watching thread
     */
    static LaunchedChild start(WorkerSlot slot, OomKills oomKills, Consumer<Death> ended) throws IOException {
        FileTree.delete(slot.tmp());
        Files.createDirectories(slot.tmp());
        Files.createDirectories(slot.scratch());
        ProcessBuilder builder = new ProcessBuilder(slot.command())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.to(new File(slot.log().toString())));
        builder.environment().putIfAbsent("MALLOC_ARENA_MAX", "2");
        builder.environment().putAll(slot.environment());
        Process started = builder.start();
        Files.writeString(slot.pidFile(), Long.toString(started.pid()), StandardCharsets.US_ASCII);
        LaunchedChild child = new LaunchedChild(slot, oomKills, started, ended);
        child.watcher.start();
        return child;
    }

    WorkerSlot slot() {
        return slot;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Asks the process to give its job back and to leave. */
    void requestStop() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            process.destroy();
        }
    }

    /** Waits until it is gone and its end was told; kills it when it takes too long. */
    void awaitStop(Duration grace) {
        try {
            watcher.join(Math.max(1, grace.toMillis()));
            if (process.isAlive()) {
                LOG.warn(
                        "The process of a launched job did not stop in time and is killed name={} pid={}",
                        slot.name(),
                        process.pid());
                process.destroyForcibly();
            }
            watcher.join(TimeUnit.SECONDS.toMillis(5));
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private void watch(long killsBefore, Consumer<Death> ended) {
        ProcessMemory last = ProcessMemory.of(PROC, process.pid());
        boolean killed = false;
        try {
            while (!process.waitFor(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
                ProcessMemory now = ProcessMemory.of(PROC, process.pid());
                last = now.peakBytes() > 0 ? now : last;
                if (!killed && now.outgrew(slot.memoryBytes())) {
                    LOG.warn(
                            "A launched job outgrew its memory and is killed name={} ownBytes={} givenBytes={}",
                            slot.name(),
                            now.ownBytes(),
                            slot.memoryBytes());
                    killed = true;
                    process.destroyForcibly();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        try {
            ended.accept(new Death(
                    process.exitValue(),
                    oomKills.count() - killsBefore,
                    killed,
                    last.peak(),
                    OptionalLong.of(slot.memoryBytes()),
                    LogTail.lines(slot.log(), 0)));
            Files.deleteIfExists(slot.pidFile());
            FileTree.delete(slot.tmp());
            FileTree.delete(slot.scratch());
        } catch (IOException e) {
            LOG.warn("Files of a launched job stay name={}", slot.name(), e);
        }
    }
}
