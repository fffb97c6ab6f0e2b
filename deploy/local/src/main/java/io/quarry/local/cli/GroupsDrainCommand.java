package io.quarry.local.cli;

import io.quarry.avro.ResourceGroup;
import io.quarry.avro.State;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Sends a group's workers away, each when its job is done. */
@Command(
        name = "drain",
        mixinStandardHelpOptions = true,
        description = {
            "Pauses a group and sends its workers away, each when it is idle; no job is interrupted. Waits until none runs.",
            "A group that is paused already stays paused by whoever did that, for their reason.",
            "Exit code 4 when jobs still run after --timeout: the group stays paused and its workers leave later."
        },
        footerHeading = "%nExample:%n",
        footer = "  quarry groups drain large-jobs --timeout 2h --reason 'moving to other nodes'")
final class GroupsDrainCommand implements Callable<Integer> {
    private static final long LOOK_MILLIS = 500;

    private final Console console;

    @Mixin
    private GroupOptions group;

    @Option(names = "--timeout", paramLabel = "TIME", description = "Longest wait for running jobs (default: none).")
    private @Nullable String timeout;

    GroupsDrainCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws InterruptedException, ExecutionException {
        Instant until = timeout == null ? null : console.clock().instant().plus(Durations.option("--timeout", timeout));
        Connection to = group.connection().find(console);
        try (GroupWrites groups = GroupWrites.open(to, group.connection())) {
            ResourceGroup is = GroupsCommand.named(groups.table(), group.name());
            ResourceGroup unused = GroupsPauseCommand.pauseAndSendAway(groups, is, group.change(), console);
        }
        long running;
        try (JobRows rows = JobRows.open(to, console.clock(), group.connection().reach())) {
            running = running(rows);
            while (running > 0 && (until == null || console.clock().instant().isBefore(until))) {
                TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
                running = running(rows);
            }
        }
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("name", group.name());
        tree.put("running", running);
        String what =
                running == 0 ? "no job of group " + group.name() + " runs" : GroupText.running(group.name(), running);
        group.output().print(console, tree, () -> List.of(what));
        return running == 0 ? ExitCodes.DONE : ExitCodes.STILL_RUNNING;
    }

    private long running(JobRows rows) {
        return rows.all().stream()
                .filter(row -> row.getState() == State.RUNNING
                        && group.name().equals(row.getJob().getResourceGroup()))
                .count();
    }
}
