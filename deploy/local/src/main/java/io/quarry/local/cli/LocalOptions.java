package io.quarry.local.cli;

import io.quarry.local.LocalSettings;
import io.quarry.local.Machine;
import io.quarry.schemas.Quantities;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say what local mode runs with. */
final class LocalOptions {
    @Option(names = "--port", paramLabel = "PORT", description = "Port of the broker (default: any that is free).")
    private @Nullable Integer port;

    @Option(
            names = "--registry-port",
            paramLabel = "PORT",
            description = "Port of the schema registry (default: any that is free).")
    private @Nullable Integer registryPort;

    @Option(names = "--workers", paramLabel = "N", description = "Worker processes (default: 1).")
    private @Nullable Integer workers;

    @Option(
            names = "--worker-memory",
            paramLabel = "SIZE",
            description = "Memory of one worker, such as 4Gi (default: by the machine, from 1Gi to 4Gi).")
    private @Nullable String workerMemory;

    @Option(
            names = "--worker-cpu",
            paramLabel = "CORES",
            description = "CPU of one worker, such as 2 or 500m (default: the machine's, shared).")
    private @Nullable String workerCpu;

    @Option(
            names = "--catalog",
            paramLabel = "FILE",
            description = "The feature catalog (variable QUARRY_CATALOG; default: the demo's).")
    private @Nullable Path catalog;

    @Option(
            names = "--input-dir",
            paramLabel = "DIR",
            description =
                    "Directory that input files of queries may lie below; may be repeated (default: the catalog's).")
    private List<Path> inputDirs = List.of();

    @Option(
            names = "--set",
            paramLabel = "NAME=VALUE",
            description = "Any other setting of scheduler, workers, Kafka or registry; may be repeated.")
    private Map<String, String> more = Map.of();

    /** Checked settings for local mode. */
    LocalSettings settings(Console console, Path data, Map<String, String> external) {
        Map<String, String> given = new LinkedHashMap<>();
        put(given, "broker.port", port);
        put(given, "registry.port", registryPort);
        put(given, "workers", workers);
        if (workerMemory != null) {
            given.put("worker.memory.bytes", Long.toString(quantity("--worker-memory", workerMemory, false)));
        }
        if (workerCpu != null) {
            given.put("worker.cpu.millis", Long.toString(quantity("--worker-cpu", workerCpu, true)));
        }
        Path file = ExplainQueryCommand.catalog(console, catalog);
        given.put("engine.catalog", file.toString());
        given.put("engine.input.dirs", inputDirs(file.getParent()));
        given.putAll(external);
        given.putAll(more);
        return LocalSettings.of(data, given, Machine.current());
    }

    /** The directories for input files as a setting of the worker, which takes a comma for the end of one. */
    private String inputDirs(@Nullable Path beside) {
        for (Path directory : inputDirs) {
            if (!Files.isDirectory(directory)) {
                throw CommandFailure.badUsage("--input-dir is " + directory + ": it has to be an existing directory");
            }
        }
        List<String> named = (inputDirs.isEmpty() && beside != null ? List.of(beside) : inputDirs)
                .stream()
                        .map(directory -> directory.toAbsolutePath().normalize().toString())
                        .toList();
        boolean comma = named.stream().anyMatch(directory -> directory.indexOf(',') >= 0);
        if (comma && !inputDirs.isEmpty()) {
            throw CommandFailure.badUsage("--input-dir is " + String.join(" ", named) + ": no path may have a comma");
        }
        return comma ? "" : String.join(",", named);
    }

    private static long quantity(String option, String text, boolean cpu) {
        try {
            return cpu ? Quantities.cpuMillis(text) : Quantities.bytes(text);
        } catch (IllegalArgumentException e) {
            throw CommandFailure.badUsage(option + ": " + e.getMessage());
        }
    }

    private static void put(Map<String, String> given, String name, @Nullable Object value) {
        if (value != null) {
            given.put(name, value.toString());
        }
    }
}
