package io.quarry.local.cli;

import io.quarry.avro.ScheduleEvent;
import io.quarry.avro.ScheduleEventType;
import io.quarry.schemas.schedule.TickIds;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs a schedule's job now. */
@Command(
        name = "trigger",
        mixinStandardHelpOptions = true,
        description = {
            "Runs a schedule's job now, whatever its rule, its pause and its overlap policy say, and prints the job's"
                    + " id.",
            "The tick of the job is this moment (or --at), its interval begins at the last tick of the rule before"
                    + " that."
        },
        footerHeading = "%nExample:%n",
        footer = {"  quarry schedules trigger daily", "  quarry wait $(quarry schedules trigger daily)"})
final class SchedulesTriggerCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Option(names = "--at", paramLabel = "TIME", description = "The instant that the job is for (default: now).")
    private @Nullable String at;

    @Parameters(paramLabel = "NAME", description = "Name of the schedule.")
    private String name;

    SchedulesTriggerCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        String request = "manual-" + UUID.randomUUID().toString().substring(0, 8);
        ScheduleEvent.Builder event =
                SchedulesCommand.event(ScheduleEventType.TRIGGER, name, console).setRequest(request);
        if (at != null) {
            event.setAt(Moments.parse("--at", at, console.clock().instant()));
        }
        ScheduleEvent sent = event.build();
        try (ScheduleTopics topics = ScheduleTopics.open(connection, console)) {
            SchedulesCommand.named(topics, name);
            topics.event(sent);
        }
        String id = TickIds.job(name, sent.getAt(), request);
        output.print(console, Map.of("job", id), () -> List.of(id));
        return ExitCodes.DONE;
    }
}
