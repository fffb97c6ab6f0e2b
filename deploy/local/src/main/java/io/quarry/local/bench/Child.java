package io.quarry.local.bench;

import io.quarry.local.ChildClasses;
import io.quarry.local.LogTail;
import io.quarry.local.ProcessMemory;
import io.quarry.local.WorkerCommand;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A process of the bench, started as local mode starts a worker: in a session of its own, so that a Ctrl-C reaches the bench
 * alone. It ends when its standard input does.
 */
final class Child implements AutoCloseable {
    private static final Duration STOP = Duration.ofSeconds(20);
    private static final Path PROC = Path.of("/proc");

    private final Process process;
    private final Path log;
    private final CompletableFuture<String> ready = new CompletableFuture<>();

    private Child(Process process, Path log) {
        this.process = process;
        this.log = log;
        Thread reading = new Thread(this::read, "bench-child");
        reading.setDaemon(true);
        reading.start();
    }

    /**
     * What to run.
     *
     * @param mainClass its main class, which prints a line with READY
     * @param arguments at least one
     * @param heapBytes most that its heap may take
     * @param classPath what it runs with
     * @param recordings where to put a flight recording of it; null for none
     */
    record Program(
            String mainClass,
            List<String> arguments,
            long heapBytes,
            String classPath,
            @Nullable Path recordings) {
        Program {
            arguments = List.copyOf(arguments);
        }
    }

    /**
     * Starts a process.
     *
     * @param home directory for all of its files, which also names its recording
     */
    static Child start(Path home, Program program) throws IOException {
        Files.createDirectories(home.resolve("tmp"));
        List<String> command = new ArrayList<>(WorkerCommand.of(
                WorkerCommand.setsid(),
                Path.of(System.getProperty("java.home")),
                ChildClasses.of(program.classPath()),
                program.heapBytes(),
                home.resolve("tmp"),
                program.mainClass(),
                Path.of(program.arguments().get(0))));
        command.addAll(program.arguments().subList(1, program.arguments().size()));
        if (program.recordings() != null) {
            Path recording = program.recordings().resolve(home.getFileName() + ".jfr");
            command.add(
                    command.indexOf("-cp"),
                    "-XX:StartFlightRecording=settings=profile,dumponexit=true,filename=" + recording);
        }
        Path log = home.resolve("log");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
        builder.environment().putIfAbsent("MALLOC_ARENA_MAX", "2");
        return new Child(builder.start(), log);
    }

    /** Writes settings down for a process that reads them; its only argument. */
    static String settings(Path home, Map<String, String> settings) throws IOException {
        Files.createDirectories(home);
        Path file = home.resolve("settings.properties");
        Properties properties = new Properties();
        properties.putAll(settings);
        try (Writer writer = Files.newBufferedWriter(file)) {
            properties.store(writer, null);
        }
        return file.toString();
    }

    /** Waits until the process works; returns what it said behind READY. */
    String awaitReady(Duration longest) throws InterruptedException, IOException {
        try {
            return ready.get(longest.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException(
                    "a process of the bench did not come up (" + e.getMessage() + "): "
                            + Files.readString(log, StandardCharsets.UTF_8),
                    e);
        }
    }

    private void read() {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            String last = "";
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                last = line;
                int at = line.indexOf(" READY ");
                if (at >= 0) {
                    ready.complete(line.substring(at + " READY ".length()).strip());
                }
            }
            // A JVM whose memory is over says so here, and nowhere else.
            ready.completeExceptionally(new IllegalStateException("it ended: " + last));
        } catch (IOException e) {
            ready.completeExceptionally(e);
        }
    }

    /** CPU time that the process has used so far; zero where the machine does not say. */
    Duration cpu() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    /** Highest resident memory so far; zero where the machine does not say. */
    long peakBytes() {
        return ProcessMemory.of(PROC, process.pid()).peakBytes();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Exit code and last words of a process that has ended; empty while it works. */
    Optional<String> end() {
        return process.isAlive()
                ? Optional.empty()
                : Optional.of("it ended with exit code " + process.exitValue() + "; its log ends:\n" + LogTail.of(log));
    }

    /** The last lines of its log. */
    String logTail() {
        return LogTail.of(log);
    }

    /** Asks the process to end; {@link #close()} waits for it. */
    void requestStop() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            process.destroy();
        }
    }

    @Override
    public void close() {
        requestStop();
        boolean interrupted = Thread.interrupted();
        try {
            if (!process.waitFor(STOP.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            interrupted = true;
            process.destroyForcibly();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
