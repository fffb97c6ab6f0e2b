package io.quarry.local.cli;

import io.quarry.client.DeadLetter;
import io.quarry.client.QuarryClient;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows one job that ended without a result. */
@Command(
        name = "show",
        mixinStandardHelpOptions = true,
        description =
                "Shows a dead job: cause with evidence, attempts, history, what it asked for and what became of it.",
        footerHeading = "%nExample:%n",
        footer = {
            "  quarry dead show nightly-42",
            "  quarry dead show nightly-42 --job > again.yaml && quarry submit again.yaml"
        })
final class DeadShowCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Option(
            names = "--job",
            description =
                    "Prints the job alone, as a file that can be edited and submitted as a new job: YAML, or JSON with"
                            + " -o json.")
    private boolean job;

    @Parameters(paramLabel = "ID", description = "Id of the job.")
    private String id;

    DeadShowCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        try (QuarryClient client = connection.client(console)) {
            DeadLetter letter = client.deadLetter(id).orElseThrow(() -> notDead(id));
            if (job) {
                output.print(console, DeadText.file(letter), () -> DeadText.fileLines(letter));
            } else {
                output.print(console, DeadText.tree(letter), () -> DeadText.page(letter, console));
            }
        }
        return ExitCodes.DONE;
    }

    static CommandFailure notDead(String id) {
        return CommandFailure.badUsage(
                "no job " + id + " ended without a result: 'quarry dead list' lists those that did," + " 'quarry job "
                        + id + "' shows one in any state");
    }
}
