package io.quarry.worker;

import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** A worker in a process of its own, as production starts it. */
final class ChildWorker implements AutoCloseable {
    private final Process process;
    private final Path errors;
    private final List<String> output = new CopyOnWriteArrayList<>();

    private ChildWorker(Process process, Path errors) {
        this.process = process;
        this.errors = errors;
        Thread reading = new Thread(this::read, "child-output");
        reading.setDaemon(true);
        reading.start();
    }

    static ChildWorker start(Path dir, Map<String, String> settings) throws IOException {
        Files.createDirectories(dir);
        Path file = Files.createTempFile(dir, "worker", ".properties");
        Properties properties = new Properties();
        properties.putAll(settings);
        try (Writer writer = Files.newBufferedWriter(file)) {
            properties.store(writer, null);
        }
        return start(dir, WorkerMain.class, file.toString());
    }

    static ChildWorker start(Path dir, Class<?> main, String... arguments) throws IOException {
        Files.createDirectories(dir);
        Path errors = Files.createTempFile(dir, "worker", ".log");
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-XX:-UsePerfData",
                        "-Djava.io.tmpdir=" + dir,
                        "-cp",
                        System.getProperty("java.class.path"),
                        main.getName())
                .redirectError(errors.toFile());
        builder.command().addAll(List.of(arguments));
        return new ChildWorker(builder.start(), errors);
    }

    private void read() {
        try (BufferedReader reader = process.inputReader()) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                output.add(line);
            }
        } catch (IOException e) {
            output.add(e.toString());
        }
    }

    void awaitReady() {
        await().atMost(TestCluster.SOON)
                .failFast("it ended", () -> !process.isAlive())
                .until(() -> !output.isEmpty());
    }

    List<String> output() {
        return List.copyOf(output);
    }

    String errors() throws IOException {
        return Files.readString(errors);
    }

    /** Waits until the log says so. */
    void awaitLogged(String text) {
        await().atMost(TestCluster.SOON).until(() -> errors().contains(text));
    }

    long pid() {
        return process.pid();
    }

    void terminate() {
        boolean unused = process.toHandle().destroy();
    }

    void kill() {
        boolean unused = process.toHandle().destroyForcibly();
    }

    void endInput() throws IOException {
        process.getOutputStream().close();
    }

    int exitCode() throws InterruptedException {
        if (!process.waitFor(TestCluster.SOON.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("the worker does not end");
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        kill();
    }
}
