package io.quarry.local.cli;

import io.quarry.avro.Job;
import io.quarry.avro.OfflineQuery;
import io.quarry.engine.catalog.Catalog;
import io.quarry.engine.catalog.CatalogException;
import io.quarry.engine.plan.PlanException;
import io.quarry.engine.plan.PlanInputs;
import io.quarry.engine.plan.PlannedColumn;
import io.quarry.engine.plan.Planner;
import io.quarry.engine.plan.QueryPlan;
import io.quarry.schemas.Violation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows how a query would be run. */
@Command(
        name = "explain-query",
        mixinStandardHelpOptions = true,
        description = {
            "Prints what a query does and the SQL that it is planned to, without running it. Needs no broker.",
            "The explanation stands in SQL comments, so that the whole can be given to DuckDB."
        },
        footerHeading = "%nExample:%n",
        footer = "  quarry explain-query deploy/demo/query.yaml%n"
                + "  quarry explain-query my-query.yaml --catalog my-catalog.yaml -o json")
final class ExplainQueryCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private Output output;

    @Option(
            names = "--catalog",
            paramLabel = "FILE",
            description = "The feature catalog (variable QUARRY_CATALOG; default: the demo's).")
    private @Nullable Path catalogFile;

    @Option(
            names = "--input-dir",
            paramLabel = "DIR",
            description = "Directory that input files may lie below; may be repeated (default: the catalog's, as"
                    + " for a worker, and the query file's).")
    private List<Path> inputDirs = List.of();

    @Parameters(paramLabel = "FILE|-", description = "A job or an offline query, YAML or JSON; - reads standard input.")
    private String file;

    ExplainQueryCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws JobFileException {
        Job job = SubmittedFile.read(file, console);
        OfflineQuery query = job.getOfflineQuery();
        if (query == null) {
            throw CommandFailure.badUsage(file + " is a job of kind " + job.getKind() + ", not an offline query");
        }
        Path catalog = catalog(console, catalogFile != null ? catalogFile : DataPlace.runningCatalog(console));
        List<Path> allowed = inputDirs.isEmpty()
                ? List.of(SubmittedFile.directory(catalog.toString()), SubmittedFile.directory(file))
                : inputDirs.stream().map(Path::toAbsolutePath).toList();
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:")) {
            Catalog loaded = Catalog.load(catalog);
            QueryPlan plan = Planner.plan(loaded, query, console.clock().instant(), PlanInputs.on(connection, allowed));
            Explanation explanation = Explanation.of(loaded, query);
            output.print(console, tree(plan, explanation), () -> {
                List<String> lines = new ArrayList<>(explanation.comments(plan, catalog));
                lines.add(plan.sql());
                return lines;
            });
            return ExitCodes.DONE;
        } catch (CatalogException e) {
            e.problems().forEach(problem -> console.say(problem.toString()));
        } catch (PlanException e) {
            e.violations().stream().map(Violation::toString).forEach(console::say);
        } catch (SQLException e) {
            throw CommandFailure.failed("the query cannot be planned: " + e.getMessage(), e);
        }
        return ExitCodes.BAD_USAGE;
    }

    static Path catalog(Console console, @Nullable Path flag) {
        Path file = flag != null
                ? flag
                : console.variable("QUARRY_CATALOG")
                        .map(Path::of)
                        .orElse(console.checkout()
                                .resolve("deploy")
                                .resolve("demo")
                                .resolve("catalog.yaml"));
        if (Files.isDirectory(file)) {
            throw CommandFailure.badUsage("the catalog " + file + " is a directory: name the file in it");
        }
        return QuarryCommand.existing(file, "the catalog");
    }

    private static Map<String, Object> tree(QueryPlan plan, Explanation explanation) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("sql", plan.sql());
        tree.put("plan_hash", plan.hash());
        tree.put("catalog_hash", plan.catalogHash());
        tree.put(
                "columns",
                plan.columns().stream().map(ExplainQueryCommand::column).toList());
        tree.put("reads", plan.reads().stream().map(Path::toString).toList());
        plan.inputRows().ifPresent(rows -> tree.put("input_rows", rows));
        tree.putAll(explanation.tree());
        return tree;
    }

    static Map<String, Object> column(PlannedColumn column) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("name", column.name());
        tree.put("type", column.type());
        return tree;
    }
}
