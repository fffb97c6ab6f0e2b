package io.quarry.local.cli;

import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleEvent;
import io.quarry.avro.ScheduleEventType;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What is done about schedules: the list of its subcommands. */
@Command(
        name = "schedules",
        mixinStandardHelpOptions = true,
        description = "Jobs at certain times: makes, shows and stops schedules, and says what became of each tick.",
        footerHeading = "%nExample:%n",
        footer = {
            "  quarry schedules next --cron '30 2 * * *' --zone Europe/Berlin --count 3",
            "  quarry schedules apply -f deploy/examples/schedules --dry-run",
            "  quarry schedules history daily"
        })
final class SchedulesCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    private SchedulesCommand() {}

    static CommandLine with(Console console) {
        return new CommandLine(new SchedulesCommand())
                .addSubcommand(new SchedulesNextCommand(console))
                .addSubcommand(new SchedulesCheckCommand(console))
                .addSubcommand(new SchedulesApplyCommand(console))
                .addSubcommand(new SchedulesListCommand(console))
                .addSubcommand(new SchedulesShowCommand(console))
                .addSubcommand(new SchedulesHistoryCommand(console))
                .addSubcommand(new SchedulesPauseCommand(console))
                .addSubcommand(new SchedulesPauseCommand.Resume(console))
                .addSubcommand(new SchedulesTriggerCommand(console))
                .addSubcommand(new SchedulesBackfillCommand(console))
                .addSubcommand(new SchedulesDeleteCommand(console))
                .addSubcommand(new SchedulesAuditCommand(console));
    }

    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return ExitCodes.BAD_USAGE;
    }

    static Schedule named(ScheduleTopics topics, String name) {
        Map<String, Schedule> all = topics.schedules();
        Schedule schedule = all.get(name);
        if (schedule == null) {
            throw CommandFailure.badUsage("there is no schedule " + name
                    + Spelling.nearest(name, all.keySet())
                            .map(near -> ": did you mean " + near + "?")
                            .orElse(
                                    all.isEmpty()
                                            ? ", and no other"
                                            : "; there are " + String.join(", ", all.keySet())));
        }
        return schedule;
    }

    static ScheduleEvent.Builder event(ScheduleEventType type, String schedule, Console console) {
        return ScheduleEvent.newBuilder()
                .setType(type)
                .setSchedule(schedule)
                .setAt(console.clock().instant().truncatedTo(ChronoUnit.MILLIS))
                .setWriter("cli/" + console.variable("USER").orElse("unknown"));
    }
}
