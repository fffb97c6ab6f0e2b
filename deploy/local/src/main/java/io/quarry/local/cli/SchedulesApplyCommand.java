package io.quarry.local.cli;

import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Schedule;
import io.quarry.client.QuarryClient;
import io.quarry.schemas.Placement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Makes schedules as files say. */
@Command(
        name = "apply",
        mixinStandardHelpOptions = true,
        description = {
            "Makes schedules as a file or all files of a directory say, and says what that changed. What a file leaves"
                    + " out gets its default. Applying the same again changes nothing.",
            "With --prune, schedules that no file names are deleted: a directory is then all that there is."
        },
        footerHeading = "%nExample:%n",
        footer = {
            "  quarry schedules apply -f deploy/examples/schedules --dry-run",
            "  quarry schedules apply -f deploy/examples/schedules --prune"
        })
final class SchedulesApplyCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Option(
            names = {"-f", "--file"},
            required = true,
            paramLabel = "FILE|DIR|-",
            description = "The schedules as they are to be; - reads standard input.")
    private String place;

    @Option(names = "--prune", description = "Deletes schedules that are in none of the files.")
    private boolean prune;

    @Option(names = "--dry-run", description = "Says what would change, and changes nothing.")
    private boolean dryRun;

    SchedulesApplyCommand(Console console) {
        this.console = console;
    }

    /** What becomes of one schedule. */
    private record Change(String name, String kind, List<String> lines) {}

    @Override
    public Integer call() throws JobFileException {
        Map<String, Schedule> wanted = ScheduleFiles.read(place, console);
        Map<String, ResourceGroup> groups;
        try (QuarryClient client = connection.client(console)) {
            groups = client.groups();
        }
        wanted.values().forEach(schedule -> refuse(schedule, groups));
        String who = console.variable("USER").orElse("cli");
        List<Change> changes = new ArrayList<>();
        try (ScheduleTopics topics = ScheduleTopics.open(connection, console)) {
            Map<String, Schedule> are = topics.schedules();
            Set<String> written = new TreeSet<>();
            for (Schedule schedule : wanted.values()) {
                Change change = change(are.get(schedule.getName()), schedule);
                changes.add(change);
                if (!dryRun && !change.kind().equals("unchanged")) {
                    topics.define(
                            Schedule.newBuilder(schedule).setAppliedBy(who).build());
                    written.add(schedule.getName());
                }
            }
            for (Schedule old : are.values()) {
                if (prune && !wanted.containsKey(old.getName())) {
                    changes.add(new Change(old.getName(), "deleted", List.of()));
                    if (!dryRun) {
                        topics.remove(old.getName());
                    }
                }
            }
            lookAgain(topics, wanted, written, who);
        }
        print(changes);
        return ExitCodes.DONE;
    }

    private static void refuse(Schedule schedule, Map<String, ResourceGroup> groups) {
        String name = schedule.getJob().getResourceGroup();
        if (!name.contains("{{")) {
            ResourceGroup group = GroupsCommand.named(groups, name);
            if (Placement.of(schedule.getJob().getResources(), group) instanceof Placement.Refused refused) {
                throw CommandFailure.badUsage("schedule " + schedule.getName() + ": " + refused.reason());
            }
        }
    }

    /** Somebody else may have written the same schedule at the same moment: the later record counts, so say whose it is. */
    private void lookAgain(ScheduleTopics topics, Map<String, Schedule> wanted, Set<String> written, String who) {
        if (written.isEmpty()) {
            return;
        }
        Map<String, Schedule> now = topics.schedules();
        for (String name : written) {
            Schedule is = now.get(name);
            Schedule mine =
                    Schedule.newBuilder(wanted.get(name)).setAppliedBy(who).build();
            if (!mine.equals(is)) {
                console.say(
                        "schedule " + name + " was written by somebody else at the same time, and theirs is the later"
                                + " one: " + (is == null ? "it is deleted" : "applied by " + is.getAppliedBy()));
            }
        }
    }

    private static Change change(@org.jspecify.annotations.Nullable Schedule is, Schedule wanted) {
        if (is == null) {
            return new Change(wanted.getName(), "new", List.of());
        }
        Map<String, Object> before = flat(ScheduleFile.tree(is), "");
        Map<String, Object> after = flat(ScheduleFile.tree(wanted), "");
        List<String> lines = new ArrayList<>();
        Set<String> keys = new TreeSet<>(before.keySet());
        keys.addAll(after.keySet());
        for (String key : keys) {
            Object from = before.getOrDefault(key, "-");
            Object to = after.getOrDefault(key, "-");
            if (!from.equals(to)) {
                lines.add(key + ": " + from + " → " + to);
            }
        }
        return new Change(wanted.getName(), lines.isEmpty() ? "unchanged" : "changed", lines);
    }

    private static Map<String, Object> flat(Map<?, ?> tree, String path) {
        Map<String, Object> flat = new LinkedHashMap<>();
        tree.forEach((key, value) -> {
            String where = path.isEmpty() ? String.valueOf(key) : path + "." + key;
            if (value instanceof Map<?, ?> inner) {
                flat.putAll(flat(inner, where));
            } else {
                flat.put(where, String.valueOf(value));
            }
        });
        return flat;
    }

    private void print(List<Change> changes) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("dry_run", dryRun);
        tree.put("schedules", changes.stream().map(Output::tree).toList());
        output.print(console, tree, () -> {
            List<String> lines = new ArrayList<>();
            for (Change change : changes) {
                lines.add(change.name() + ": " + change.kind());
                change.lines().forEach(line -> lines.add("  " + line));
            }
            return lines;
        });
        if (output.forPeople() && dryRun) {
            console.say("dry run: nothing was changed");
        }
    }
}
