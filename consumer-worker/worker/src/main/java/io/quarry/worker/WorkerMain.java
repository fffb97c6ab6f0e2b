package io.quarry.worker;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.Reader;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.KafkaException;

/**
 * Runs one worker: {@code WorkerMain <settings.properties> [name=value ...]}, where later settings win. Prints {@code quarry-worker READY <name>} on standard output once
 * it has polled its queue, logs on standard error, and ends with one of {@link ExitCode}.
 */
public final class WorkerMain {
    private WorkerMain() {}

    public static void main(String[] args) throws InterruptedException {
        // Before the first logger: a file of our own name, so that whoever has us on the class path keeps its own.
        if (System.getProperty("logback.configurationFile") == null) {
            System.setProperty("logback.configurationFile", "quarry-worker-logback.xml");
        }
        PrintStream out = System.out;
        PrintStream err = System.err;
        if (args.length == 0) {
            err.println("usage: WorkerMain <settings.properties> [name=value ...]");
            System.exit(ExitCode.BAD_SETTING);
        }
        try {
            System.exit(run(settings(Path.of(args[0]), args), out, System.in));
        } catch (SettingException e) {
            err.println("quarry-worker: " + e.getMessage());
            System.exit(ExitCode.BAD_SETTING);
        } catch (BrokerUnreachableException e) {
            err.println("quarry-worker: " + e.getMessage());
            System.exit(ExitCode.UNREACHABLE);
        } catch (KafkaException e) {
            err.println("quarry-worker: Kafka refused: " + e);
            System.exit(ExitCode.UNREACHABLE);
        } catch (RuntimeException | Error e) {
            // A handler that cannot be opened, most likely: no record was taken.
            err.println("quarry-worker: could not start");
            e.printStackTrace(err);
            System.exit(ExitCode.FAULT);
        }
    }

    private static int run(Map<String, String> settings, PrintStream out, InputStream in) throws InterruptedException {
        WorkerSettings checked = WorkerSettings.of(settings);
        WorkerProcess worker = WorkerProcess.start(
                settings,
                () -> {
                    out.println("quarry-worker READY " + checked.name());
                    out.flush();
                },
                Runtime.getRuntime()::halt);
        StopSignals.take(
                () -> worker.stop(checked.onStop()), () -> Runtime.getRuntime().halt(ExitCode.SECOND_SIGNAL));
        if (checked.exitOnStdinEof()) {
            Thread watching = new Thread(() -> awaitEnd(in, worker), "quarry-parent");
            watching.setDaemon(true);
            watching.start();
        }
        return worker.awaitEnd();
    }

    /** The parent holds the other end: when it is gone, nobody waits for a job to finish. */
    private static void awaitEnd(InputStream in, WorkerProcess worker) {
        try {
            // Whatever a parent writes means nothing.
            long unused = in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            // A broken pipe is an end as well.
        }
        worker.stop(OnStop.HAND_BACK);
    }

    private static Map<String, String> settings(Path file, String[] args) {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            properties.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            throw new SettingException("settings file " + file + " cannot be read: " + e);
        }
        Map<String, String> settings = new HashMap<>();
        properties.stringPropertyNames().forEach(name -> settings.put(name, properties.getProperty(name)));
        for (int i = 1; i < args.length; i++) {
            int equals = args[i].indexOf('=');
            if (equals < 1) {
                throw new SettingException("argument " + args[i] + " is no setting: it has to be name=value");
            }
            settings.put(args[i].substring(0, equals), args[i].substring(equals + 1));
        }
        settings.computeIfAbsent(
                "worker.name", name -> defaultName(settings.getOrDefault("resource.group", "default")));
        return settings;
    }

    private static String defaultName(String group) {
        String host;
        try {
            host = InetAddress.getLocalHost().getHostName();
        } catch (IOException e) {
            host = "localhost";
        }
        return group + "-" + host + "-" + ProcessHandle.current().pid();
    }
}
