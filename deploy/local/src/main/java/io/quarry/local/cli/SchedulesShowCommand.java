package io.quarry.local.cli;

import io.quarry.avro.Backfill;
import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleState;
import io.quarry.schemas.schedule.Firing;
import io.quarry.schemas.schedule.Ticks;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows one schedule. */
@Command(
        name = "show",
        mixinStandardHelpOptions = true,
        description = "Shows a schedule as a file would say it, where it stands, its next ticks and its backfills.",
        footerHeading = "%nExample:%n",
        footer = {"  quarry schedules show daily", "  quarry schedules show daily --definition > daily.yaml"})
final class SchedulesShowCommand implements Callable<Integer> {
    private static final int NEXT = 5;

    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Option(names = "--definition", description = "Only the definition, as YAML that apply takes.")
    private boolean definition;

    @Parameters(paramLabel = "NAME", description = "Name of the schedule.")
    private String name;

    SchedulesShowCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        Schedule schedule;
        ScheduleState state;
        try (ScheduleTopics topics = ScheduleTopics.open(connection, console)) {
            schedule = SchedulesCommand.named(topics, name);
            state = topics.state(name);
        }
        if (definition) {
            console.out().print(Output.yaml(ScheduleFile.tree(schedule)));
            console.out().flush();
            return ExitCodes.DONE;
        }
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("definition", ScheduleFile.tree(schedule));
        tree.put("state", SchedulesListCommand.state(schedule, state));
        tree.put("applied_by", schedule.getAppliedBy());
        if (state != null) {
            tree.put("since", state.getSince().toString());
            tree.put("decided_up_to", state.getCursor().toString());
            tree.put("failures", state.getFailures());
            tree.put(
                    "backfills", state.getBackfills().stream().map(AvroTree::of).toList());
        }
        List<Map<String, Object>> next = next(schedule);
        tree.put("next", next);
        output.print(console, tree, () -> lines(schedule, state, next));
        return ExitCodes.DONE;
    }

    private List<Map<String, Object>> next(Schedule schedule) {
        Ticks ticks = Ticks.of(schedule);
        List<Map<String, Object>> next = new ArrayList<>();
        Instant after = console.clock().instant();
        for (int i = 0; i < NEXT; i++) {
            Optional<Firing> firing = ticks.firing(after);
            if (firing.isEmpty()) {
                break;
            }
            next.add(SchedulesNextCommand.tree(firing.get(), ticks.zone()));
            after = firing.get().at();
        }
        return next;
    }

    private static List<String> lines(
            Schedule schedule, @org.jspecify.annotations.Nullable ScheduleState state, List<Map<String, Object>> next) {
        List<String> lines = new ArrayList<>();
        lines.add(Output.yaml(ScheduleFile.tree(schedule)).stripTrailing());
        lines.add("");
        lines.add("state     " + SchedulesListCommand.state(schedule, state));
        if (state != null) {
            lines.add("since     " + Text.time(state.getSince()) + ", decided up to " + Text.time(state.getCursor())
                    + ", failed in a row " + state.getFailures());
            state.getBackfills().forEach(backfill -> lines.add("backfill  " + line(backfill)));
        }
        for (Map<String, Object> firing : next) {
            lines.add(("next      " + firing.get("local") + "  " + firing.get("utc") + "  " + firing.get("note"))
                    .stripTrailing());
        }
        return lines;
    }

    static String line(Backfill backfill) {
        int done = backfill.getSucceeded() + backfill.getFailed() + backfill.getCancelledJobs();
        return backfill.getId() + "  " + backfill.getFrom() + " to " + backfill.getTo() + "  "
                + done + " of " + backfill.getTotal() + " done, " + backfill.getFailed() + " failed, "
                + (backfill.getCancelledJobs() == 0 ? "" : backfill.getCancelledJobs() + " cancelled, ")
                + (backfill.getTriggered() - done) + " running"
                + (backfill.getEndedAt() == null ? "" : ", over")
                + (backfill.getCause() == null ? "" : ": " + backfill.getCause() + "; " + left(backfill));
    }

    private static String left(Backfill backfill) {
        return backfill.getNext() == null || !backfill.getNext().isBefore(backfill.getTo())
                ? "nothing is left"
                : "what is left begins at " + backfill.getNext();
    }
}
