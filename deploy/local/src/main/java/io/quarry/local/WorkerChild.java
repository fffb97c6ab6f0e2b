package io.quarry.local;

import io.quarry.worker.Death;
import io.quarry.worker.DeathReports;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
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
 * One worker slot: a child process that is started again when it dies, by a thread of its own, which also reports the jobs
 * that it had in hand: they go on at once instead of when a lease is over. The child reads the end of
 * its standard input when this process is gone, however that went, and ends too.
 */
final class WorkerChild {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerChild.class);
    private static final long LOG_LIMIT_BYTES = 16L << 20;

    private static final Duration LOOK = Duration.ofMillis(250);
    private static final Path PROC = Path.of("/proc");

    private final WorkerSlot slot;
    private final RestartPolicy policy;
    private final DeathReports deathReports;
    private final OomKills oomKills;
    private final StartListener listener;
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final Thread supervisor;

    private @Nullable Process process;
    private WorkerView.State state = WorkerView.State.RESTARTING;
    private int deaths;
    private @Nullable LastDeath lastDeath;

    /** Describes a slot and starts nothing. */
    WorkerChild(
            WorkerSlot slot,
            RestartPolicy policy,
            DeathReports deathReports,
            OomKills oomKills,
            StartListener listener) {
        this.slot = slot;
        this.policy = policy;
        this.deathReports = deathReports;
        this.oomKills = oomKills;
        this.listener = listener;
        this.supervisor = new Thread(this::supervise, "supervisor-" + slot.name());
        this.supervisor.setDaemon(true);
    }

    void start() {
        supervisor.start();
    }

    synchronized WorkerView view() {
        Process p = process;
        return new WorkerView(
                slot.name(), p != null && p.isAlive() ? OptionalLong.of(p.pid()) : OptionalLong.empty(), state, deaths);
    }

    /** How the last process that died ended; null when none did. */
    synchronized @Nullable LastDeath lastDeath() {
        return lastDeath;
    }

    String name() {
        return slot.name();
    }

    Path log() {
        return slot.log();
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
        if (slot.finishes()) {
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
            LOG.warn("A worker did not stop in time and is killed worker={} pid={}", slot.name(), p.pid());
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
                End end = runOnce();
                if (stopping.getCount() == 0) {
                    break;
                }
                Duration lived = Duration.ofNanos(System.nanoTime() - startedAt);
                RestartPolicy.Decision decision = died(end, lived);
                LOG.warn(
                        "A worker died and is started again worker={} end={} jobsInHand={} livedMs={} deaths={} delayMs={}",
                        slot.name(),
                        end.how(),
                        end.jobsInHand(),
                        lived.toMillis(),
                        decision.deaths(),
                        decision.delay().toMillis());
                listener.workerDied(slot.name(), end.how(), end.jobsInHand(), decision.delay());
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

    private synchronized RestartPolicy.Decision died(End end, Duration lived) {
        RestartPolicy.Decision decision = end.jobsInHand() > 0 ? policy.afterAJob() : policy.after(deaths, lived);
        deaths = decision.deaths();
        state = WorkerView.State.RESTARTING;
        return decision;
    }

    private synchronized void remember(LastDeath death) {
        lastDeath = death;
    }

    private synchronized void stopped() {
        state = WorkerView.State.STOPPED;
    }

    /**
     * How a process ended.
     *
     * @param code its exit code
     * @param words the end of what it said itself, without that of those before it
     */
    record LastDeath(int code, String words) {}

    /** How a process ended, and how many jobs died with it. */
    private record End(String how, int jobsInHand) {}

    private End runOnce() throws InterruptedException {
        try {
            FileTree.delete(slot.tmp());
            Files.createDirectories(slot.tmp());
            rotateLog();
            long logStart = Files.exists(slot.log()) ? Files.size(slot.log()) : 0;
            long oomKillsBefore = oomKills.count();
            Process started = launch();
            Watched watched = watch(started);
            int code = started.exitValue();
            List<String> words = LogTail.lines(slot.log(), logStart);
            remember(new LastDeath(code, String.join("\n", words)));
            Death death = new Death(
                    code,
                    oomKills.count() - oomKillsBefore,
                    watched.killed(),
                    watched.last().peak(),
                    OptionalLong.of(slot.memoryBytes()),
                    words);
            int inHand = deathReports.report(slot.scratch(), slot.name(), death);
            Files.deleteIfExists(slot.pidFile());
            FileTree.delete(slot.tmp());
            return new End(how(code, watched.killed()), inHand);
        } catch (IOException | UncheckedIOException e) {
            return new End(e.toString(), 0);
        }
    }

    /** Java gives 128 and the number of the signal that ended a process. */
    private static String how(int code, boolean overLimit) {
        if (overLimit) {
            return "killed, since it outgrew its memory";
        }
        return code > 128 && code < 160 ? "signal " + (code - 128) : "exit code " + code;
    }

    private record Watched(ProcessMemory last, boolean killed) {}

    /** Waits for the end of the process, and kills one that has outgrown what it was given: nobody else would here. */
    private Watched watch(Process started) throws InterruptedException {
        ProcessMemory last = ProcessMemory.of(PROC, started.pid());
        boolean killed = false;
        while (!started.waitFor(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
            ProcessMemory now = ProcessMemory.of(PROC, started.pid());
            if (now.peakBytes() > 0) {
                last = now;
            }
            if (!killed && now.outgrew(slot.memoryBytes())) {
                LOG.warn(
                        "A worker outgrew its memory and is killed worker={} ownBytes={} givenBytes={}",
                        slot.name(),
                        now.ownBytes(),
                        slot.memoryBytes());
                killed = true;
                started.destroyForcibly();
            }
        }
        return new Watched(last, killed);
    }

    private synchronized Process launch() throws IOException {
        ProcessBuilder builder = new ProcessBuilder(slot.command())
                .redirectErrorStream(true)
                .redirectOutput(
                        ProcessBuilder.Redirect.appendTo(new File(slot.log().toString())));
        // Many allocator arenas would make the native memory of a query grow with the number of threads that ever ran.
        builder.environment().putIfAbsent("MALLOC_ARENA_MAX", "2");
        builder.environment().putAll(slot.environment());
        Process started = builder.start();
        process = started;
        state = WorkerView.State.RUNNING;
        Files.writeString(slot.pidFile(), Long.toString(started.pid()), StandardCharsets.US_ASCII);
        if (stopping.getCount() == 0) {
            ask(started);
        }
        return started;
    }

    private void rotateLog() throws IOException {
        Path log = slot.log();
        if (Files.exists(log) && Files.size(log) > LOG_LIMIT_BYTES) {
            Files.move(log, log.resolveSibling(log.getFileName() + ".1"), StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
