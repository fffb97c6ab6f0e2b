package io.quarry.local.cli;

import io.quarry.avro.ResourceGroup;
import io.quarry.client.QuarryClient;
import io.quarry.schemas.Placement;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Lists resource groups. */
@Command(
        name = "list",
        mixinStandardHelpOptions = true,
        description = "Lists resource groups with the size of one worker and of the largest process.",
        footerHeading = "%nExample:%n",
        footer = "  quarry groups list%n  quarry groups list -o json")
final class GroupsListCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    GroupsListCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        Map<String, ResourceGroup> groups;
        try (QuarryClient client = connection.client(console)) {
            groups = client.groups();
        }
        output.print(
                console,
                groups.values().stream().map(GroupTree::shown).toList(),
                () -> table(groups.values().stream().toList()));
        return ExitCodes.DONE;
    }

    private List<String> table(List<ResourceGroup> groups) {
        TextTable table = new TextTable("NAME", "WORKER", "MIN", "MAX", "OVERSIZE UP TO", "PAUSED BY");
        for (ResourceGroup group : groups) {
            table.row(
                    group.getName(),
                    Placement.format(group.getWorker()),
                    group.getMinWorkers(),
                    group.getMaxWorkers(),
                    group.getOversizeCeiling() == null ? "refused" : Placement.format(group.getOversizeCeiling()),
                    group.getPaused() == null ? "" : group.getPaused().getBy());
        }
        return table.lines(console.tableWidth());
    }
}
