package io.quarry.local.bench;

import io.quarry.scheduler.SchedulerProcess;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;

/**
 * A scheduler in a process of its own that says when it serves: {@code SchedulerHostMain <settings.properties>}, until
 * standard input ends.
 */
public final class SchedulerHostMain {
    private static final Duration UP = Duration.ofMinutes(30);

    private SchedulerHostMain() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(Path.of(arguments[0]), StandardCharsets.UTF_8)) {
            properties.load(reader);
        }
        Map<String, String> settings = new HashMap<>();
        properties.stringPropertyNames().forEach(name -> settings.put(name, properties.getProperty(name)));
        Thread parent = new Thread(SchedulerHostMain::endWithInput, "bench-parent");
        parent.setDaemon(true);
        parent.start();
        SchedulerProcess process = SchedulerProcess.start(settings);
        Runtime.getRuntime().addShutdownHook(new Thread(process::close, "bench-scheduler-stop"));
        process.awaitReady(UP);
        System.out.println("quarry-scheduler READY " + settings.get("topic.prefix"));
        System.out.flush();
        parent.join();
    }

    private static void endWithInput() {
        try {
            long unused = System.in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            // A broken pipe is an end as well.
        }
        System.exit(0);
    }
}
