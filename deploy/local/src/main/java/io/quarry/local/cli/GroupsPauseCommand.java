package io.quarry.local.cli;

import io.quarry.avro.GroupChangeType;
import io.quarry.avro.Pause;
import io.quarry.avro.ResourceGroup;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
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
            ResourceGroup paused = pause(groups, is, false, group.change(), console);
            group.output()
                    .print(console, GroupTree.shown(paused), () -> List.of("group " + group.name() + " is paused"));
        }
        return ExitCodes.DONE;
    }

    /** Pauses a group; one that is paused already gets the new reason. */
    static ResourceGroup pause(
            GroupWrites groups, ResourceGroup is, boolean workersLeave, ChangeOptions change, Console console) {
        String by = change.by(console);
        ResourceGroup paused = ResourceGroup.newBuilder(is)
                .setPaused(new Pause(
                        by, change.reason(), console.clock().instant().truncatedTo(ChronoUnit.MILLIS), workersLeave))
                .build();
        groups.change(is, paused, GroupChangeType.PAUSED, by, change.reason());
        return GroupsCommand.named(groups.table(), is.getName());
    }
}
