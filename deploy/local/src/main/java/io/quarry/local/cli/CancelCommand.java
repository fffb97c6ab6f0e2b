package io.quarry.local.cli;

import io.quarry.client.QuarryClient;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Cancels a job. */
@Command(
        name = "cancel",
        mixinStandardHelpOptions = true,
        description = "Asks for a job to be cancelled. A job that is done stays as it is.",
        footerHeading = "%nExample:%n",
        footer = "  quarry cancel nightly-42 --reason 'wrong catalog'%n  quarry wait nightly-42")
final class CancelCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Option(names = "--reason", paramLabel = "TEXT", defaultValue = "", description = "Why, for the job's history.")
    private String reason = "";

    @Parameters(paramLabel = "ID", description = "Id of the job.")
    private String id;

    CancelCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        Connection to = connection.find(console);
        try (JobRows rows = JobRows.open(to, console.clock(), connection.reach())) {
            if (rows.find(id).isEmpty()) {
                throw JobCommand.noJob(id);
            }
        }
        try (QuarryClient client = QuarryClient.connect(to.settings())) {
            client.handle(id).cancel(console.variable("USER").orElse("cli"), reason);
        }
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("id", id);
        answer.put("cancel_requested", true);
        output.print(
                console,
                answer,
                () -> List.of("cancel of " + id + " is asked for; 'quarry wait " + id + "' waits for it"));
        return ExitCodes.DONE;
    }
}
