package io.quarry.local.cli;

import io.quarry.avro.JobState;
import io.quarry.avro.State;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Lists jobs. */
@Command(
        name = "jobs",
        mixinStandardHelpOptions = true,
        description = "Lists jobs, the latest first.",
        footerHeading = "%nExample:%n",
        footer = "  quarry jobs --state RUNNING --state QUEUED%n  quarry jobs --limit 5 -o json")
final class JobsCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Option(
            names = "--state",
            paramLabel = "STATE",
            description = "Only jobs in this state; may be repeated. One of: ${COMPLETION-CANDIDATES}.")
    private List<State> states = new ArrayList<>();

    @Option(names = "--group", paramLabel = "GROUP", description = "Only jobs of this resource group.")
    private @Nullable String group;

    @Option(
            names = "--limit",
            paramLabel = "N",
            defaultValue = "50",
            description = "Most jobs to list (default: ${DEFAULT-VALUE}).")
    private int limit;

    JobsCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        if (limit < 1) {
            throw CommandFailure.badUsage("--limit is " + limit + ": must be at least 1");
        }
        try (JobRows rows = JobRows.open(connection.find(console), console.clock(), connection.reach())) {
            List<JobState> all = new ArrayList<>(rows.all().stream()
                    .filter(row -> states.isEmpty() || states.contains(row.getState()))
                    .filter(row -> group == null || group.equals(row.getJob().getResourceGroup()))
                    .toList());
            java.util.Collections.reverse(all);
            List<JobState> shown = all.stream().limit(limit).toList();
            output.print(
                    console,
                    shown.stream().map(AvroTree::of).toList(),
                    () -> JobText.table(shown, console.tableWidth()));
            if (output.forPeople() && shown.size() < all.size()) {
                console.say((all.size() - shown.size()) + " older ones are not shown: --limit");
            }
        }
        return ExitCodes.DONE;
    }
}
