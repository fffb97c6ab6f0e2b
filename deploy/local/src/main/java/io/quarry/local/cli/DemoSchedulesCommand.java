package io.quarry.local.cli;

import io.quarry.avro.Schedule;
import io.quarry.local.LocalSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs a schedule through a month of virtual time. */
@Command(
        name = "schedules",
        mixinStandardHelpOptions = true,
        description = {
            "Starts everything on this machine and lets a schedule tick through February 2001, a day in two seconds: its"
                    + " jobs compute features of each day's flights. One run is slow (overlap: queue-one), the"
                    + " scheduler is away for some days (catch_up: 3), and one night the clock is set back.",
            "Only the schedule goes by that time: its ticks, their lateness and the ledger. Jobs, their leases and"
                    + " timeouts go by real time. The schedule is deploy/demo/schedule.yaml.",
            "Ends with the ledger and its recount, and leaves nothing behind; with --data it keeps all."
        },
        footerHeading = "%nExample:%n",
        footer = "  quarry demo schedules%n  quarry demo schedules --day 3s -o json")
final class DemoSchedulesCommand implements Callable<Integer> {
    private static final Duration STOP = Duration.ofSeconds(60);
    private static final Duration SHORTEST = Duration.ofMillis(200);
    private static final Duration LONGEST = Duration.ofMinutes(10);

    private final Console console;

    @Mixin
    private LocalOptions options;

    @Mixin
    private Output output;

    @Option(
            names = "--day",
            paramLabel = "TIME",
            defaultValue = "2s",
            description = "How long a day of the schedule takes, 200ms to 10m (default: ${DEFAULT-VALUE}).")
    private String day;

    @Option(names = "--data", paramLabel = "DIR", description = "Data directory to use and to keep.")
    private @Nullable Path data;

    DemoSchedulesCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws JobFileException {
        Duration pace = Durations.option("--day", day);
        if (pace.compareTo(SHORTEST) < 0 || pace.compareTo(LONGEST) > 0) {
            throw CommandFailure.badUsage("--day is " + day + ": it has to be from 200ms to 10m");
        }
        Path file = console.checkout().resolve("deploy").resolve("demo").resolve("schedule.yaml");
        Schedule schedule = ScheduleFile.parse(SubmittedFile.text(file.toString(), console), file.toString());
        Path place = data != null
                ? data.toAbsolutePath().normalize()
                : DemoRuns.below(console.home()).next(console.clock().instant());
        LocalSettings settings = options.settings(console, place, punctuality());
        FreshDirectory fresh = FreshDirectory.of(place);
        // Ctrl-C may come at any time from here on: whatever was begun is ended, then the process.
        try (Interruption interruption = Interruption.ofThisThread(STOP)) {
            try {
                ScheduleDemoReport report = new ScheduleDemo(console, settings, schedule, pace, interruption).run();
                output.print(console, report.tree(), () -> report.lines(console));
                return report.good() ? ExitCodes.DONE : ExitCodes.FAILED;
            } catch (RuntimeException | Error e) {
                // An error as well: a class that is loaded while the process ends may refuse to be.
                if (!interruption.asked()) {
                    throw e;
                }
                console.say("stopped");
                return ExitCodes.INTERRUPTED;
            } finally {
                // Set by the hook; removing has to be able to wait.
                Thread.interrupted();
                if (data == null) {
                    fresh.remove();
                }
            }
        }
    }

    /** In the schedule's own time: late after a quarter of a day, missed after a whole one. */
    private static Map<String, String> punctuality() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put(
                "scheduler.trigger.late.after.ms",
                Long.toString(Duration.ofHours(6).toMillis()));
        settings.put(
                "scheduler.trigger.missed.after.ms",
                Long.toString(Duration.ofDays(1).toMillis()));
        return settings;
    }
}
