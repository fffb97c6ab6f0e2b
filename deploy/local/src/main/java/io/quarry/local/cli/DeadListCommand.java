package io.quarry.local.cli;

import io.quarry.client.DeadLetter;
import io.quarry.client.QuarryClient;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Lists jobs that ended without a result. */
@Command(
        name = "list",
        mixinStandardHelpOptions = true,
        description = "Lists jobs that failed or expired, the latest end last, with what became of them.",
        footerHeading = "%nExample:%n",
        footer = {
            "  quarry dead list --cause MEMORY_LIMIT --since 2h",
            "  quarry dead list --group big --name 'nightly*' --tag team=growth -o json",
            "  quarry dead list --invalid"
        })
final class DeadListCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Mixin
    private DeadOptions wanted;

    @Option(
            names = "--limit",
            paramLabel = "N",
            defaultValue = "50",
            description = "Most to list, the latest (default: ${DEFAULT-VALUE}).")
    private int limit;

    @Option(
            names = "--invalid",
            description = "Lists the records that never became a job, as 'quarry dead invalid' does.")
    private boolean invalid;

    DeadListCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        if (limit < 1) {
            throw CommandFailure.badUsage("--limit is " + limit + ": must be at least 1");
        }
        try (QuarryClient client = connection.client(console)) {
            if (invalid) {
                if (!wanted.isEmpty()) {
                    throw CommandFailure.badUsage(
                            "--invalid lists records that are no jobs: only --limit goes with it");
                }
                return DeadInvalidCommand.list(client, limit, console, output);
            }
            List<DeadLetter> all = client.deadLetters(wanted.filter(console));
            List<DeadLetter> shown = all.subList(Math.max(0, all.size() - limit), all.size());
            output.print(
                    console,
                    shown.stream().map(DeadText::summary).toList(),
                    () -> DeadText.table(shown, console.tableWidth()));
            if (output.forPeople() && shown.size() < all.size()) {
                console.say((all.size() - shown.size()) + " older ones are not shown: --limit");
            }
        }
        return ExitCodes.DONE;
    }
}
