package io.quarry.local.cli;

import io.quarry.avro.ResourceGroup;
import io.quarry.client.QuarryClient;
import io.quarry.local.Machine;
import io.quarry.local.Obstacles;
import io.quarry.schemas.Quantities;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Makes a group as a file says. */
@Command(
        name = "apply",
        mixinStandardHelpOptions = true,
        description = {
            "Makes a resource group as a file says, with its topics, and says what that changed. What the file leaves out gets"
                    + " its default. Applying the same file again changes nothing.",
            "The difference is shown first. When the size of workers changes, they are replaced one by one, each when it is"
                    + " idle. Of two people who change the same group at once the second is refused, and nothing is lost."
        },
        footerHeading = "%nExample:%n",
        footer = {
            "  quarry groups show default > large-jobs.yaml   # then edit it: the name, the size",
            "  quarry groups apply -f large-jobs.yaml --dry-run",
            "  quarry groups apply -f large-jobs.yaml"
        })
final class GroupsApplyCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Mixin
    private ApplyOptions options;

    @Mixin
    private ChangeOptions change;

    GroupsApplyCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws JobFileException, InterruptedException, ExecutionException {
        ResourceGroup file = GroupsDiffCommand.read(options.file(), console);
        Connection to = connection.find(console);
        Map<String, ResourceGroup> groups;
        try (QuarryClient client = connection.client(console)) {
            groups = client.groups();
        }
        ResourceGroup is = groups.get(file.getName());
        // What the group is in is not the file's.
        ResourceGroup wanted = is == null
                ? file
                : ResourceGroup.newBuilder(file)
                        .setPaused(is.getPaused())
                        .setVersion(is.getVersion())
                        .setChangedBy(is.getChangedBy())
                        .build();
        List<GroupChange> changes = GroupChange.between(is, wanted);
        boolean apply = !options.dryRun() && !changes.isEmpty();
        if (output.forPeople()) {
            GroupsDiffCommand.lines(wanted, is == null, changes).forEach(console.out()::println);
        }
        warn(to, wanted);
        warnOfNext(wanted, groups);
        if (apply) {
            try (GroupWrites writes = GroupWrites.open(to, connection)) {
                writes.apply(is, wanted, change.by(console), change.reason());
            }
        }
        if (!output.forPeople()) {
            Map<String, Object> answer = GroupsDiffCommand.tree(wanted, is == null, changes);
            answer.put("applied", apply);
            output.print(console, answer, List::of);
        }
        options.say(console, output, apply);
        return ExitCodes.DONE;
    }

    /** A group that nothing here can hold is taken all the same: machines come and go. */
    private void warn(Connection to, ResourceGroup wanted) {
        if (to.settings().containsKey("pid")) {
            Obstacles.of(wanted.getWorker(), Machine.current(), 0)
                    .ifPresent(why -> console.say("warning: " + why + "; jobs of the group wait until it is smaller"));
        }
    }

    /** A next size that is none yet is taken all the same: its group may be applied after this one. */
    private void warnOfNext(ResourceGroup wanted, Map<String, ResourceGroup> groups) {
        String next = wanted.getOnMemory() == null ? null : wanted.getOnMemory().getGroup();
        if (next == null) {
            return;
        }
        ResourceGroup larger = groups.get(next);
        long own = wanted.getWorker().getMemoryBytes();
        if (larger == null) {
            console.say("warning: there is no resource group " + next
                    + " (on_memory.group): until there is, jobs that run out of memory are not moved");
        } else if (larger.getWorker().getMemoryBytes() <= own) {
            console.say("warning: a worker of " + next + " (on_memory.group) has "
                    + Quantities.formatBytes(larger.getWorker().getMemoryBytes())
                    + ", no more than this group's: jobs that run out of memory are not moved there");
        }
    }
}
