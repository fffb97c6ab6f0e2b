package io.quarry.local.cli;

import io.quarry.local.DataDirectory;
import io.quarry.local.FileTree;
import io.quarry.local.LogFile;
import io.quarry.local.chaos.Chaos;
import io.quarry.local.chaos.ChaosReport;
import io.quarry.local.chaos.ChaosSettings;
import io.quarry.local.chaos.FaultKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Breaks a whole installation of its own and shows that no job is lost, doubled or wrong. */
@Command(
        name = "chaos",
        mixinStandardHelpOptions = true,
        description = {
            "Starts a broker, schedulers and workers as processes of their own, submits real queries, and kills, pauses and"
                    + " cuts off whatever there is, by a schedule that the seed fixes.",
            "Ends with the auditor's verdict and a check of every result from outside. Exit code 1 on any breach. Nothing is"
                    + " left behind, except with --keep or after a breach the directory with all logs and topics."
        },
        footerHeading = "%nExample:%n",
        footer =
                "  quarry chaos --jobs 300 --minutes 1 --seed 7%n"
                        + "  quarry chaos --jobs 10000 --minutes 30 --gap 10 --workers 4 --faults kill-worker,kill-broker -o json")
final class ChaosCommand implements Callable<Integer> {
    private static final Duration STOP = Duration.ofSeconds(60);

    private final Console console;

    @Mixin
    private Output output;

    @Option(names = "--jobs", paramLabel = "N", defaultValue = "300", description = "Jobs (default: ${DEFAULT-VALUE}).")
    private int jobs;

    @Option(
            names = "--minutes",
            paramLabel = "M",
            defaultValue = "1",
            description = "How long they are submitted and faults happen (default: ${DEFAULT-VALUE}).")
    private double minutes;

    @Option(
            names = "--seed",
            paramLabel = "S",
            description = "Repeats the schedule of another run (default: by the clock).")
    private @Nullable Long seed;

    @Option(
            names = "--workers",
            paramLabel = "W",
            defaultValue = "3",
            description = "Worker processes (default: ${DEFAULT-VALUE}).")
    private int workers;

    @Option(
            names = "--faults",
            paramLabel = "LIST",
            split = ",",
            description =
                    "Only these kinds of fault: kill-worker, pause-worker, cut-worker, kill-scheduler, pause-scheduler,"
                            + " kill-broker, cut-all, open-transaction, delete-records, duplicate, cancel, poison, disk-full, or"
                            + " none.")
    private List<String> only = List.of();

    @Option(
            names = "--gap",
            paramLabel = "SECONDS",
            defaultValue = "2.5",
            description =
                    "Mean time between two faults (default: ${DEFAULT-VALUE}). On a busy machine a broker takes twenty"
                            + " seconds to come back: with less between faults little gets done.")
    private double gap;

    @Option(names = "--keep", description = "Keeps the directory.")
    private boolean keep;

    @Option(
            names = "--directory",
            paramLabel = "DIR",
            description = "Where to make the directory (default: the temporary one).")
    private @Nullable Path place;

    ChaosCommand(Console console) {
        this.console = console;
    }

