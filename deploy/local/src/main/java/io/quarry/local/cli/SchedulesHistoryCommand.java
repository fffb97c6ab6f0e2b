package io.quarry.local.cli;

import io.quarry.avro.ScheduleTick;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows the ledger of one schedule. */
@Command(
        name = "history",
        mixinStandardHelpOptions = true,
        description = {
            "Says what became of each tick of a schedule, the newest last: as a strip of one sign a tick, and as a"
                    + " table.",
            "# succeeded, ! failed, expired or refused, c cancelled, > runs, w waits, o skipped for its predecessor, p"
                    + " paused, - missed."
        },
        footerHeading = "%nExample:%n",
        footer = {"  quarry schedules history daily", "  quarry schedules history daily --since 7d -o json"})
final class SchedulesHistoryCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Mixin
    private Since since;

    @Option(
            names = "--limit",
            defaultValue = "50",
            paramLabel = "N",
            description = "The last so many of them (default: ${DEFAULT-VALUE}).")
    private int limit;

    @Parameters(paramLabel = "NAME", description = "Name of the schedule; it may be deleted already.")
    private String name;

    SchedulesHistoryCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        Instant from = since.from(console);
        List<ScheduleTick> rows;
        try (ScheduleTopics topics = ScheduleTopics.open(connection, console)) {
            rows = new ArrayList<>(LedgerText.latest(topics.ticks(name)));
            if (rows.isEmpty()) {
                SchedulesCommand.named(topics, name);
            }
        }
        rows.removeIf(row -> row.getTick().isBefore(from));
        rows.sort(Comparator.comparing(ScheduleTick::getTick).thenComparing(ScheduleTick::getAt));
        List<ScheduleTick> shown = rows.subList(Math.max(0, rows.size() - Math.max(1, limit)), rows.size());
        output.print(console, shown.stream().map(AvroTree::of).toList(), () -> lines(shown));
        return ExitCodes.DONE;
    }

    private List<String> lines(List<ScheduleTick> rows) {
        if (rows.isEmpty()) {
            return List.of("no tick yet");
        }
        TextTable table = new TextTable("TICK", "OUTCOME", "ENDED", "LATE BY", "JOB", "CAUSE");
        for (ScheduleTick row : rows) {
            table.row(
                    row.getTick().toString(),
                    LedgerText.outcome(row),
                    LedgerText.ended(row),
                    LedgerText.lateBy(row),
                    row.getJobId() == null ? "-" : row.getJobId(),
                    row.getCause().isEmpty() ? "-" : row.getCause());
        }
        List<String> lines = new ArrayList<>();
        lines.add(LedgerText.strip(rows));
        lines.add("");
        lines.addAll(table.lines(console.tableWidth()));
        return lines;
    }
}
