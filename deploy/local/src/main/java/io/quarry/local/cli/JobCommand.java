package io.quarry.local.cli;

import io.quarry.avro.JobState;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.ScalingDecision;
import io.quarry.avro.WorkerState;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
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
        Connection to = connection.find(console);
        try (JobRows rows = JobRows.open(to, console.clock(), connection.reach())) {
            JobState row = expected(rows, id, console);
            print(console, output, row, waits(to, connection.reach(), rows, row));
        }
        return ExitCodes.DONE;
    }

    /**
     * Shows a job.
     *
     * @param waits why it waits for a worker; null when it does not
     */
    static void print(Console console, Output output, JobState row, @Nullable String waits) {
        Map<String, Object> tree = JobText.tree(row);
        if (waits != null) {
            tree.put("waits_because", waits);
        }
        output.print(console, tree, () -> JobText.page(row, waits, console));
    }

    /** Why a job waits for a worker; null when it does not, or nobody knows. */
    static @Nullable String waits(Connection to, Duration reach, JobRows rows, JobState row) {
        if (!Waiting.waits(row)) {
            return null;
        }
        String group = row.getJob().getResourceGroup();
        long ahead = rows.all().stream()
                .filter(other ->
                        Waiting.waits(other) && group.equals(other.getJob().getResourceGroup()))
                .filter(other -> queuedAt(other).isBefore(queuedAt(row)))
                .count();
        return Waiting.because(
                        row,
                        LogLines.table(to, to.topics().groups(), ResourceGroup.class, reach)
                                .get(group),
                        LogLines.table(to, to.topics().workers(), WorkerState.class, reach)
                                .values(),
                        LogLines.of(to, to.topics().scaling(), ScalingDecision.class, reach).stream()
                                .map(LogLines.Line::value)
                                .filter(Objects::nonNull)
                                .toList(),
                        ahead)
                .orElse(null);
    }

    private static Instant queuedAt(JobState row) {
        return row.getQueuedAt() == null ? row.getSubmittedAt() : row.getQueuedAt();
    }

    /** A job that was submitted a moment ago is on its way to the scheduler; on a busy machine that takes a few seconds. */
    static JobState expected(JobRows rows, String id, Console console) {
        return expected(rows, id, console, Optional.empty());
    }

    /**
     * The same.
     *
     * @param most longest wait, if the command has one
     */
    static JobState expected(JobRows rows, String id, Console console, Optional<Duration> most) {
        Duration longest = most.filter(limit -> limit.compareTo(ON_ITS_WAY) < 0).orElse(ON_ITS_WAY);
        return rows.find(id)
                .or(() -> {
                    console.say(
                            "quarry: job " + id + " is not known yet: waiting " + Text.duration(longest) + " for it");
                    return rows.await(id, longest);
                })
                .orElseThrow(() -> noJob(id));
    }

    static CommandFailure noJob(String id) {
        return CommandFailure.badUsage("there is no job " + id + ": 'quarry jobs' lists those there are");
    }
}
