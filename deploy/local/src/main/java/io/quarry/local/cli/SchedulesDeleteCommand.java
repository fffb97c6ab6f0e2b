package io.quarry.local.cli;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Deletes schedules. */
@Command(
        name = "delete",
        mixinStandardHelpOptions = true,
        description = "Deletes schedules. What runs goes on, backfills are cancelled, the ledger stays.",
        footerHeading = "%nExample:%n",
        footer = "  quarry schedules delete daily")
final class SchedulesDeleteCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Option(names = "--yes", description = "On a terminal: asks for no confirmation.")
    private boolean yes;

    @Parameters(arity = "1..*", paramLabel = "NAME", description = "Names of schedules.")
    private List<String> names;

    SchedulesDeleteCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        try (ScheduleTopics topics = ScheduleTopics.open(connection, console)) {
            names.forEach(name -> SchedulesCommand.named(topics, name));
            if (!yes && !Confirmation.ofDeletion(console, "schedule " + String.join(", ", names))) {
                return ExitCodes.DONE;
            }
            names.forEach(topics::remove);
        }
        output.print(
                console,
                Map.of("deleted", names),
                () -> names.stream().map(name -> name + " is deleted").toList());
        return ExitCodes.DONE;
    }
}
