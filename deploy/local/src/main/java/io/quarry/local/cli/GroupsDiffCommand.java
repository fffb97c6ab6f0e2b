package io.quarry.local.cli;

import io.quarry.avro.ResourceGroup;
import io.quarry.client.QuarryClient;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Says how a group differs from a file. */
@Command(
        name = "diff",
        mixinStandardHelpOptions = true,
        description = {
            "Says what applying a file would change, and changes nothing.",
            "Exit code 0 when nothing differs, 1 when something does."
        },
        footerHeading = "%nExample:%n",
        footer = "  quarry groups diff -f large-jobs.yaml")
final class GroupsDiffCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Option(
            names = {"-f", "--file"},
            required = true,
            paramLabel = "FILE|-",
            description = "The group as it is to be; - reads standard input.")
    private String file;

    GroupsDiffCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws JobFileException {
        ResourceGroup wanted = read(file, console);
        List<GroupChange> changes;
        boolean isNew;
        try (QuarryClient client = connection.client(console)) {
            ResourceGroup is = client.groups().get(wanted.getName());
            isNew = is == null;
            changes = GroupChange.between(is, wanted);
        }
        output.print(console, tree(wanted, isNew, changes), () -> lines(wanted, isNew, changes));
        return changes.isEmpty() ? ExitCodes.DONE : ExitCodes.FAILED;
    }

    static ResourceGroup read(String file, Console console) throws JobFileException {
        return GroupFile.parse(SubmittedFile.text(file, console), file.equals("-") ? "standard input" : file);
    }

    static Map<String, Object> tree(ResourceGroup wanted, boolean isNew, List<GroupChange> changes) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("name", wanted.getName());
        tree.put("new", isNew);
        tree.put("changes", changes.stream().map(GroupChange::tree).toList());
        return tree;
    }

    static List<String> lines(ResourceGroup wanted, boolean isNew, List<GroupChange> changes) {
        List<String> lines = new ArrayList<>();
        lines.add("group " + wanted.getName()
                + (isNew ? " is new" : changes.isEmpty() ? " is as the file says" : " differs from the file"));
        changes.forEach(change -> lines.add("  " + change.line()));
        return lines;
    }
}
