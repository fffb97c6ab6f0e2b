package io.quarry.scheduler;

import io.quarry.scheduler.status.Exposition;
import io.quarry.scheduler.status.StatusServer;
import io.quarry.schemas.provision.ProvisionException;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;

/**
 * The scheduler as a process: {@code SchedulerMain <settings.properties> [name=value ...]}, where later settings win. Logs on
 * standard error; ends 0 on SIGTERM, 1 by a fault, 2 when used wrongly.
 */
public final class SchedulerMain {
    private SchedulerMain() {}

    public static void main(String[] args) throws InterruptedException {
        // Before the first logger: a file of our own name, so that whoever has us on the class path keeps its own.
        if (System.getProperty("logback.configurationFile") == null) {
            System.setProperty("logback.configurationFile", "quarry-scheduler-logback.xml");
        }
        if (args.length == 0) {
            System.err.println("usage: SchedulerMain <settings.properties> [name=value ...]");
            System.exit(2);
        }
        SchedulerProcess process;
        try {
            Map<String, String> settings = settings(Path.of(args[0]), args);
            process = SchedulerProcess.start(settings);
            answer(settings, process);
        } catch (IOException | IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.exit(2);
            return;
        }
        Runtime.getRuntime().addShutdownHook(new Thread(process::close, "quarry-scheduler-stop"));
        try {
            process.ended().get();
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof ProvisionException)) {
                System.err.println("the scheduler stopped by a fault: " + e.getCause());
            }
            System.exit(1);
        }
    }

    /** Answers probes and Prometheus until the process ends, where the settings say so. */
    private static void answer(Map<String, String> settings, SchedulerProcess process) {
        String port = settings.get("scheduler.http.port");
        if (port == null) {
            return;
        }
        if (!port.strip().matches("[0-9]{1,5}") || Integer.parseInt(port.strip()) > 65_535) {
            throw new IllegalArgumentException("scheduler.http.port is " + port + ": must be a port, from 0 to 65535");
        }
        StatusServer unused =
                StatusServer.start(Integer.parseInt(port.strip()), () -> isReady(process), Exposition::now);
    }

    private static boolean isReady(SchedulerProcess process) {
        try {
            process.awaitReady(Duration.ofMillis(1));
            return true;
        } catch (IllegalStateException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static Map<String, String> settings(Path file, String[] args) throws IOException {
        Properties properties = new Properties();
        try (Reader in = Files.newBufferedReader(file)) {
            properties.load(in);
        }
        Map<String, String> settings = new HashMap<>();
        properties.stringPropertyNames().forEach(name -> settings.put(name, properties.getProperty(name)));
        for (int i = 1; i < args.length; i++) {
            int equals = args[i].indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException("argument " + args[i] + " is no setting: it has to be name=value");
            }
            settings.put(args[i].substring(0, equals), args[i].substring(equals + 1));
        }
        return settings;
    }
}
