package io.quarry.local.cli;

import io.quarry.avro.State;
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
        description = {
            "Asks for a job to be cancelled. A job that is over stays as it is, and the command says so: that is no error,",
            "since the job does not run any more. The job's last state says whether the cancel was in time."
        },
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
        State before;
        try (JobRows rows = JobRows.open(to, console.clock(), connection.reach())) {
            before = rows.find(id).orElseThrow(() -> JobCommand.noJob(id)).getState();
        }
        boolean over = ExitCodes.isFinal(before);
        if (!over) {
            ask(to);
        }
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("id", id);
        answer.put("cancel_requested", !over);
        answer.put("state", before.name());
        output.print(
                console,
                answer,
                () -> List.of(
                        over
                                ? id + " is already " + before + ": there is nothing to cancel"
                                : "cancel of " + id + " is asked for; 'quarry wait " + id + "' waits for it"));
        return ExitCodes.DONE;
    }

    private void ask(Connection to) {
        Map<String, String> settings = new LinkedHashMap<>(to.settings());
        settings.putIfAbsent(
                "submit.timeout.ms", Long.toString(connection.reach().toMillis()));
        try (QuarryClient client = QuarryClient.connect(settings)) {
            client.handle(id).cancel(console.variable("USER").orElse("cli"), reason);
        }
    }
}
