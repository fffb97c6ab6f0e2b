package io.quarry.engine.query;

import io.quarry.avro.CauseType;
import io.quarry.avro.Manifest;
import io.quarry.avro.OfflineQuery;
import io.quarry.avro.QueryInput;
import io.quarry.engine.JobContext;
import io.quarry.engine.JobFailure;
import io.quarry.engine.catalog.Catalog;
import io.quarry.engine.plan.PlanException;
import io.quarry.engine.plan.PlanInputs;
import io.quarry.engine.plan.Planner;
import io.quarry.engine.plan.QueryPlan;
import io.quarry.schemas.Violation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * One attempt at one offline query, from an empty output directory to a whole dataset in it, or to an empty one again. May run
 * twice, at the same time too: it writes only below its context's directories.
 */
final class OfflineQueryRun {
    private static final int LONGEST = 1000;

    private final JobContext context;
    private final Catalog catalog;
    private final List<Path> inputDirectories;
    private final EngineBudget budget;
    private final ProcessMemory memory;
    private final Interruption interruption = new Interruption();
    private final Map<String, Long> phases = new LinkedHashMap<>();
    private List<Path> reads = List.of();
    private String phase = "open";
    private long phaseBegan = System.nanoTime();

    OfflineQueryRun(
            JobContext context,
            Catalog catalog,
            List<Path> inputDirectories,
            EngineBudget budget,
            ProcessMemory memory) {
        this.context = context;
        this.catalog = catalog;
        this.inputDirectories = inputDirectories;
        this.budget = budget;
        this.memory = memory;
    }

    Manifest run(OfflineQuery query) throws JobFailure, InterruptedException {
        context.onStop(() -> interruption.because(Interruption.Reason.STOPPED));
        Path spill = context.scratch().resolve("spill");
        boolean whole = false;
        try (AttemptWatch watch = AttemptWatch.start(context, memory, interruption, spill)) {
            try {
                Manifest manifest = attempt(query, watch, spill);
                whole = true;
                return manifest;
            } catch (SQLException failure) {
                throwIfInterrupted(watch);
                JobFailure cause = EngineFailures.of(failure, phase, budget, watch.peakBytes());
                throw SourceFiles.gone(catalog, reads).orElse(SourceFiles.named(catalog, reads, cause));
            } catch (IOException failure) {
                throwIfInterrupted(watch);
                throw EngineFailures.of(failure, phase);
            }
        } finally {
            if (!whole) {
                empty(context.output());
            }
        }
    }

    private Manifest attempt(OfflineQuery named, AttemptWatch watch, Path spill)
            throws SQLException, IOException, JobFailure, InterruptedException {
        OfflineQuery query = withRealFiles(named);
        List<Path> files = new ArrayList<>(catalog.files());
        List<String> inputFiles = query.getInput().getFiles();
        if (inputFiles != null) {
            inputFiles.forEach(file -> files.add(Path.of(file)));
        }
        Path output = context.output().toRealPath();
        List<Path> directories = new ArrayList<>(List.of(output, spill));
        // A source's glob is expanded by DuckDB, which must be allowed to look into its directory for that.
        catalog.sources().values().stream()
                .flatMap(source -> source.files().stream())
                .filter(InputFiles::isGlob)
                .map(InputFiles::fixedPart)
                .distinct()
                .forEach(directories::add);
        try (Engine engine = Engine.open(budget, spill, directories, files, interruption)) {
            begin("plan", watch);
            QueryPlan plan = plan(engine, query);
            reads = plan.reads();
            Optional<JobFailure> gone = SourceFiles.gone(catalog, reads);
            if (gone.isPresent()) {
                throw gone.get();
            }
            List<ManifestFile.Read> asRead = reads(plan);
            begin("input", watch);
            plan.prepare(engine.connection());
            begin("query", watch);
            throwIfInterrupted(watch);
            PartsWriter writer = new PartsWriter(engine, output);
            PartsWriter.Written written = writer.write(plan);
            watch.rows(written.rows());
            begin("statistics", watch);
            List<PartsWriter.ColumnStatistics> statistics = writer.statistics(plan, written);
            String version = engine.query("SELECT version()", rows -> {
                rows.next();
                return rows.getString(1);
            });
            begin("publish", watch);
            throwIfInterrupted(watch);
            Map<String, Long> times = new LinkedHashMap<>(phases);
            return ManifestFile.write(
                    context,
                    named,
                    new ManifestFile.Facts(
                            plan,
                            written,
                            statistics,
                            asRead,
                            times,
                            budget,
                            watch.peakBytes(),
                            watch.spillPeakBytes(),
                            "DuckDB " + version));
        }
    }

