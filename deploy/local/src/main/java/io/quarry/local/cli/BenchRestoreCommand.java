package io.quarry.local.cli;

import io.quarry.local.bench.RestoreBench;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures how soon a scheduler that has lost its state serves again. */
@Command(
        name = "restore",
        mixinStandardHelpOptions = true,
        description = {
            "Lets the lifecycle take in the lives of a million jobs, stops the scheduler, removes its state directory and starts"
                    + " it again: the time from the start of the process until a job that was queued before is claimed and its"
                    + " row says so, and the most memory that the process had by then. On a broker of its own. Takes some"
                    + " ten minutes, nearly all of them to make the state.",
            "Exit code 1 when it takes more than 30 s or 1 GiB."
        },
        footerHeading = "%nExample:%n",
        footer = "  quarry bench restore%n  quarry bench restore --jobs 100000 --rounds 3 -o json")
final class BenchRestoreCommand implements Callable<Integer> {
    private static final int MOST = 10_000_000;

    private final Console console;

    @Mixin
    private Output output;

    @Mixin
    private RecordingOptions recordings;

    @Option(names = "--jobs", paramLabel = "N", description = "Jobs of the state (default: 1000000).")
    private @Nullable Integer jobs;

    @Option(names = "--rounds", paramLabel = "N", description = "Times that the state is lost (default: 1).")
    private @Nullable Integer rounds;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "scheduler.threads of the scheduler, each of which restores its part (default: 1).")
    private @Nullable Integer threads;

    BenchRestoreCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        RestoreBench.Settings standard = RestoreBench.Settings.standard();
        RestoreBench.Settings settings = new RestoreBench.Settings(
                BenchRun.atLeastOne("--jobs", jobs, standard.jobs()),
                BenchRun.atLeastOne("--rounds", rounds, standard.rounds()),
                BenchRun.atLeastOne("--threads", threads, standard.threads()),
                recordings.directory());
        if (settings.jobs() > MOST) {
            throw CommandFailure.badUsage("--jobs is " + settings.jobs() + ": it has to be at most " + MOST);
        }
        if (settings.rounds() > Math.max(1, settings.jobs() / 100)) {
            throw CommandFailure.badUsage("--rounds is " + settings.rounds() + ": each takes one queued job, of which "
                    + settings.jobs() + " jobs leave one in a hundred");
        }
        return BenchRun.of(
                console, (scratch, news) -> RestoreBench.run(scratch, settings, console.clock(), news), report -> {
                    output.print(console, tree(report), () -> lines(report));
                    return report.passed();
                });
    }

    static Map<String, Object> tree(RestoreBench.Report report) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("jobs", report.settings().jobs());
        tree.put("rounds", report.settings().rounds());
        tree.put("passed", report.passed());
        tree.put("goal_seconds", RestoreBench.SECONDS_GOAL);
        tree.put("goal_bytes", RestoreBench.BYTES_GOAL);
        tree.put("serves_seconds", Spreads.tree(report.servesSeconds()));
        tree.put("ready_seconds", Spreads.tree(report.readySeconds()));
        tree.put("cpu_seconds", Spreads.tree(report.cpuSeconds()));
        tree.put("peak_bytes", Spreads.tree(report.peakBytes()));
        tree.put("changelog_bytes", report.changelogBytes());
        tree.put("fill_seconds", Spreads.rounded(report.fillSeconds()));
        return tree;
    }

    private static List<String> lines(RestoreBench.Report report) {
        return List.of(
                String.format(
                        Locale.ROOT,
                        "%s jobs (%s of changelogs, made in %.0f s)",
                        Text.count(report.settings().jobs()),
                        Text.bytes(report.changelogBytes()),
                        report.fillSeconds()),
                "start to topologies running: " + Spreads.text(report.readySeconds(), 1) + " s",
                "start to serving:            " + Spreads.text(report.servesSeconds(), 1) + " s",
                "CPU of the process by then:  " + Spreads.text(report.cpuSeconds(), 1) + " s",
                "most resident memory:        "
                        + Text.bytes((long) report.peakBytes().median()),
                "",
                "Middle of " + report.settings().rounds() + " rounds, least and most in brackets. "
                        + (report.passed() ? "The goal (30 s, 1 GiB) is met." : "The goal (30 s, 1 GiB) is MISSED."));
    }
}
