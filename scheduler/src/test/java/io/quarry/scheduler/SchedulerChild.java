package io.quarry.scheduler;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;

/** A scheduler in a process of its own, which can be killed and paused. */
final class SchedulerChild implements AutoCloseable {
    private final Process process;

    private SchedulerChild(Process process) {
        this.process = process;
    }

    /** Starts one whose settings and log lie in a directory. */
    static SchedulerChild start(Path directory, Map<String, String> settings) throws IOException {
        Files.createDirectories(directory);
        Path file = directory.resolve("settings.properties");
        Properties properties = new Properties();
        properties.putAll(settings);
        properties.setProperty("scheduler.state.dir", directory.resolve("state").toString());
        try (Writer out = Files.newBufferedWriter(file)) {
            properties.store(out, null);
        }
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                SchedulerMain.class.getName(),
                file.toString());
        return new SchedulerChild(new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("log").toFile()))
                .start());
    }

    /** SIGKILL, and waits until it is gone. */
    void kill() {
        process.destroyForcibly().onExit().orTimeout(20, TimeUnit.SECONDS).join();
    }

    void pause() throws Exception {
        signal("-STOP");
    }

    void goOn() throws Exception {
        signal("-CONT");
    }

    boolean alive() {
        return process.isAlive();
    }

    private void signal(String signal) throws Exception {
        int exit = new ProcessBuilder("kill", signal, String.valueOf(process.pid()))
                .inheritIO()
                .start()
                .waitFor();
        if (exit != 0) {
            throw new AssertionError("kill " + signal + " ended with " + exit);
        }
    }

    @Override
    public void close() {
        kill();
    }
}