    private QueryPlan plan(Engine engine, OfflineQuery query) throws SQLException, JobFailure {
        String spine = query.getInput().getSql();
        if (spine != null) {
            Optional<Violation> refused = SpineGuard.check(engine.connection(), spine);
            if (refused.isPresent()) {
                throw JobFailure.refused(List.of(refused.get()));
            }
        }
        try {
            QueryPlan plan = Planner.plan(
                    catalog, query, context.startedAt(), PlanInputs.on(engine.connection(), inputDirectories));
            if (!SpineGuard.oneSelect(engine.connection(), plan.sql())) {
                throw JobFailure.of(
                        CauseType.INTERNAL_ERROR, "The plan is not one SELECT.", Map.of("plan_sha256", plan.hash()));
            }
            return plan;
        } catch (PlanException wrong) {
            Optional<JobFailure> gone =
                    SourceFiles.gone(catalog, wrong.violations().get(0));
            if (gone.isPresent()) {
                throw gone.get();
            }
            List<String> files = query.getInput().getFiles();
            throw JobFailure.refused(
                    wrong.violations(), files == null ? Map.of() : Map.of("path", shortened(files.toString())));
        }
    }

    private OfflineQuery withRealFiles(OfflineQuery query) throws JobFailure {
        List<String> names = query.getInput().getFiles();
        if (names == null) {
            return query;
        }
        InputFiles found = InputFiles.find(names, inputDirectories);
        if (!found.violations().isEmpty()) {
            throw JobFailure.refused(found.violations());
        }
        return OfflineQuery.newBuilder(query)
                .setInput(QueryInput.newBuilder(query.getInput())
                        .setFiles(found.files().stream().map(Path::toString).toList())
                        .build())
                .build();
    }

    private static List<ManifestFile.Read> reads(QueryPlan plan) throws IOException {
        List<ManifestFile.Read> reads = new ArrayList<>();
        for (Path path : plan.reads()) {
            if (Files.isRegularFile(path)) {
                reads.add(new ManifestFile.Read(
                        path,
                        Files.size(path),
                        Files.getLastModifiedTime(path).toInstant().toString()));
            }
        }
        return reads;
    }

    private void begin(String next, AttemptWatch watch) {
        long now = System.nanoTime();
        phases.merge(phase, TimeUnit.NANOSECONDS.toMillis(now - phaseBegan), Long::sum);
        phase = next;
        phaseBegan = now;
        watch.phase(next);
    }

    private void throwIfInterrupted(AttemptWatch watch) throws JobFailure, InterruptedException {
        Interruption.Reason reason = interruption.reason();
        if (reason == Interruption.Reason.STOPPED) {
            throw new InterruptedException("stopped during " + phase);
        }
        if (reason == Interruption.Reason.OVER_MEMORY) {
            throw EngineFailures.overMemory(phase, budget, watch.peakBytes());
        }
        if (reason == Interruption.Reason.OVER_STORAGE) {
            throw EngineFailures.overStorage(phase, budget, watch.datasetBytes());
        }
    }

    /** Removes whatever a failed attempt wrote; what cannot be removed has no manifest and so is no dataset. */
    private static void empty(Path directory) {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted((a, b) -> b.compareTo(a)).toList()) {
                if (!path.equals(directory)) {
                    Files.deleteIfExists(path);
                }
            }
        } catch (IOException leftToTheCollector) {
            return;
        }
    }

    private static String shortened(String text) {
        return text.length() <= LONGEST ? text : text.substring(0, LONGEST - 1) + "…";
    }
}
