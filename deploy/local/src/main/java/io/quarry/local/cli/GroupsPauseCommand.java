package io.quarry.local.cli;

import io.quarry.avro.GroupChangeType;
import io.quarry.avro.Pause;
import io.quarry.avro.ResourceGroup;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Has a group's workers take no jobs. */
@Command(
        name = "pause",
        mixinStandardHelpOptions = true,
        description = {
            "Has a group's workers take no more jobs: those in hand go on, the queue keeps what comes in, and the workers stay."
                    + " 'quarry groups resume' ends it.",
            "It holds from when each worker reads it, about half a second later."
        },
        footerHeading = "%nExample:%n",
        footer = "  quarry groups pause large-jobs --reason 'the catalog is being repaired'")
final class GroupsPauseCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private GroupOptions group;

    GroupsPauseCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws InterruptedException, ExecutionException {
        try (GroupWrites groups = GroupWrites.open(group.connection().find(console), group.connection())) {
            ResourceGroup is = GroupsCommand.named(groups.table(), group.name());
            // Said once more it gets the new reason.
            ResourceGroup paused = pause(groups, is, pause(false, group.change(), console), group.change(), console);
            group.output()
                    .print(console, GroupTree.shown(paused), () -> List.of("group " + group.name() + " is paused"));
        }
        return ExitCodes.DONE;
    }

    /** Pauses a group and sends its workers away. A pause that is there stays that of whoever made it. */
    static ResourceGroup pauseAndSendAway(GroupWrites groups, ResourceGroup is, ChangeOptions change, Console console) {
        return pause(groups, is, andSendAway(is.getPaused(), pause(true, change, console)), change, console);
    }

    /** What becomes of a pause when the workers are to leave as well. */
    static Pause andSendAway(@Nullable Pause before, Pause wanted) {
        return before == null
                ? wanted
                : Pause.newBuilder(before).setWorkersLeave(true).build();
    }

    private static Pause pause(boolean workersLeave, ChangeOptions change, Console console) {
        return new Pause(
                change.by(console),
                change.reason(),
                console.clock().instant().truncatedTo(ChronoUnit.MILLIS),
                workersLeave);
    }

    private static ResourceGroup pause(
            GroupWrites groups, ResourceGroup is, Pause pause, ChangeOptions change, Console console) {
        ResourceGroup paused = ResourceGroup.newBuilder(is).setPaused(pause).build();
        groups.change(is, paused, GroupChangeType.PAUSED, change.by(console), change.reason());
        return GroupsCommand.named(groups.table(), is.getName());
    }
}
