package io.quarry.local.cli;

import io.quarry.local.bench.DispatchBench;
import io.quarry.local.bench.DispatchBench.Comparison;
import io.quarry.local.bench.DispatchBench.Figures;
import io.quarry.local.bench.Spread;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures how fast jobs reach workers, beside a loop written by hand. */
@Command(
        name = "dispatch",
        mixinStandardHelpOptions = true,
        description = {
            "Drains backlogs of jobs that do nothing with 1 and with 4 workers, and measures the time from submit to start of"
                    + " an idle worker, alternating with the fastest loop over a share consumer that keeps the same promise"
                    + " (claim durable before the record is accepted). Brings its own broker; takes about two minutes.",
            "The ratios are of the loops alone; with_scheduler repeats all with the scheduler running for both sides.",
            "Exit code 1 when a median misses the bar: 0.7 of the raw rate, twice the raw wait, 20 ms."
        },
        footerHeading = "%nExample:%n",
        footer = "  quarry bench dispatch%n  quarry bench dispatch --rounds 9 -o json")
final class BenchDispatchCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private Output output;

    @Mixin
    private RecordingOptions recordings;

    @Option(names = "--jobs", paramLabel = "N", description = "Jobs of one drain (default: 800).")
    private @Nullable Integer jobs;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds, each with both sides (default: 5).")
    private @Nullable Integer rounds;

    @Option(
            names = "--warm-up",
            paramLabel = "N",
            description = "Jobs that each process runs before it is measured (default: 2500).")
    private @Nullable Integer warmUp;

    @Option(
            names = "--samples",
            paramLabel = "N",
            description = "Jobs submitted one by one to an idle worker, in each round (default: 80).")
    private @Nullable Integer samples;

    @Option(names = "--no-scheduler", description = "Only the loops alone.")
    private boolean noScheduler;

    BenchDispatchCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        DispatchBench.Settings standard = DispatchBench.Settings.standard();
        DispatchBench.Settings settings = new DispatchBench.Settings(
                BenchRun.atLeastOne("--jobs", jobs, standard.jobs()),
                BenchRun.atLeastOne("--rounds", rounds, standard.rounds()),
                BenchRun.atLeastOne("--warm-up", warmUp, standard.warmUp()),
                BenchRun.atLeastOne("--samples", samples, standard.samples()),
                !noScheduler,
                recordings.directory());
        return BenchRun.of(console, (scratch, news) -> DispatchBench.run(scratch, settings, news::step), report -> {
            output.print(console, tree(report), () -> lines(report));
            return report.loops().passed();
        });
    }

    static Map<String, Object> tree(DispatchBench.Report report) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("jobs", report.settings().jobs());
        tree.put("rounds", report.settings().rounds());
        tree.put("samples", report.settings().samples());
        tree.put("passed", report.loops().passed());
        tree.put("goal_met", report.loops().goalMet());
        tree.putAll(tree(report.loops()));
        if (report.whole() != null) {
            tree.put("with_scheduler", tree(report.whole()));
        }
        return tree;
    }

    private static Map<String, Object> tree(Comparison comparison) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("drain_ratio_1", Spreads.tree(comparison.drainRatio1()));
        tree.put("drain_ratio_4", Spreads.tree(comparison.drainRatio4()));
        tree.put("p50_ratio", Spreads.tree(comparison.p50Ratio()));
        tree.put("p99_ms", Spreads.tree(comparison.quarry().startP99Ms()));
        tree.put("cpu_ratio_1", Spreads.tree(comparison.cpuRatio1()));
        tree.put("cpu_ratio_4", Spreads.tree(comparison.cpuRatio4()));
        tree.put("quarry", tree(comparison.quarry()));
        tree.put("raw", tree(comparison.raw()));
        tree.put("doubled_claims", comparison.doubledClaims());
        return tree;
    }

    private static Map<String, Object> tree(Figures figures) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("drain_per_second_1", Spreads.tree(figures.drainPerSecond1()));
        tree.put("drain_per_second_4", Spreads.tree(figures.drainPerSecond4()));
        tree.put("start_p50_ms", Spreads.tree(figures.startP50Ms()));
        tree.put("start_p99_ms", Spreads.tree(figures.startP99Ms()));
        tree.put("cpu_ms_per_job_1", Spreads.tree(figures.cpuMsPerJob1()));
        tree.put("cpu_ms_per_job_4", Spreads.tree(figures.cpuMsPerJob4()));
        tree.put("broker_cpu_ms_per_job_1", Spreads.tree(figures.brokerMsPerJob1()));
        tree.put("broker_cpu_ms_per_job_4", Spreads.tree(figures.brokerMsPerJob4()));
        return tree;
    }

    private static List<String> lines(DispatchBench.Report report) {
        List<String> lines = new ArrayList<>();
        lines.add("Loops alone (broker and workers):");
        lines.addAll(table(report.loops()));
        if (report.whole() != null) {
            lines.add("");
            lines.add("With the scheduler running, for both sides:");
            lines.addAll(table(report.whole()));
        }
        lines.add("");
        lines.add("Middle of " + report.settings().rounds() + " rounds, least and most in brackets. "
                + (report.loops().goalMet()
                        ? "The goal is met."
                        : report.loops().passed()
                                ? "The bar is passed, the goal (0.90, 0.90, 1.50, 20 ms) is missed."
                                : "The bar (0.70, 0.70, 2.00, 20 ms) is MISSED."));
        return lines;
    }

    private static List<String> table(Comparison comparison) {
        TextTable table = new TextTable("", "QUARRY", "RAW", "RATIO");
        Figures quarry = comparison.quarry();
        Figures raw = comparison.raw();
        table.row(
                "drain, 1 worker, jobs/s",
                Spreads.text(quarry.drainPerSecond1(), 0),
                Spreads.text(raw.drainPerSecond1(), 0),
                Spreads.text(comparison.drainRatio1(), 2));
        table.row(
                "drain, 4 workers, jobs/s",
                Spreads.text(quarry.drainPerSecond4(), 0),
                Spreads.text(raw.drainPerSecond4(), 0),
                Spreads.text(comparison.drainRatio4(), 2));
        table.row(
                "submit to start, p50 ms",
                Spreads.text(quarry.startP50Ms(), 2),
                Spreads.text(raw.startP50Ms(), 2),
                Spreads.text(comparison.p50Ratio(), 2));
        table.row(
                "submit to start, p99 ms", Spreads.text(quarry.startP99Ms(), 2), Spreads.text(raw.startP99Ms(), 2), "");
        cpu(
                table,
                "1 worker",
                quarry.cpuMsPerJob1(),
                raw.cpuMsPerJob1(),
                quarry.brokerMsPerJob1(),
                raw.brokerMsPerJob1());
        table.row("both together, 1 worker", "", "", Spreads.text(comparison.cpuRatio1(), 2));
        cpu(
                table,
                "4 workers",
                quarry.cpuMsPerJob4(),
                raw.cpuMsPerJob4(),
                quarry.brokerMsPerJob4(),
                raw.brokerMsPerJob4());
        table.row("both together, 4 workers", "", "", Spreads.text(comparison.cpuRatio4(), 2));
        return table.lines(160);
    }

    private static void cpu(
            TextTable table, String workers, Spread own, Spread raw, Spread ownBroker, Spread rawBroker) {
        table.row("CPU ms a job, " + workers, Spreads.text(own, 2), Spreads.text(raw, 2), "");
        table.row("the broker's, " + workers, Spreads.text(ownBroker, 2), Spreads.text(rawBroker, 2), "");
    }
}
