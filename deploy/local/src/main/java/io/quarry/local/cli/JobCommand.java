package io.quarry.local.cli;

import io.quarry.avro.JobState;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Shows one job. */
@Command(
        name = "job",
        mixinStandardHelpOptions = true,
        description = "Shows a job: state, progress, result, every attempt with its cause, and history.",
        footerHeading = "%nExample:%n",
        footer = "  quarry job 0193a7c2-5d1e-7c3a-9a51-0c7d6b1f2e3d%n  quarry job nightly-42 -o json")
final class JobCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Parameters(paramLabel = "ID", description = "Id of the job.")
    private String id;

    JobCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        try (JobRows rows = JobRows.open(connection.find(console), console.clock(), connection.reach())) {
            JobState row = rows.find(id).orElseThrow(() -> noJob(id));
            output.print(console, JobText.tree(row), () -> JobText.page(row, console));
        }
        return ExitCodes.DONE;
    }

    static CommandFailure noJob(String id) {
        return CommandFailure.badUsage("there is no job " + id + ": 'quarry jobs' lists those there are");
    }
}
