package io.quarry.local.cli;

import io.quarry.avro.JobState;
import java.time.Duration;
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
    private static final Duration ON_ITS_WAY = Duration.ofSeconds(5);

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
            JobState row = expected(rows, id, console);
            output.print(console, JobText.tree(row), () -> JobText.page(row, console));
        }
        return ExitCodes.DONE;
    }

    /** A job that was submitted a moment ago is on its way to the scheduler; on a busy machine that takes a few seconds. */
    static JobState expected(JobRows rows, String id, Console console) {
        return rows.find(id)
                .or(() -> {
                    console.say(
                            "quarry: job " + id + " is not known yet: waiting " + ON_ITS_WAY.toSeconds() + " s for it");
                    return rows.await(id, ON_ITS_WAY);
                })
                .orElseThrow(() -> noJob(id));
    }

    static CommandFailure noJob(String id) {
        return CommandFailure.badUsage("there is no job " + id + ": 'quarry jobs' lists those there are");
    }
}
