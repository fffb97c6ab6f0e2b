package io.quarry.local.cli;

import io.quarry.avro.Job;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Schedule;
import io.quarry.client.QuarryClient;
import io.quarry.schemas.Placement;
import io.quarry.schemas.Violation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Makes schedules as files say. */
@Command(
        name = "apply",
        mixinStandardHelpOptions = true,
        description = {
            "Makes schedules as a file, or all .yaml, .yml and .json files of a directory, say, and says what that changed. What a file leaves"
                    + " out gets its default. Applying the same again changes nothing.",
            "With --prune, schedules that no file names are deleted: a directory is then all that there is.",
            "Of two people who apply the same schedule at once the later one counts; the other one is told so, with exit"
                    + " code 1."
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

    @Mixin
    private ApplyOptions options;

    @Option(
            names = "--catalog",
            paramLabel = "FILE",
            description = "Feature catalog that the queries are planned against before anything is changed (default:"
                    + " the local mode's, when that is what this connects to).")
    private @Nullable Path catalog;

    @Option(names = "--prune", description = "Deletes schedules that are in none of the files.")
    private boolean prune;

    SchedulesApplyCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws JobFileException {
        ScheduleFiles files = ScheduleFiles.read(options.file(), console);
        Map<String, ResourceGroup> groups;
        try (QuarryClient client = connection.client(console)) {
            groups = client.groups();
        }
        refuse(files.all(), groups);
        connection
                .found()
                .flatMap(to -> DataPlace.catalog(to, catalog))
                .ifPresentOrElse(
                        file -> TemplatePlans.check(
                                files.all(),
                                file,
                                options.file(),
                                console.clock().instant()),
                        () -> console.say(TemplatePlans.UNCHECKED));
        Map<String, Schedule> wanted = files.good();
        String who = console.variable("USER").orElse("cli");
        List<ScheduleChange> changes = new ArrayList<>();
        List<ScheduleRival> rivals;
        try (ScheduleTopics topics = ScheduleTopics.open(connection, console)) {
            long before = topics.end();
            Map<String, Schedule> are = topics.schedules();
            Map<String, Long> written = new TreeMap<>();
            for (Schedule schedule : wanted.values()) {
                ScheduleChange change = ScheduleChange.between(are.get(schedule.getName()), schedule);
                changes.add(change);
                if (!options.dryRun() && change.any()) {
                    written.put(
                            schedule.getName(),
                            topics.define(Schedule.newBuilder(schedule)
                                    .setAppliedBy(who)
                                    .build()));
                }
            }
            for (Schedule old : are.values()) {
                if (prune && !wanted.containsKey(old.getName())) {
                    changes.add(ScheduleChange.deleted(old.getName()));
                    if (!options.dryRun()) {
                        written.put(old.getName(), topics.remove(old.getName()));
                    }
                }
            }
            rivals = written.isEmpty() ? List.of() : ScheduleRival.of(topics.since(before), written);
        }
        print(changes, rivals);
        rivals.forEach(rival -> console.say(rival.said()));
        return rivals.stream().anyMatch(ScheduleRival::counts) ? ExitCodes.FAILED : ExitCodes.DONE;
    }

    /** Adds to each file that its group does not exist, or is too small for its jobs. */
    static void refuse(Collection<ScheduleFile> files, Map<String, ResourceGroup> groups) {
        for (ScheduleFile file : files) {
            Job job = file.schedule().getJob();
            String name = job.getResourceGroup();
            // Of a placeholder nobody knows yet what it will be.
            if (file.jobGood() && !name.contains("{{")) {
                ResourceGroup group = groups.get(name);
                if (group == null) {
                    file.add(new Violation("resource_group", name, GroupsCommand.unknown(groups.keySet(), name)));
                } else if (Placement.of(job.getResources(), group) instanceof Placement.Refused refused) {
                    file.add(new Violation("resources", asked(job), refused.reason()));
                }
            }
        }
    }

    private static String asked(Job job) {
        return job.getResources() == null ? "one worker" : Placement.format(job.getResources());
    }

    private void print(List<ScheduleChange> changes, List<ScheduleRival> rivals) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("dry_run", options.dryRun());
        tree.put("schedules", changes.stream().map(Output::tree).toList());
        tree.put("rivals", rivals.stream().map(Output::tree).toList());
        output.print(console, tree, () -> {
            List<String> lines = new ArrayList<>();
            for (ScheduleChange change : changes) {
                lines.add(change.name() + ": " + change.kind());
                change.lines().forEach(line -> lines.add("  " + line));
            }
            return lines;
        });
        options.say(console, output, !options.dryRun() && changes.stream().anyMatch(ScheduleChange::any));
    }
}
