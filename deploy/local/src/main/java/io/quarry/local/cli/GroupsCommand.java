package io.quarry.local.cli;

import io.quarry.avro.ResourceGroup;
import io.quarry.schemas.provision.GroupTable;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What is done about resource groups: the list of its subcommands. */
@Command(
        name = "groups",
        mixinStandardHelpOptions = true,
        description = "Lists, shows and changes resource groups.",
        footerHeading = "%nExample:%n",
        footer = {"  quarry groups list", "  quarry groups apply -f large-jobs.yaml"})
final class GroupsCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    private GroupsCommand() {}

    static CommandLine with(Console console) {
        return new CommandLine(new GroupsCommand())
                .addSubcommand(new GroupsListCommand(console))
                .addSubcommand(new GroupsShowCommand(console))
                .addSubcommand(new GroupsDiffCommand(console))
                .addSubcommand(new GroupsApplyCommand(console))
                .addSubcommand(new GroupsDeleteCommand(console))
                .addSubcommand(new GroupsPauseCommand(console))
                .addSubcommand(new GroupsResumeCommand(console))
                .addSubcommand(new GroupsDrainCommand(console));
    }

    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return ExitCodes.BAD_USAGE;
    }

    static ResourceGroup named(GroupTable table, String name) {
        return named(all(table), name);
    }

    static Map<String, ResourceGroup> all(GroupTable table) {
        Map<String, ResourceGroup> groups = new TreeMap<>();
        table.read().forEach((known, row) -> {
            if (row != null) {
                groups.put(known, row);
            }
        });
        return groups;
    }

    static ResourceGroup named(Map<String, ResourceGroup> groups, String name) {
        ResourceGroup group = groups.get(name);
        if (group == null) {
            throw CommandFailure.badUsage(unknown(groups.keySet(), name));
        }
        return group;
    }

    static String unknown(Set<String> groups, String name) {
        return "there is no resource group " + name
                + Spelling.nearest(name, groups)
                        .map(near -> ": did you mean " + near + "?")
                        .orElse("; there are " + String.join(", ", groups));
    }
}
