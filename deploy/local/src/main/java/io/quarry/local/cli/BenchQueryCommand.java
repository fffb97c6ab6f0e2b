package io.quarry.local.cli;

import io.quarry.engine.JobFailure;
import io.quarry.engine.bench.QueryBench;
import io.quarry.engine.catalog.CatalogException;
import io.quarry.local.FileTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures the engine beside SQL written by hand. */
@Command(
        name = "query",
        mixinStandardHelpOptions = true,
        description = {
            "Runs the demo query and others, alternating with the same SQL written by hand under equal settings, and compares"
                    + " results and CPU time. Needs no broker.",
            "Exit code 1 when a result differs or a ratio is above the limit."
        },
        footerHeading = "%nExample:%n",
        footer = "  quarry bench query --rounds 5%n  quarry bench query --query demo -o json")
final class BenchQueryCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private Output output;

    @Option(names = "--rounds", paramLabel = "N", description = "Measured runs of each side (default: 5).")
    private @Nullable Integer rounds;

    @Option(names = "--threads", paramLabel = "N", description = "Threads of both sides (default: 2).")
    private @Nullable Integer threads;

    @Option(names = "--query", paramLabel = "NAME", description = "Only this query; may be repeated.")
    private List<String> only = List.of();

    BenchQueryCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException, SQLException, JobFailure, CatalogException, InterruptedException {
        QueryBench.Settings standard = QueryBench.Settings.standard();
        QueryBench.Settings settings = new QueryBench.Settings(
                BenchRun.atLeastOne("--rounds", rounds, standard.rounds()),
                BenchRun.atLeastOne("--threads", threads, standard.threads()),
                standard.memoryBytes(),
                standard.spillBytes(),
                only);
        Path scratch = Files.createTempDirectory("quarry-bench");
        try (ProgressView view = new ProgressView(console)) {
            QueryBench.Report report = QueryBench.run(
                    ExplainQueryCommand.catalog(console, null), scratch, settings, console.clock(), view::waiting);
            view.clear();
            output.print(console, Output.tree(report), () -> lines(report));
            return report.passed() ? ExitCodes.DONE : ExitCodes.FAILED;
        } finally {
            FileTree.delete(scratch);
        }
    }

    private static List<String> lines(QueryBench.Report report) {
        TextTable table = new TextTable(
                "QUERY", "ROWS", "EQUAL", "QUERY CPU MS", "HAND CPU MS", "RATIO", "LEAST", "MOST", "NOT QUERY");
        for (QueryBench.Result result : report.results()) {
            table.row(
                    result.name(),
                    Text.count(result.rows()),
                    result.equal() ? "yes" : "NO",
                    middle(result.queryCpuMillis()),
                    middle(result.handCpuMillis()),
                    number(result.ratioMedian()),
                    number(result.ratioMin()),
                    number(result.ratioMax()),
                    Math.round(100 * result.notQueryShare()) + "%");
        }
        List<String> lines = new ArrayList<>(table.lines(160));
        lines.add("");
        lines.add(report.rounds() + " rounds, " + report.threads() + " threads, "
                + Text.bytes(report.engineBytes()) + " for the engine; the ratio may be " + number(report.limit())
                + (report.passed() ? ": passed" : ": NOT passed"));
        return lines;
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }

    private static long middle(List<Long> values) {
        return values.stream().sorted().skip(values.size() / 2).findFirst().orElse(0L);
    }
}
