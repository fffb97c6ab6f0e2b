package io.quarry.local.cli;

import io.quarry.local.bench.CronBench;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures schedules. */
@Command(
        name = "cron",
        mixinStandardHelpOptions = true,
        description = {
            "Lets ten thousand schedules be due at once: the time until all their jobs are in the topic, alternating"
                    + " with a plain transactional producer that writes as many jobs and rows. Then a hundred thousand"
                    + " schedules that have nothing to do, a hundred that tick each second for ten minutes, and the loss"
                    + " of the state. On a broker of its own. Takes some twenty minutes.",
            "Exit code 1 when the jobs take more than 2 s."
        },
        footerHeading = "%nExample:%n",
        footer = "  quarry bench cron%n  quarry bench cron --due 1000 --rounds 2 --idle 5000 --seconds 20 -o json")
final class BenchCronCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private Output output;

    @Mixin
    private RecordingOptions recordings;

    @Option(names = "--due", paramLabel = "N", description = "Schedules that are due at once (default: 10000).")
    private @Nullable Integer due;

    @Option(names = "--rounds", paramLabel = "N", description = "How often they are (default: 5).")
    private @Nullable Integer rounds;

    @Option(names = "--idle", paramLabel = "N", description = "Schedules that have nothing to do (default: 100000).")
    private @Nullable Integer idle;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            description = "How long ticks of a second are watched (default: 600).")
    private @Nullable Integer seconds;

    BenchCronCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        CronBench.Settings standard = CronBench.Settings.standard();
        CronBench.Settings settings = new CronBench.Settings(
                BenchRun.atLeastOne("--due", due, standard.due()),
                BenchRun.atLeastOne("--rounds", rounds, standard.rounds()),
                BenchRun.atLeastOne("--idle", idle, standard.idle()),
                BenchRun.atLeastOne("--seconds", seconds, standard.seconds()),
                recordings.directory());
        return BenchRun.of(
                console, (scratch, news) -> CronBench.run(scratch, settings, console.clock(), news), report -> {
                    output.print(console, tree(report), () -> lines(report));
                    return report.passed();
                });
    }

    private static double ratio(CronBench.Report report) {
        return report.burstSeconds().median() / report.rawSeconds().median();
    }

    private static Map<String, Object> tree(CronBench.Report report) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("due", report.settings().due());
        tree.put("rounds", report.settings().rounds());
        tree.put("passed", report.passed());
        tree.put("goal_seconds", CronBench.SECONDS_GOAL);
        tree.put("burst_seconds", Spreads.tree(report.burstSeconds()));
        tree.put("raw_seconds", Spreads.tree(report.rawSeconds()));
        tree.put("ratio", Spreads.rounded(ratio(report)));
        tree.put("late_ms_p50", Spreads.rounded(report.late().p50()));
        tree.put("late_ms_p99", Spreads.rounded(report.late().p99()));
        tree.put("idle_schedules", report.settings().idle());
        tree.put("idle_cpu_ms_per_second", Spreads.rounded(report.idle().with()));
        tree.put("empty_cpu_ms_per_second", Spreads.rounded(report.idle().without()));
        tree.put("restore_seconds", Spreads.rounded(report.restoreSeconds()));
        tree.put("peak_bytes", report.peakBytes());
        return tree;
    }

    private static List<String> lines(CronBench.Report report) {
        return List.of(
                Text.count(report.settings().due()) + " schedules due at once, "
                        + Text.count(report.settings().rounds(), "round") + ":",
                "  until all jobs are in the topic: " + Spreads.text(report.burstSeconds(), 2) + " s",
                "  a plain transactional producer:  " + Spreads.text(report.rawSeconds(), 2) + " s, ratio "
                        + String.format(Locale.ROOT, "%.1f", ratio(report)),
                String.format(
                        Locale.ROOT,
                        "100 schedules with a tick a second: can be read %.0f ms late in the middle, %.0f ms at 99 of 100",
                        report.late().p50(),
                        report.late().p99()),
                String.format(
                        Locale.ROOT,
                        "%s schedules with nothing to do: %.1f CPU ms a second, %.1f without any",
                        Text.count(report.settings().idle()),
                        report.idle().with(),
                        report.idle().without()),
                String.format(
                        Locale.ROOT,
                        "a start without the state directory ticks after %.1f s; most resident memory %s",
                        report.restoreSeconds(),
                        Text.bytes(report.peakBytes())),
                report.passed() ? "The goal (2 s) is met." : "The goal (2 s) is MISSED.");
    }
}
