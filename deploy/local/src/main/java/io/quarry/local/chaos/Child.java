package io.quarry.local.chaos;

import io.quarry.local.ChildClasses;
import io.quarry.local.FileTree;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A JVM that is started again half a second after it died, until it is closed. Safe for use by several threads. */
final class Child implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Child.class);
    private static final long AGAIN_MS = 500;

    private final String name;
    private final List<String> command;
    private final Path tmp;
    private final Path log;
    private final Thread supervisor;
    private boolean closed;
    private @Nullable Process process;

    private Child(String name, List<String> command, Path tmp, Path log) {
        this.name = name;
        this.command = List.copyOf(command);
        this.tmp = tmp;
        this.log = log;
        this.supervisor = new Thread(this::supervise, "chaos-" + name);
        supervisor.setDaemon(true);
    }

    /** Starts a main class in a JVM of its own; its directory keeps its log and its temporary files. */
    static Child start(String name, Path directory, long heapMib, List<String> mainAndArguments) throws IOException {
        Files.createDirectories(directory);
        Path tmp = directory.resolve(name + ".tmp");
        ChildClasses classes = ChildClasses.ofThisProcess();
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + heapMib + "m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                "-Djava.io.tmpdir=" + tmp,
                "--enable-native-access=ALL-UNNAMED"));
        command.addAll(classes.options());
        command.add("-cp");
        command.add(classes.classPath());
        command.addAll(mainAndArguments);
        Child child = new Child(name, command, tmp, directory.resolve(name + ".log"));
        child.supervisor.start();
        return child;
    }

    private void supervise() {
        try {
            while (true) {
                Process started = launch();
                if (started == null) {
                    return;
                }
                int code = started.waitFor();
                LOG.atInfo()
                        .addKeyValue("process", name)
                        .addKeyValue("code", code)
                        .log("process ended");
                synchronized (this) {
                    if (closed) {
                        return;
                    }
                    wait(AGAIN_MS);
                }
            }
        } catch (IOException e) {
            LOG.atError().addKeyValue("process", name).log("process cannot be started", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized @Nullable Process launch() throws IOException {
        if (closed) {
            return null;
        }
        // What a killed process unpacked into its temporary directory is tens of megabytes.
        FileTree.delete(tmp);
        Files.createDirectories(tmp);
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().putIfAbsent("MALLOC_ARENA_MAX", "2");
        Process started = builder.start();
        process = started;
        return started;
    }

    /** SIGKILL. */
    synchronized void kill() {
        if (process != null) {
            process.destroyForcibly();
        }
    }

    /** SIGSTOP: nothing of the process runs until {@link #resume}. */
    void pause() throws IOException, InterruptedException {
        signal("STOP");
    }

    /** SIGCONT. */
    void resume() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String signal) throws IOException, InterruptedException {
        @Nullable Process now;
        synchronized (this) {
            now = process;
        }
        if (now != null && now.isAlive()) {
            int code = new ProcessBuilder("kill", "-" + signal, Long.toString(now.pid()))
                    .redirectErrorStream(true)
                    .start()
                    .waitFor();
            LOG.atDebug().addKeyValue("process", name).addKeyValue("code", code).log("signal sent");
        }
    }

    /** Whether the log of the process holds a text. */
    boolean said(String text) throws IOException {
        return Files.exists(log)
                && Files.readString(log, StandardCharsets.UTF_8).contains(text);
    }

    /** Waits until the process has printed a text. */
    void awaitSaid(String text, Duration limit) throws IOException, InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        while (!said(text)) {
            if (System.nanoTime() > end) {
                throw new IOException(
                        name + " did not say '" + text + "' within " + limit.toSeconds() + " s: see " + log);
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    /** Ends the process at once, paused or not, and starts it no more. */
    @Override
    public void close() {
        @Nullable Process last;
        synchronized (this) {
            closed = true;
            last = process;
            notifyAll();
            if (last != null) {
                last.destroyForcibly();
            }
        }
        try {
            if (last != null && !last.waitFor(10, TimeUnit.SECONDS)) {
                LOG.atWarn().addKeyValue("process", name).log("process does not end");
            }
            supervisor.join(2_000);
            FileTree.delete(tmp);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            LOG.atWarn().addKeyValue("process", name).log("temporary files stay", e);
        }
    }
}
