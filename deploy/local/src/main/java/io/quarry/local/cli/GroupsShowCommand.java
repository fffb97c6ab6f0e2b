package io.quarry.local.cli;

import io.quarry.avro.ResourceGroup;
import io.quarry.client.QuarryClient;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows one resource group as a file that can be applied. */
@Command(
        name = "show",
        mixinStandardHelpOptions = true,
        description =
                "Shows a resource group as a file that can be edited and applied, and what it is in (status, which is not applied).",
        footerHeading = "%nExample:%n",
        footer = {
            "  quarry groups show default > default.yaml",
            "  quarry groups show default --why",
            "  quarry groups show default --history"
        })
final class GroupsShowCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Option(
            names = "--history",
            description = "Every change with who and when, the oldest first, instead of the group.")
    private boolean history;

    @Option(names = "--why", description = "What the autoscaler last decided about its workers, and from what.")
    private boolean why;

    @Parameters(paramLabel = "GROUP", description = "Name of the group.")
    private String name;

    GroupsShowCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws InterruptedException, ExecutionException {
        Connection to = connection.find(console);
        if (history) {
            try (GroupWrites groups = GroupWrites.open(to, connection)) {
                GroupAccount.history(console, output, groups.table().history(name), name);
            }
            return ExitCodes.DONE;
        }
        ResourceGroup group;
        try (QuarryClient client = connection.client(console)) {
            group = GroupsCommand.named(client.groups(), name);
        }
        if (why) {
            GroupAccount.why(console, output, to, connection.reach(), group);
            return ExitCodes.DONE;
        }
        Map<String, Object> tree = GroupTree.shown(group);
        status(tree).putAll(GroupAccount.now(console, to, connection.reach(), name));
        output.print(console, tree, () -> Output.yaml(tree).lines().toList());
        return ExitCodes.DONE;
    }

    @SuppressWarnings("unchecked") // GroupTree made it
    private static Map<String, Object> status(Map<String, Object> tree) {
        return (Map<String, Object>) tree.computeIfAbsent("status", key -> new LinkedHashMap<>());
    }
}
