package io.quarry.local;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One worker slot: a child process that is started again when it dies, by a thread of its own. The child reads the end of
 * its standard input when this process is gone, however that went, and ends too.
 */
final class WorkerChild {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerChild.class);
    private static final long LOG_LIMIT_BYTES = 16L << 20;

    private final String name;
    private final List<String> command;
    private final Path log;
    private final Path tmp;
    private final Path pidFile;
    private final boolean finishes;
    private final RestartPolicy policy;
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final Thread supervisor;

    private @Nullable Process process;
    private WorkerView.State state = WorkerView.State.RESTARTING;
    private int deaths;

    /**
     * Describes a slot and starts nothing.
     *
     * @param finishes whether the process finishes its job when it is to stop, instead of handing it back
     */
    WorkerChild(
            String name,
            List<String> command,
            Path log,
            Path tmp,
            Path pidFile,
            boolean finishes,
            RestartPolicy policy) {
        this.name = name;
        this.command = List.copyOf(command);
        this.log = log;
        this.tmp = tmp;
        this.pidFile = pidFile;
        this.finishes = finishes;
        this.policy = policy;
        this.supervisor = new Thread(this::supervise, "supervisor-" + name);
        this.supervisor.setDaemon(true);
    }

    void start() {
        supervisor.start();
    }

    synchronized WorkerView view() {
        Process p = process;
        return new WorkerView(
                name, p != null && p.isAlive() ? OptionalLong.of(p.pid()) : OptionalLong.empty(), state, deaths);
    }

    Path log() {
        return log;
    }

    /** Asks the process to stop, and the supervisor not to start another one. Returns at once. */
    void requestStop() {
        stopping.countDown();
        Process p = current();
        if (p != null) {
            ask(p);
        }
    }

    /**
     * The end of its standard input tells a worker to hand its job back. A signal would be its second one where Ctrl-C sent
     * the first to the whole process group, and a second signal means at once.
     */
    private void ask(Process p) {
        if (finishes) {
            // The handle's: the process's own closes the standard input as well, which means to hand the job back.
            p.toHandle().destroy();
            return;
        }
        try {
            p.getOutputStream().close();
        } catch (IOException e) {
            p.destroy();
        }
    }

    /** Waits for the process to stop, kills it when it does not, and returns when it is gone. */
    void awaitStop(Duration grace) {
        boolean interrupted = false;
        try {
            supervisor.join(Math.max(1, grace.toMillis()));
        } catch (InterruptedException e) {
            interrupted = true;
        }
        Process p = current();
        if (p != null && p.isAlive()) {
            LOG.warn("A worker did not stop in time and is killed worker={} pid={}", name, p.pid());
            p.destroyForcibly();
        }
        try {
            supervisor.join(Duration.ofSeconds(5).toMillis());
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized @Nullable Process current() {
        return process;
    }

    private void supervise() {
        try {
            while (stopping.getCount() > 0) {
                long startedAt = System.nanoTime();
                String end = runOnce();
                if (stopping.getCount() == 0) {
                    break;
                }
                Duration lived = Duration.ofNanos(System.nanoTime() - startedAt);
                RestartPolicy.Decision decision = died(lived);
                LOG.warn(
                        "A worker died and is started again worker={} end={} livedMs={} deaths={} delayMs={}",
                        name,
                        end,
                        lived.toMillis(),
                        decision.deaths(),
                        decision.delay().toMillis());
                if (stopping.await(decision.delay().toMillis(), TimeUnit.MILLISECONDS)) {
                    break;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            stopped();
        }
    }

    private synchronized RestartPolicy.Decision died(Duration lived) {
        RestartPolicy.Decision decision = policy.after(deaths, lived);
        deaths = decision.deaths();
        state = WorkerView.State.RESTARTING;
        return decision;
    }

    private synchronized void stopped() {
        state = WorkerView.State.STOPPED;
    }

    private String runOnce() throws InterruptedException {
        try {
            FileTree.delete(tmp);
            Files.createDirectories(tmp);
            Process started = launch();
            int code = started.waitFor();
            Files.deleteIfExists(pidFile);
            FileTree.delete(tmp);
            return "exit code " + code;
        } catch (IOException e) {
            return e.toString();
        }
    }

    private synchronized Process launch() throws IOException {
        rotateLog();
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(new File(log.toString())));
        // Many allocator arenas would make the native memory of a query grow with the number of threads that ever ran.
        builder.environment().putIfAbsent("MALLOC_ARENA_MAX", "2");
        Process started = builder.start();
        process = started;
        state = WorkerView.State.RUNNING;
        Files.writeString(pidFile, Long.toString(started.pid()), StandardCharsets.US_ASCII);
        if (stopping.getCount() == 0) {
            ask(started);
        }
        return started;
    }

    private void rotateLog() throws IOException {
        if (Files.exists(log) && Files.size(log) > LOG_LIMIT_BYTES) {
            Files.move(log, log.resolveSibling(log.getFileName() + ".1"), StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
