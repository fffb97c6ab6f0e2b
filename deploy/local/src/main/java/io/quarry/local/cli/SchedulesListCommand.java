package io.quarry.local.cli;

import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleState;
import io.quarry.schemas.schedule.Ticks;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Lists schedules. */
@Command(
        name = "list",
        mixinStandardHelpOptions = true,
        description = "Lists schedules with their rule, their next tick and whether they are paused.",
        footerHeading = "%nExample:%n",
        footer = {"  quarry schedules list", "  quarry schedules list --tag team=growth -o json"})
final class SchedulesListCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Option(
            names = "--tag",
            paramLabel = "KEY=VALUE",
            description = "Only schedules with this label; may be repeated, then with all of them.")
    private Map<String, String> tags = new LinkedHashMap<>();

    SchedulesListCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        List<Map<String, Object>> rows = new ArrayList<>();
        Instant now = console.clock().instant();
        try (ScheduleTopics topics = ScheduleTopics.open(connection, console)) {
            Map<String, ScheduleState> states = topics.states();
            for (Schedule schedule : topics.schedules().values()) {
                if (schedule.getTags().entrySet().containsAll(tags.entrySet())) {
                    rows.add(row(schedule, states.get(schedule.getName()), now));
                }
            }
        }
        output.print(console, rows, () -> {
            TextTable table = new TextTable("NAME", "RULE", "ZONE", "NEXT", "STATE", "FAILED IN A ROW");
            rows.forEach(row -> table.row(row.values().toArray()));
            return table.lines(console.tableWidth());
        });
        return ExitCodes.DONE;
    }

    private static Map<String, Object> row(Schedule schedule, @Nullable ScheduleState state, Instant now) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("name", schedule.getName());
        row.put("rule", SchedulesCheckCommand.rule(schedule));
        row.put("zone", schedule.getZone());
        row.put("next", next(schedule, now));
        row.put("state", state(schedule, state));
        row.put("failures", state == null ? 0 : state.getFailures());
        return row;
    }

    private static String next(Schedule schedule, Instant now) {
        try {
            Instant next = Ticks.of(schedule).next(now);
            return next == null ? "never again" : next.toString();
        } catch (IllegalArgumentException e) {
            return "-";
        }
    }

    static String state(Schedule schedule, @Nullable ScheduleState state) {
        if (schedule.getPaused() != null) {
            return "paused by its definition: " + schedule.getPaused();
        }
        if (state == null) {
            return "not seen by the scheduler yet";
        }
        return state.getPaused() == null ? "runs" : "paused: " + state.getPaused();
    }
}
