package io.quarry.local.cli;

import io.quarry.avro.GroupChangeType;
import io.quarry.avro.ResourceGroup;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Ends a pause. */
@Command(
        name = "resume",
        mixinStandardHelpOptions = true,
        description = "Ends the pause of a group; workers that left meanwhile are started again as jobs ask for them.",
        footerHeading = "%nExample:%n",
        footer = "  quarry groups resume large-jobs")
final class GroupsResumeCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private GroupOptions group;

    GroupsResumeCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws InterruptedException, ExecutionException {
        try (GroupWrites groups = GroupWrites.open(group.connection().find(console), group.connection())) {
            ResourceGroup is = GroupsCommand.named(groups.table(), group.name());
            boolean paused = is.getPaused() != null;
            if (paused) {
                groups.change(
                        is,
                        ResourceGroup.newBuilder(is).setPaused(null).build(),
                        GroupChangeType.RESUMED,
                        group.change().by(console),
                        group.change().reason());
            }
            ResourceGroup now = GroupsCommand.named(groups.table(), group.name());
            group.output()
                    .print(
                            console,
                            GroupTree.shown(now),
                            () -> List.of("group " + group.name() + (paused ? " takes jobs again" : " is not paused")));
        }
        return ExitCodes.DONE;
    }
}
