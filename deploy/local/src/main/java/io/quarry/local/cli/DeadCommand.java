package io.quarry.local.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What is done about jobs that ended without a result: the list of its subcommands. */
@Command(
        name = "dead",
        mixinStandardHelpOptions = true,
        description =
                "Lists, shows and submits again jobs that ended without a result, and records that never became a job.",
        footerHeading = "%nExample:%n",
        footer = {
            "  quarry dead list --cause MEMORY_LIMIT --since 2h",
            "  quarry dead redrive --cause MEMORY_LIMIT --memory 16Gi --dry-run"
        })
final class DeadCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    private DeadCommand() {}

    static CommandLine with(Console console) {
        return new CommandLine(new DeadCommand())
                .addSubcommand(new DeadListCommand(console))
                .addSubcommand(new DeadShowCommand(console))
                .addSubcommand(new DeadRedriveCommand(console))
                .addSubcommand(new DeadInvalidCommand(console));
    }

    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return ExitCodes.BAD_USAGE;
    }
}
