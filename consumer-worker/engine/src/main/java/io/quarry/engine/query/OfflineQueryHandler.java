package io.quarry.engine.query;

import io.quarry.avro.CauseType;
import io.quarry.avro.Job;
import io.quarry.avro.Manifest;
import io.quarry.avro.OfflineQuery;
import io.quarry.avro.QueryInput;
import io.quarry.engine.HandlerSettings;
import io.quarry.engine.JobContext;
import io.quarry.engine.JobFailure;
import io.quarry.engine.JobHandler;
import io.quarry.engine.catalog.Catalog;
import io.quarry.engine.catalog.CatalogException;
import io.quarry.schemas.Violation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs jobs of kind {@code offline_query}. Pure: a job may run twice, also at the same time, since it writes only below its own
 * directories. Settings: {@code engine.catalog} (path of the catalog's YAML file) and {@code engine.input.dirs} (directories
 * that input files may lie below, separated by commas; none when absent).
 */
public final class OfflineQueryHandler implements JobHandler {
    /** Kind of the jobs that it runs. */
    public static final String KIND = "offline_query";

    private static final Logger LOG = LoggerFactory.getLogger(OfflineQueryHandler.class);
    private static final String CATALOG = "engine.catalog";
    private static final String INPUT_DIRS = "engine.input.dirs";
    private static final String MEMORY_SHARE = "engine.memory.share";

    private final LongSupplier heapBytes;
    private final ProcessMemory memory;
    private @Nullable CatalogFile catalogFile;
    private List<Path> inputDirectories = List.of();
    private OptionalDouble memoryShare = OptionalDouble.empty();

    /** For {@link java.util.ServiceLoader}. */
    public OfflineQueryHandler() {
        this(() -> Runtime.getRuntime().maxMemory(), ProcessMemory.ofThisProcess());
    }

    OfflineQueryHandler(LongSupplier heapBytes, ProcessMemory memory) {
        this.heapBytes = heapBytes;
        this.memory = memory;
    }

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public void open(HandlerSettings settings) {
        memoryShare = settings.get(MEMORY_SHARE).map(OfflineQueryHandler::share).orElse(OptionalDouble.empty());
        inputDirectories = settings.get(INPUT_DIRS).stream()
                .flatMap(list -> Arrays.stream(list.split(",")))
                .map(String::trim)
                .filter(name -> !name.isEmpty())
                .map(OfflineQueryHandler::directory)
                .toList();
        Optional<String> catalog = settings.get(CATALOG).filter(name -> !name.isBlank());
        if (catalog.isPresent()) {
            CatalogFile file = new CatalogFile(Path.of(catalog.get()));
            try {
                Catalog loaded = file.current();
                LOG.info(
                        "catalog loaded hash={} files={}",
                        loaded.hash(),
                        loaded.files().size());
            } catch (CatalogException | IOException unusable) {
                throw new IllegalArgumentException(
                        CATALOG + " is " + catalog.get() + ": " + unusable.getMessage(), unusable);
            }
            catalogFile = file;
        }
    }

    private static Path directory(String name) {
        try {
            return Path.of(name).toRealPath();
        } catch (IOException absent) {
            throw new IllegalArgumentException(INPUT_DIRS + " is " + name + ": must name existing directories", absent);
        }
    }

    @Override
    public List<Violation> check(Job job) {
        List<Violation> violations = new ArrayList<>();
        Long asked = job.getResources() == null ? null : job.getResources().getMemoryBytes();
        if (asked != null && asked < EngineBudget.MINIMUM_PROCESS_BYTES) {
            violations.add(new Violation(
                    "resources.memory_bytes",
                    asked.toString(),
                    "must be at least " + EngineBudget.MINIMUM_PROCESS_BYTES + " bytes (512Mi) for an offline query"));
        }
        OfflineQuery query = job.getOfflineQuery();
        if (query == null) {
            violations.add(new Violation("offline_query", "null", "must be set for kind " + KIND));
            return violations;
        }
        if (catalogFile == null) {
            violations.add(new Violation(
                    "kind", KIND, "this worker has no catalog: set " + CATALOG + " to run offline queries here"));
        }
        violations.addAll(checkInput(query.getInput()));
        if (query.getOutputs().isEmpty()) {
            violations.add(new Violation("offline_query.outputs", "[]", "must name at least one feature"));
        }
        return violations;
    }

    private List<Violation> checkInput(QueryInput input) {
        long given = Stream.of(input.getColumns(), input.getRange(), input.getFiles(), input.getSql())
                .filter(part -> part != null)
                .count();
        if (given != 1) {
            return List.of(new Violation(
                    "offline_query.input",
                    given + " of its fields are set",
                    "exactly one of columns, range, files, sql"));
        }
        List<String> files = input.getFiles();
        if (files != null) {
            return files.isEmpty()
                    ? List.of(new Violation("offline_query.input.files", "[]", "must name at least one file"))
                    : InputFiles.find(files, inputDirectories).violations();
        }
        return List.of();
    }

    @Override
    public Optional<Manifest> run(JobContext context) throws JobFailure, InterruptedException {
        List<Violation> violations = check(context.job());
        OfflineQuery query = context.job().getOfflineQuery();
        CatalogFile file = catalogFile;
        if (!violations.isEmpty() || query == null || file == null) {
            throw JobFailure.refused(violations);
        }
        EngineBudget budget =
                EngineBudget.of(context.memoryBytes(), heapBytes.getAsLong(), context.spillBytes(), context.threads());
        if (memoryShare.isPresent()) {
            budget = budget.withShare(memoryShare.getAsDouble(), heapBytes.getAsLong());
        }
        if (!budget.sufficient()) {
            throw tooSmall(budget);
        }
        return Optional.of(new OfflineQueryRun(context, catalog(file), inputDirectories, budget, memory).run(query));
    }

    private static OptionalDouble share(String text) {
        try {
            double share = Double.parseDouble(text.strip());
            if (share >= 0.1 && share <= 0.95) {
                return OptionalDouble.of(share);
            }
        } catch (NumberFormatException e) {
            // Falls through to the same message.
        }
        throw new IllegalArgumentException(MEMORY_SHARE + " is " + text + ": must be a number from 0.1 to 0.95");
    }

    private JobFailure tooSmall(EngineBudget budget) {
        return JobFailure.refused(List.of(new Violation(
                "resources.memory_bytes",
                Long.toString(budget.processBytes()),
                "an offline query needs a process of at least " + EngineBudget.MINIMUM_PROCESS_BYTES
                        + " bytes, and the Java heap (" + heapBytes.getAsLong()
                        + " bytes, -Xmx) and 200 MiB must leave the engine room in it")));
    }

    private static Catalog catalog(CatalogFile file) throws JobFailure {
        try {
            return file.current();
        } catch (CatalogException | IOException broken) {
            throw new JobFailure(
                    new io.quarry.avro.Cause(
                            CauseType.TRANSIENT_FAILURE,
                            "The worker's catalog was changed and cannot be read any more: " + broken.getMessage(),
                            Map.of("setting", CATALOG)),
                    broken);
        }
    }
}
