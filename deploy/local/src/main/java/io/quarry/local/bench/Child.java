package io.quarry.local.bench;

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

/** One process of a side, started as local mode starts a worker. It ends when its standard input does. */
final class Child implements AutoCloseable {
    private static final long HEAP = 256L << 20;
    private static final Duration STOP = Duration.ofSeconds(10);

    private final Process process;
    private final Path log;
    private final CompletableFuture<Void> ready = new CompletableFuture<>();

    private Child(Process process, Path log) {
        this.process = process;
        this.log = log;
        Thread reading = new Thread(this::read, "bench-child");
        reading.setDaemon(true);
        reading.start();
    }

    /**
     * Starts a process.
     *
     * @param home directory for all of its files
     * @param classPath what it runs with
     * @param recordings where to put a flight recording of it; null for none
     */
    static Child start(Side side, Map<String, String> settings, Path home, String classPath, @Nullable Path recordings)
            throws IOException {
        Files.createDirectories(home.resolve("tmp"));
        Path file = home.resolve("settings.properties");
        Properties properties = new Properties();
        properties.putAll(settings);
        try (Writer writer = Files.newBufferedWriter(file)) {
            properties.store(writer, null);
        }
        List<String> command = new ArrayList<>(WorkerCommand.of(
                Optional.empty(),
                Path.of(System.getProperty("java.home")),
                classPath,
                HEAP,
                home.resolve("tmp"),
                side.mainClass(),
                file));
        if (recordings != null) {
            Path recording = recordings.resolve(home.getFileName() + ".jfr");
            command.add(1, "-XX:StartFlightRecording=settings=profile,dumponexit=true,filename=" + recording);
        }
        Path log = home.resolve("log");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
        builder.environment().putIfAbsent("MALLOC_ARENA_MAX", "2");
        return new Child(builder.start(), log);
    }

    /** Waits until the process has polled its queue. */
    void awaitReady(Duration longest) throws InterruptedException, IOException {
        try {
            ready.get(longest.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException(
                    "a process of the bench did not come up: " + Files.readString(log, StandardCharsets.UTF_8), e);
        }
    }

    private void read() {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.contains(" READY ")) {
                    ready.complete(null);
                }
            }
            ready.completeExceptionally(new IllegalStateException("it ended"));
        } catch (IOException e) {
            ready.completeExceptionally(e);
        }
    }

    /** CPU time that the process has used so far; zero where the machine does not say. */
    Duration cpu() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
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
