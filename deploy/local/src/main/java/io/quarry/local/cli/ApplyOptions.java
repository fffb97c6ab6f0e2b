package io.quarry.local.cli;

import picocli.CommandLine.Option;

/** The options of what makes things as files say. */
final class ApplyOptions {
    @Option(
            names = {"-f", "--file"},
            required = true,
            paramLabel = "FILE|-",
            description = "How it is to be; - reads standard input.")
    private String file = "";

    @Option(names = "--dry-run", description = "Says what would change, and changes nothing.")
    private boolean dryRun;

    String file() {
        return file;
    }

    boolean dryRun() {
        return dryRun;
    }

    /** Says on standard error whether anything was changed. */
    void say(Console console, Output output, boolean changed) {
        if (output.forPeople()) {
            console.say(changed ? "applied" : dryRun ? "dry run: nothing was changed" : "nothing to change");
        }
    }
}
