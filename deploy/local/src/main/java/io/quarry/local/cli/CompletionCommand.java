package io.quarry.local.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Prints the script that completes our commands in a shell. */
@Command(
        name = "completion",
        mixinStandardHelpOptions = true,
        description = "Prints a completion script for bash and zsh.",
        footerHeading = "%nExample:%n",
        footer = "  source <(deploy/quarry completion)")
final class CompletionCommand implements Callable<Integer> {
    private final Console console;

    @Spec
    private CommandSpec spec;

    CompletionCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        List<String> script =
                AutoComplete.bash("quarry", spec.root().commandLine()).lines().toList();
        console.out().println("#!/usr/bin/env bash");
        console.out().println("# Completes quarry in bash and zsh. For this shell: source <(deploy/quarry completion)");
        console.out().println("# For every new one: put that line, with the whole path, into ~/.bashrc or ~/.zshrc.");
        console.out().println();
        // What the generator says about its use goes on until the first line of code.
        script.stream()
                .dropWhile(line -> line.isBlank() || line.startsWith("#"))
                .forEach(console.out()::println);
        console.out().flush();
        return ExitCodes.DONE;
    }
}
