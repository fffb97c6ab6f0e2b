package io.quarry.local.cli;

import io.quarry.local.bench.BacklogBench;
import io.quarry.local.bench.BacklogBench.Dispensing;
import io.quarry.local.bench.BacklogBench.Keeping;
import io.quarry.local.bench.BacklogBench.Size;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures what a job costs while few and while many wait behind it. */
@Command(
        name = "backlog",
        mixinStandardHelpOptions = true,
        description = {
            "Measures what taking a job from the head of a queue costs worker and broker (CPU) while 100, 10,000 and"
                    + " 1,000,000 jobs are queued, in turn on one broker of its own; the queues keep their length. Then what the"
                    + " life of a job costs the scheduler while as many rows are queued. Takes some ten minutes, most of"
                    + " them to make a million rows.",
            "Exit code 1 when a job costs more than 1.1 times what it costs at the first size."
        },
        footerHeading = "%nExample:%n",
        footer = "  quarry bench backlog%n  quarry bench backlog --sizes 100,10000 --rounds 3 -o json")
final class BenchBacklogCommand implements Callable<Integer> {
    private static final int MOST = 10_000_000;

    private final Console console;

    @Mixin
    private Output output;

    @Mixin
    private RecordingOptions recordings;

    @Option(
            names = "--sizes",
            paramLabel = "N",
            split = ",",
            description =
                    "Lengths of the queues; the least is what the others are compared with (default: 100,10000,1000000).")
    private List<Integer> sizes = List.of();

    @Option(names = "--jobs", paramLabel = "N", description = "Jobs of one measurement (default: 2000).")
    private @Nullable Integer jobs;

    @Option(names = "--rounds", paramLabel = "N", description = "Measurements of each size (default: 5).")
    private @Nullable Integer rounds;

    @Option(
            names = "--warm-up",
            paramLabel = "N",
            description = "Jobs that each worker runs before it is measured (default: 4000).")
    private @Nullable Integer warmUp;

    @Option(names = "--no-scheduler", description = "Only worker and broker.")
    private boolean noScheduler;

    BenchBacklogCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        BacklogBench.Settings standard = BacklogBench.Settings.standard();
        for (int size : sizes) {
            if (size < 1 || size > MOST) {
                throw CommandFailure.badUsage("--sizes has " + size + ": each has to be from 1 to " + MOST);
            }
        }
        BacklogBench.Settings settings = new BacklogBench.Settings(
                sizes.isEmpty() ? standard.sizes() : List.copyOf(new TreeSet<>(sizes)),
                BenchRun.atLeastOne("--jobs", jobs, standard.jobs()),
                BenchRun.atLeastOne("--rounds", rounds, standard.rounds()),
                BenchRun.atLeastOne("--warm-up", warmUp, standard.warmUp()),
                !noScheduler,
                recordings.directory());
        return BenchRun.of(
                console, (scratch, news) -> BacklogBench.run(scratch, settings, console.clock(), news), report -> {
                    output.print(console, tree(report), () -> lines(report));
                    return report.passed();
                });
    }

    static Map<String, Object> tree(BacklogBench.Report report) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("jobs", report.settings().jobs());
        tree.put("rounds", report.settings().rounds());
        tree.put("passed", report.passed());
        tree.put("goal_ratio", BacklogBench.GOAL);
        List<Map<String, Object>> sizes = new ArrayList<>();
        for (Size size : report.sizes()) {
            Map<String, Object> one = new LinkedHashMap<>();
            Dispensing dispensing = size.dispensing();
            one.put("queued", size.queued());
            one.put("per_second", Spreads.tree(dispensing.perSecond()));
            one.put("worker_cpu_ms_per_job", Spreads.tree(dispensing.workerMs()));
            one.put("broker_cpu_ms_per_job", Spreads.tree(dispensing.brokerMs()));
            one.put("cost_ratio", Spreads.tree(dispensing.ratio()));
            Keeping lifecycle = size.lifecycle();
            if (lifecycle != null) {
                Map<String, Object> kept = new LinkedHashMap<>();
                kept.put("scheduler_cpu_ms_per_job", Spreads.tree(lifecycle.schedulerMs()));
                kept.put("broker_cpu_ms_per_job", Spreads.tree(lifecycle.brokerMs()));
                kept.put("cost_ratio", Spreads.tree(lifecycle.ratio()));
                one.put("lifecycle", kept);
            }
            sizes.add(one);
        }
        tree.put("sizes", sizes);
        return tree;
    }

    private static List<String> lines(BacklogBench.Report report) {
        TextTable table = new TextTable("QUEUED", "JOBS/S", "WORKER CPU MS", "BROKER CPU MS", "RATIO");
        TextTable lifecycle = new TextTable("QUEUED", "SCHEDULER CPU MS", "BROKER CPU MS", "RATIO");
        boolean kept = false;
        for (Size size : report.sizes()) {
            Dispensing dispensing = size.dispensing();
            table.row(
                    Text.count(size.queued()),
                    Spreads.text(dispensing.perSecond(), 0),
                    Spreads.text(dispensing.workerMs(), 2),
                    Spreads.text(dispensing.brokerMs(), 2),
                    Spreads.text(dispensing.ratio(), 2));
            Keeping keeping = size.lifecycle();
            if (keeping != null) {
                kept = true;
                lifecycle.row(
                        Text.count(size.queued()),
                        Spreads.text(keeping.schedulerMs(), 2),
                        Spreads.text(keeping.brokerMs(), 2),
                        Spreads.text(keeping.ratio(), 2));
            }
        }
        List<String> lines = new ArrayList<>();
        lines.add("Worker and broker, CPU of one job that is submitted, taken, claimed and finished:");
        lines.addAll(table.lines(160));
        if (kept) {
            lines.add("");
            lines.add("Scheduler, CPU of one job's whole life:");
            lines.addAll(lifecycle.lines(160));
        }
        lines.add("");
        lines.add("Middle of " + report.settings().rounds() + " rounds, least and most in brackets. "
                + (report.passed() ? "The goal (1.10) is met." : "The goal (1.10) is MISSED."));
        return lines;
    }
}
