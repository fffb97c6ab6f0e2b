package io.quarry.local.cli;

import io.quarry.avro.ResourceGroup;
import io.quarry.client.QuarryClient;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Shows one resource group as a file that can be applied. */
@Command(
        name = "show",
        mixinStandardHelpOptions = true,
        description = "Shows a resource group as a file that can be edited and applied.",
        footerHeading = "%nExample:%n",
        footer = "  quarry groups show default > default.yaml")
final class GroupsShowCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Parameters(paramLabel = "GROUP", description = "Name of the group.")
    private String name;

    GroupsShowCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        ResourceGroup group;
        try (QuarryClient client = connection.client(console)) {
            group = GroupsCommand.named(client.groups(), name);
        }
        Map<String, Object> tree = GroupTree.shown(group);
        output.print(console, tree, () -> Output.yaml(tree).lines().toList());
        return ExitCodes.DONE;
    }
}
