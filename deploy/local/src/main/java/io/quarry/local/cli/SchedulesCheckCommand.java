package io.quarry.local.cli;

import io.quarry.avro.Schedule;
import io.quarry.schemas.schedule.Firing;
import io.quarry.schemas.schedule.Ticks;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Checks schedules in files. Needs no broker. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        description = {
            "Reads a file, or all .yaml, .yml and .json files of a directory, and says every error at its line. Needs"
                    + " no broker; whether the resource groups exist is looked at by apply.",
            "Exit code 0 when all is well, 2 when something is wrong."
        },
        footerHeading = "%nExample:%n",
        footer = "  quarry schedules check deploy/examples/schedules --catalog deploy/demo/catalog.yaml")
final class SchedulesCheckCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private Output output;

    @Option(
            names = "--catalog",
            paramLabel = "FILE",
            description = "Also plans the query of each schedule's next tick against this feature catalog.")
    private @Nullable Path catalog;

    @Parameters(paramLabel = "FILE|DIR|-", description = "What to check; - reads standard input.")
    private String place;

    SchedulesCheckCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws JobFileException {
        List<Map<String, Object>> rows = new ArrayList<>();
        Instant now = console.clock().instant();
        ScheduleFiles files = ScheduleFiles.read(place, console);
        if (catalog != null) {
            TemplatePlans.check(files.all(), QuarryCommand.existing(catalog, "the catalog"), place, now);
        } else {
            console.say(TemplatePlans.UNCHECKED);
        }
        for (Schedule schedule : files.good().values()) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("name", schedule.getName());
            row.put("rule", rule(schedule));
            row.put("zone", schedule.getZone());
            Optional<Firing> next = Ticks.of(schedule).firing(now);
            row.put("next", next.map(firing -> firing.at().toString()).orElse("never again"));
            row.put("note", next.map(Firing::note).orElse(""));
            rows.add(row);
        }
        output.print(console, rows, () -> {
            TextTable table = new TextTable("NAME", "RULE", "ZONE", "NEXT", "NOTE");
            rows.forEach(row -> table.row(row.values().toArray()));
            return table.lines(console.tableWidth());
        });
        return ExitCodes.DONE;
    }

    /** When a schedule fires, in a few words. */
    static String rule(Schedule schedule) {
        if (schedule.getCron() != null) {
            return schedule.getCron();
        }
        Object every = ScheduleFile.tree(schedule).get("every");
        return every != null ? "every " + every : Text.count(schedule.getTimes().size(), "time");
    }
}
