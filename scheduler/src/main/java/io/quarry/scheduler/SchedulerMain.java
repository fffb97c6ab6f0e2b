package io.quarry.scheduler;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;

/** The scheduler as a process: one argument, the properties file with its settings. Ends 0 on SIGTERM, 1 by a fault, 2 when used wrongly. */
public final class SchedulerMain {
    private SchedulerMain() {}

    public static void main(String[] args) throws InterruptedException {
        if (args.length != 1) {
            System.err.println("usage: SchedulerMain <settings.properties>");
            System.exit(2);
        }
        SchedulerProcess process;
        try {
            process = SchedulerProcess.start(settings(Path.of(args[0])));
        } catch (IOException | IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.exit(2);
            return;
        }
        Runtime.getRuntime().addShutdownHook(new Thread(process::close, "quarry-scheduler-stop"));
        try {
            process.ended().get();
        } catch (ExecutionException e) {
            System.err.println("the scheduler stopped by a fault: " + e.getCause());
            System.exit(1);
        }
    }

    private static Map<String, String> settings(Path file) throws IOException {
        Properties properties = new Properties();
        try (Reader in = Files.newBufferedReader(file)) {
            properties.load(in);
        }
        Map<String, String> settings = new HashMap<>();
        properties.stringPropertyNames().forEach(name -> settings.put(name, properties.getProperty(name)));
        return settings;
    }
}
