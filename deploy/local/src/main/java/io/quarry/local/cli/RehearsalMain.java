package io.quarry.local.cli;

import io.quarry.local.LocalMode;
import io.quarry.local.LocalSettings;
import io.quarry.local.Machine;
import io.quarry.worker.WorkerMain;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/**
 * Does in one JVM what local mode, its workers and the commands do in several, so that the archive that {@link ArchiveMain}
 * makes of its classes serves all of them: {@code RehearsalMain <directory> <checkout>}.
 */
public final class RehearsalMain {
    private static final String JOB = "rehearsal";

    private RehearsalMain() {}

    public static void main(String[] arguments) throws IOException {
        Thread watching = new Thread(RehearsalMain::awaitEnd, "rehearsal-parent");
        watching.setDaemon(true);
        watching.start();
        Path home = Path.of(arguments[0]);
        Path checkout = Path.of(arguments[1]);
        Path examples = checkout.resolve("deploy/examples/inputs");
        Path data = home.resolve("data");
        Map<String, String> given = Map.of(
                "workers", "0",
                "worker.memory.bytes", Long.toString(1L << 30),
                "engine.catalog", checkout.resolve("deploy/demo/catalog.yaml").toString());
        try (LocalMode local = LocalMode.start(LocalSettings.of(data, given, Machine.current()))) {
            startWorker(home, local.settings());
            Console console = console(home, checkout);
            for (List<String> command : List.of(
                    List.of("submit", examples.resolve("inline.yaml").toString(), "--id", JOB, "--wait"),
                    List.of("job", JOB),
                    List.of("jobs", "-o", "json"),
                    List.of("dataset", JOB),
                    List.of("topics"),
                    List.of("dead", "list"),
                    List.of("groups", "list"),
                    List.of("cancel", JOB))) {
                List<String> whole = new ArrayList<>(command);
                whole.add("--data");
                whole.add(data.toString());
                System.out.println(
                        whole + ": " + QuarryCommand.commandLine(console).execute(whole.toArray(String[]::new)));
            }
        }
        System.exit(0);
    }

    /** Whoever wants the archive holds the other end: when it is gone, nobody does. */
    private static void awaitEnd() {
        try {
            long unused = System.in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            // A broken pipe is an end as well.
        }
        Runtime.getRuntime().halt(1);
    }

    private static void startWorker(Path home, Map<String, String> settings) throws IOException {
        Properties properties = new Properties();
        properties.putAll(settings);
        properties.put("worker.name", JOB);
        properties.put("worker.scratch.dir", home.resolve("scratch").toString());
        Path file = home.resolve("worker.properties");
        try (Writer writer = Files.newBufferedWriter(file)) {
            properties.store(writer, null);
        }
        Thread worker = new Thread(() -> work(file), "rehearsal-worker");
        worker.setDaemon(true);
        worker.start();
    }

    private static void work(Path file) {
        try {
            WorkerMain.main(new String[] {file.toString()});
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Console console(Path home, Path checkout) {
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        return new Console(
                new ByteArrayInputStream(new byte[0]),
                nowhere,
                System.err,
                false,
                false,
                100,
                Map.of(),
                home,
                checkout,
                Clock.systemUTC());
    }
}
