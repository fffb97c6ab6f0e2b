package io.quarry.local.cli;

import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleEventType;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Pauses schedules. */
@Command(
        name = "pause",
        mixinStandardHelpOptions = true,
        description = {
            "Pauses schedules until 'resume'. Each tick meanwhile is skipped and says so in the ledger; what runs goes"
                    + " on.",
            "A schedule whose file says 'paused' is paused by that, and goes on when the file is applied without it."
        },
        footerHeading = "%nExample:%n",
        footer = "  quarry schedules pause daily --reason 'source is being moved'")
final class SchedulesPauseCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Option(names = "--reason", paramLabel = "TEXT", defaultValue = "by hand", description = "Why, for the ledger.")
    private String reason;

    @Parameters(arity = "1..*", paramLabel = "NAME", description = "Names of schedules.")
    private List<String> names;

    SchedulesPauseCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        try (ScheduleTopics topics = ScheduleTopics.open(connection, console)) {
            names.forEach(name -> SchedulesCommand.named(topics, name));
            for (String name : names) {
                topics.event(SchedulesCommand.event(ScheduleEventType.PAUSE, name, console)
                        .setReason(reason)
                        .build());
            }
        }
        output.print(
                console,
                Map.of("paused", names, "reason", reason),
                () -> names.stream().map(name -> name + " is paused: " + reason).toList());
        return ExitCodes.DONE;
    }

    /** The opposite. */
    @Command(
            name = "resume",
            mixinStandardHelpOptions = true,
            description =
                    "Lets paused schedules go on with their next tick. What was skipped meanwhile is for 'backfill'.",
            footerHeading = "%nExample:%n",
            footer = "  quarry schedules resume daily")
    static final class Resume implements Callable<Integer> {
        private final Console console;

        @Mixin
        private ConnectionOptions connection;

        @Mixin
        private Output output;

        @Parameters(arity = "1..*", paramLabel = "NAME", description = "Names of schedules.")
        private List<String> names;

        Resume(Console console) {
            this.console = console;
        }

        @Override
        public Integer call() {
            try (ScheduleTopics topics = ScheduleTopics.open(connection, console)) {
                for (String name : names) {
                    Schedule schedule = SchedulesCommand.named(topics, name);
                    if (schedule.getPaused() != null) {
                        throw CommandFailure.badUsage("schedule " + name + " is paused by its definition ("
                                + schedule.getPaused() + "): take 'paused' out of its file and apply that");
                    }
                }
                names.forEach(name -> topics.event(SchedulesCommand.event(ScheduleEventType.RESUME, name, console)
                        .build()));
            }
            output.print(
                    console,
                    Map.of("resumed", names),
                    () -> names.stream().map(name -> name + " goes on").toList());
            return ExitCodes.DONE;
        }
    }
}