    // The log is closed and never spoken to.
    @SuppressWarnings("try")
    @Override
    public Integer call() throws Exception {
        check(jobs >= 1 && jobs <= 1_000_000, "--jobs is " + jobs + ": must be from 1 to 1000000");
        check(minutes > 0 && minutes <= 10_000, "--minutes is " + minutes + ": must be above 0 and at most 10000");
        check(gap >= 0.1 && gap <= 3_600, "--gap is " + gap + ": must be from 0.1 to 3600");
        check(workers >= 1 && workers <= 64, "--workers is " + workers + ": must be from 1 to 64");
        Set<FaultKind> kinds = kinds(only);
        Path directory = place == null
                ? Files.createTempDirectory("quarry-chaos")
                : Files.createTempDirectory(Files.createDirectories(place).toAbsolutePath(), "quarry-chaos");
        ChaosSettings settings = new ChaosSettings(
                jobs,
                Duration.ofMillis(Math.round(minutes * 60_000)),
                seed == null ? console.clock().millis() % 1_000_000 : seed,
                workers,
                2,
                kinds,
                Duration.ofMillis(Math.round(gap * 1_000)),
                ChaosSettings.Timing.SHORT,
                directory,
                console.clock());
        boolean kept = keep;
        // What is kept can be looked at with 'quarry local --data DIR' and audited again.
        DataDirectory.open(directory).close();
        Interruption interruption = Interruption.ofThisThread(STOP);
        try (AutoCloseable log = LogFile.open(directory.resolve("logs").resolve("chaos.log"))) {
            console.say("seed " + settings.seed() + ", directory " + directory);
            ChaosReport report = Chaos.run(settings, console::say);
            kept |= !report.clean();
            output.print(console, tree(report), () -> lines(report));
            if (kept) {
                console.say("kept: " + directory + " (logs, topics, datasets); the same schedule again: --seed "
                        + report.seed());
                console.say(
                        "to look into it: quarry local --data " + directory + ", then quarry audit --data " + directory
                                + " --final --lease-ticks "
                                + settings.timing().leaseTicks());
            }
            return report.clean() ? ExitCodes.DONE : ExitCodes.FAILED;
        } catch (InterruptedException | InterruptException e) {
            console.say("quarry: stopped");
            return ExitCodes.FAILED;
        } finally {
            Thread.interrupted();
            if (!kept) {
                FileTree.delete(directory);
            }
            interruption.close();
        }
    }

    static Set<FaultKind> kinds(List<String> flags) {
        if (flags.isEmpty()) {
            return EnumSet.allOf(FaultKind.class);
        }
        Set<FaultKind> kinds = EnumSet.noneOf(FaultKind.class);
        for (String flag : flags) {
            if (flag.equals("none")) {
                continue;
            }
            kinds.add(Arrays.stream(FaultKind.values())
                    .filter(kind -> kind.flag().equals(flag))
                    .findFirst()
                    .orElseThrow(() -> CommandFailure.badUsage("--faults has " + flag + ": must be of "
                            + Arrays.stream(FaultKind.values())
                                    .map(FaultKind::flag)
                                    .collect(Collectors.joining(", ")))));
        }
        return kinds;
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw CommandFailure.badUsage(otherwise);
        }
    }

    private static Map<String, Object> tree(ChaosReport report) {
        Map<String, Object> tree = new LinkedHashMap<>(Output.tree(report));
        tree.put("audit", AuditCommand.tree(report.audit()));
        return tree;
    }

    private static List<String> lines(ChaosReport report) {
        TextTable table = new TextTable("FAULT", "TIMES", "WORST RECOVERY");
        new TreeMap<>(report.faults()).forEach((flag, times) -> {
            Double seconds = report.recoverySeconds().get(flag);
            table.row(flag, Integer.toString(times), seconds == null ? "" : seconds + " s");
        });
        List<String> lines = new ArrayList<>(table.lines(200));
        report.unavailable().forEach((flag, reason) -> lines.add(flag + ": not available here: " + reason));
        lines.add("");
        lines.add(String.format(
                "%d jobs: %d succeeded, %d cancelled, %d failed; %d re-runs; lost %d, doubled %d, out of order %d, wrong %d",
                report.jobs(),
                report.audit().succeeded(),
                report.audit().cancelled(),
                report.audit().failed(),
                report.reruns(),
                report.lost(),
                report.doubled(),
                report.fifoBreaks(),
                report.wrongResults()));
        report.breaches().stream().limit(50).forEach(lines::add);
        lines.add(report.verdict() + "  (seed " + report.seed() + ", " + report.seconds() + " s)");
        return lines;
    }
}
