package io.quarry.local.cli;

import io.quarry.avro.GroupChangeType;
import io.quarry.avro.ResourceGroup;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

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
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Mixin
    private ChangeOptions change;

    @Parameters(paramLabel = "GROUP", description = "Name of the group.")
    private String name;

    GroupsResumeCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws InterruptedException, ExecutionException {
        try (GroupWrites groups = GroupWrites.open(connection.find(console), connection)) {
            ResourceGroup is = GroupsCommand.named(groups.table(), name);
            boolean paused = is.getPaused() != null;
            if (paused) {
                groups.change(
                        is,
                        ResourceGroup.newBuilder(is).setPaused(null).build(),
                        GroupChangeType.RESUMED,
                        change.by(console),
                        change.reason());
            }
            ResourceGroup now = GroupsCommand.named(groups.table(), name);
            output.print(
                    console,
                    GroupTree.shown(now),
                    () -> List.of("group " + name + (paused ? " takes jobs again" : " is not paused")));
        }
        return ExitCodes.DONE;
    }
}
