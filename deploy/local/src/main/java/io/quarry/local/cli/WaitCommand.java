package io.quarry.local.cli;

import io.quarry.avro.JobState;
import io.quarry.schemas.States;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Waits for a job. */
@Command(
        name = "wait",
        mixinStandardHelpOptions = true,
        description = "Waits until a job is done and shows it. Its exit code says how it ended.",
        footerHeading = "%nExample:%n",
        footer = "  quarry wait nightly-42 && echo there is a dataset%n  quarry wait nightly-42 --timeout 10m -o json")
final class WaitCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            description = "Longest wait, such as 90s or 2h; then exit code 4, and the job goes on.")
    private @Nullable String timeout;

    @Parameters(paramLabel = "ID", description = "Id of the job.")
    private String id;

    WaitCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        Optional<Duration> most = limit(timeout);
        Connection to = connection.find(console);
        try (JobRows rows = JobRows.open(to, console.clock(), connection.reach())) {
            JobState unused = JobCommand.expected(rows, id, console, most);
            return waitFor(console, to, connection.reach(), rows, output, id, most);
        }
    }

    /**
     * Waits with progress, shows the job and gives the exit code.
     *
     * @param reach how long each question to the broker may take
     */
    static int waitFor(
            Console console,
            Connection to,
            Duration reach,
            JobRows rows,
            Output output,
            String id,
            Optional<Duration> most) {
        Optional<JobState> last;
        try (ProgressView view = new ProgressView(console)) {
            last = rows.follow(id, view::show, most.map(console.clock().instant()::plus));
        }
        if (last.isEmpty()) {
            console.say("quarry: nothing is known of job " + id + " yet: is the scheduler running?");
            return ExitCodes.STILL_RUNNING;
        }
        JobState row = last.get();
        JobCommand.print(console, output, row, JobCommand.waits(to, reach, rows, row));
        if (!States.isFinal(row.getState())) {
            console.say("quarry: job " + id + " is not done yet; it goes on. 'quarry wait " + id + "' waits again");
        }
        return ExitCodes.of(row.getState());
    }

    static Optional<Duration> limit(@Nullable String timeout) {
        return Optional.ofNullable(timeout).map(text -> Durations.option("--timeout", text));
    }
}
