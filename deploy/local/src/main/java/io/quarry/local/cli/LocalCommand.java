package io.quarry.local.cli;

import io.quarry.local.LocalMode;
import io.quarry.local.LocalSettings;
import io.quarry.local.StartListener;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs everything on this machine. */
@Command(
        name = "local",
        mixinStandardHelpOptions = true,
        description = {
            "Runs broker, registry, scheduler and workers on this machine until Ctrl-C. Jobs are kept for the next start.",
            "While it runs, the other commands find it by themselves."
        },
        footerHeading = "%nExample:%n",
        footer = {
            "  quarry local",
            "  quarry local --workers 2 --worker-memory 4Gi --catalog my-catalog.yaml",
            "  quarry local --bootstrap-servers broker:9092 --registry-url http://registry:8081"
        })
final class LocalCommand implements Callable<Integer> {
    private static final Duration STOP = Duration.ofSeconds(60);

    private final Console console;

    @Mixin
    private LocalOptions options;

    @Mixin
    private Output output;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Data directory (variable QUARRY_DATA; default: ~/.quarry/local).")
    private @Nullable Path data;

    @Option(
            names = "--bootstrap-servers",
            paramLabel = "HOST:PORT",
            description = "Uses this broker instead of the embedded one.")
    private @Nullable String bootstrapServers;

    @Option(
            names = "--registry-url",
            paramLabel = "URL",
            description = "Uses this schema registry instead of the embedded one.")
    private @Nullable String registryUrl;

    LocalCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        Map<String, String> external = new LinkedHashMap<>();
        if (bootstrapServers != null) {
            external.put(Connection.BOOTSTRAP, bootstrapServers);
        }
        if (registryUrl != null) {
            external.put(Connection.REGISTRY, registryUrl);
        }
        LocalSettings settings = options.settings(console, DataPlace.local(console, data), external);
        FreshDirectory fresh = FreshDirectory.of(settings.data());
        try (Interruption interruption = Interruption.ofThisThread(STOP);
                ProgressView view = new ProgressView(console)) {
            LocalStart start = new LocalStart(view, interruption);
            LocalMode local;
            try {
                local = LocalMode.start(settings, start);
            } catch (RuntimeException | Error e) {
                if (!tidied(fresh, start, interruption)) {
                    throw e;
                }
                console.say("stopped");
                return ExitCodes.INTERRUPTED;
            }
            view.clear();
            int code;
            try (local) {
                output.print(console, tree(local), () -> lines(local));
                code = ending(
                        console, interruption.await(local.ended()), local.logs().resolve("local.log"));
            }
            console.say("stopped; jobs and datasets are kept in " + settings.data());
            return code;
        }
    }

    /** Says why it stops, and gives the exit code: a part that died for good is no Ctrl-C. */
    static int ending(Console console, Optional<Throwable> fault, Path log) {
        fault.ifPresent(cause ->
                console.say("quarry: a part of it stopped for good: " + Text.reason(cause) + ". The log is " + log));
        console.say("stopping");
        return fault.isPresent() ? ExitCodes.FAILED : ExitCodes.INTERRUPTED;
    }

    /**
     * Leaves nothing of a start that did not get far; once workers had begun, their logs say why they did not get well. True when
     * it was asked to stop.
     */
    private static boolean tidied(FreshDirectory fresh, LocalStart start, Interruption interruption) {
        boolean asked = interruption.asked();
        if (asked) {
            // Set by the hook; removing has to be able to wait.
            Thread.interrupted();
        }
        if (asked || !start.reached(StartListener.Phase.SCHEDULER)) {
            fresh.remove();
        }
        return asked;
    }

    private static Map<String, Object> tree(LocalMode local) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("bootstrap_servers", local.bootstrapServers());
        tree.put("registry_url", local.registryUrl());
        tree.put("data", local.data().toString());
        tree.put("datasets", local.datasets().toString());
        tree.put("logs", local.logs().toString());
        tree.put("workers", local.workers().size());
        tree.put("pid", ProcessHandle.current().pid());
        return tree;
    }

    private List<String> lines(LocalMode local) {
        Map<String, String> settings = local.settings();
        Map<String, @Nullable String> facts = new LinkedHashMap<>();
        facts.put("broker", local.bootstrapServers());
        facts.put("registry", local.registryUrl());
        facts.put(
                "workers",
                local.workers().size() + " with "
                        + Text.bytes(Long.parseLong(settings.getOrDefault("worker.memory.bytes", "0"))) + " and "
                        + Long.parseLong(settings.getOrDefault("worker.cpu.millis", "0")) / 1000.0 + " cores");
        facts.put("catalog", settings.get("engine.catalog"));
        facts.put("data", local.data().toString());
        facts.put("logs", local.logs().toString());
        List<String> lines = new ArrayList<>(JobText.facts(facts));
        lines.add("");
        lines.add("It is up. In another terminal:");
        lines.add("  deploy/quarry submit --wait deploy/demo/query.yaml");
        lines.add("  deploy/quarry jobs");
        lines.add("  deploy/quarry topics");
        lines.add("Ctrl-C stops all of it.");
        return lines;
    }
}
