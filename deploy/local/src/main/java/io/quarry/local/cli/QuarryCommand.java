package io.quarry.local.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The {@code quarry} command: the list of its subcommands and the one place where their failures become messages. */
@Command(
        name = "quarry",
        mixinStandardHelpOptions = true,
        versionProvider = QuarryCommand.Version.class,
        header = "Job queue with resource groups for heavy offline queries.",
        synopsisSubcommandLabel = "COMMAND",
        footerHeading = "%nExample:%n",
        footer = {
            "  quarry demo                                 a real query over 3,000,000 flights, start to finish",
            "  quarry demo schedules                       a month of a schedule in a minute: overlap, outage, DST",
            "  quarry local                                everything on this machine, until Ctrl-C",
            "  quarry submit --wait deploy/demo/query.yaml",
            "",
            "Exit codes: 0 done, 1 the job failed, 2 bad usage, 3 broker or registry out of reach, 4 not done in time."
        })
final class QuarryCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    private QuarryCommand() {}

    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return ExitCodes.BAD_USAGE;
    }

    /** The whole command line, ready to run. */
    static CommandLine commandLine(Console console) {
        CommandLine catalog = new CommandLine(new CatalogCommand()).addSubcommand(new CatalogCheckCommand(console));
        CommandLine bench = new CommandLine(new BenchCommand())
                .addSubcommand(new BenchQueryCommand(console))
                .addSubcommand(new BenchDispatchCommand(console))
                .addSubcommand(new BenchBacklogCommand(console))
                .addSubcommand(new BenchRestoreCommand(console))
                .addSubcommand(new BenchRecoveryCommand(console))
                .addSubcommand(new BenchCronCommand(console));
        CommandLine line = new CommandLine(new QuarryCommand())
                .addSubcommand(
                        new CommandLine(new DemoCommand(console)).addSubcommand(new DemoSchedulesCommand(console)))
                .addSubcommand(new LocalCommand(console))
                .addSubcommand(new SubmitCommand(console))
                .addSubcommand(new JobsCommand(console))
                .addSubcommand(new JobCommand(console))
                .addSubcommand(new WaitCommand(console))
                .addSubcommand(new CancelCommand(console))
                .addSubcommand(new DatasetCommand(console))
                .addSubcommand(DeadCommand.with(console))
                .addSubcommand(new ReplayCommand(console))
                .addSubcommand(GroupsCommand.with(console))
                .addSubcommand(SchedulesCommand.with(console))
                .addSubcommand(new PlacementCommand(console))
                .addSubcommand(catalog)
                .addSubcommand(new ExplainQueryCommand(console))
                .addSubcommand(new TopicsCommand(console))
                .addSubcommand(new AuditCommand(console))
                .addSubcommand(new ChaosCommand(console))
                .addSubcommand(bench)
                .addSubcommand(new CompletionCommand(console));
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setColorScheme(CommandLine.Help.defaultColorScheme(console.colour() ? Ansi.ON : Ansi.OFF));
        line.setUsageHelpWidth(Math.max(80, Math.min(console.width(), 120)));
        line.setOut(new PrintWriter(console.out(), true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(console.err(), true, StandardCharsets.UTF_8));
        line.setParameterExceptionHandler((failure, arguments) -> badUsage(console, failure));
        line.setExecutionExceptionHandler((failure, command, parsed) -> failed(console, failure, command));
        return line;
    }

    private static int badUsage(Console console, ParameterException failure) {
        CommandLine command = failure.getCommandLine();
        Optional<String> unknown = unknownCommand(failure);
        console.say("quarry: " + unknown.orElse(failure.getMessage()));
        if (unknown.isEmpty()) {
            UnmatchedArgumentException.printSuggestions(failure, command.getErr());
        }
        console.say("Try 'quarry " + path(command) + "--help'.");
        return ExitCodes.BAD_USAGE;
    }

    /** What to say when a word stands where only the name of a command may. */
    private static Optional<String> unknownCommand(ParameterException failure) {
        CommandLine command = failure.getCommandLine();
        if (!(failure instanceof UnmatchedArgumentException unmatched)
                || command.getSubcommands().isEmpty()
                || !command.getCommandSpec().positionalParameters().isEmpty()) {
            return Optional.empty();
        }
        String typed = unmatched.getUnmatched().get(0);
        if (typed.startsWith("-")) {
            return Optional.empty();
        }
        String meant = Spelling.allNearest(typed, command.getSubcommands().keySet()).stream()
                .map(name -> "'quarry " + path(command) + name + "'")
                .collect(Collectors.joining(" or "));
        return Optional.of("unknown command '" + path(command) + typed + "'"
                + (meant.isEmpty() ? "" : "; did you mean " + meant + "?"));
    }

    private static String path(CommandLine command) {
        String name = command.getCommandSpec().qualifiedName(" ");
        return name.equals("quarry") ? "" : name.substring("quarry ".length()) + " ";
    }

    private static int failed(Console console, Exception failure, CommandLine command) {
        Optional<Failure> known = Failure.known(failure, connection(command));
        if (known.isPresent()) {
            known.get().lines().forEach(console::say);
            return known.get().exitCode();
        }
        console.say("quarry: " + failure);
        if (console.variable("QUARRY_DEBUG").isPresent()) {
            failure.printStackTrace(console.err());
        } else {
            console.say("Set QUARRY_DEBUG=1 to see where.");
        }
        return ExitCodes.FAILED;
    }

    /** Where the command looks for broker and registry, if it does. */
    private static Optional<ConnectionOptions> connection(CommandLine command) {
        return command.getCommandSpec().mixins().values().stream()
                .map(CommandSpec::userObject)
                .filter(ConnectionOptions.class::isInstance)
                .map(ConnectionOptions.class::cast)
                .findFirst();
    }

    /** A file that has to be there, named in the error when it is not. */
    static Path existing(@Nullable Path file, String what) {
        if (file != null && !Files.exists(file)) {
            throw CommandFailure.badUsage(what + " " + file + " does not exist");
        }
        if (file == null || !Files.isReadable(file)) {
            throw CommandFailure.badUsage(what + " " + file + " cannot be read");
        }
        return file.toAbsolutePath().normalize();
    }

    /** Version from the jar's manifest. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = QuarryCommand.class.getPackage().getImplementationVersion();
            return new String[] {"quarry " + (version == null ? "development" : version) + ", JDK " + Runtime.version()
            };
        }
    }
}
