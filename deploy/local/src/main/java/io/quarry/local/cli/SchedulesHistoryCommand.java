package io.quarry.local.cli;

import io.quarry.avro.ScheduleTick;
import io.quarry.avro.State;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
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

    @Option(
            names = "--since",
            paramLabel = "TIME",
            description = "Ticks from this time on (default: all that are kept).")
    private @Nullable String since;

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
        Instant from = since == null
                ? Instant.MIN
                : Moments.parse("--since", since, console.clock().instant());
        List<ScheduleTick> rows;
        try (ScheduleTopics topics = ScheduleTopics.open(connection, console)) {
            rows = new ArrayList<>(latest(topics.ticks(name)));
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

    /** Of several rows of one tick and job the last one: what became of it in the end. */
    static Collection<ScheduleTick> latest(List<ScheduleTick> rows) {
        Map<List<Object>, ScheduleTick> latest = new LinkedHashMap<>();
        for (ScheduleTick row : rows) {
            latest.put(List.of(row.getSchedule(), row.getTick(), own(row)), row);
        }
        return latest.values();
    }

    /** What sets a row apart from that of the rule's own tick at the same time. */
    private static String own(ScheduleTick row) {
        String job = row.getJobId();
        String tick = row.getSchedule() + ":" + row.getTick();
        if (row.getBackfill() != null) {
            return row.getBackfill();
        }
        return job == null || job.equals(tick) ? "" : job;
    }

    private List<String> lines(List<ScheduleTick> rows) {
        if (rows.isEmpty()) {
            return List.of("no tick yet");
        }
        TextTable table = new TextTable("TICK", "OUTCOME", "ENDED", "LATE BY", "JOB", "CAUSE");
        for (ScheduleTick row : rows) {
            table.row(
                    row.getTick().toString(),
                    ScheduleFile.word(row.getOutcome()),
                    row.getState() == null ? "-" : row.getState().name(),
                    Text.duration(Duration.ofMillis(row.getLatenessMs())),
                    row.getJobId() == null ? "-" : row.getJobId(),
                    row.getCause().isEmpty() ? "-" : row.getCause());
        }
        List<String> lines = new ArrayList<>();
        lines.add(rows.stream().map(SchedulesHistoryCommand::sign).collect(Collectors.joining()));
        lines.add("");
        lines.addAll(table.lines(console.tableWidth()));
        return lines;
    }

    private static String sign(ScheduleTick row) {
        State state = row.getState();
        if (state != null) {
            return switch (state) {
                case SUCCEEDED -> "#";
                case CANCELLED -> "c";
                case FAILED, EXPIRED -> "!";
                case UNKNOWN, QUEUED, LAUNCHING, RUNNING, RETRYING -> "?";
            };
        }
        return switch (row.getOutcome()) {
            case TRIGGERED, LATE, CAUGHT_UP, BACKFILLED, MANUAL -> ">";
            case WAITING -> "w";
            case SKIPPED_OVERLAP -> "o";
            case SKIPPED_PAUSED -> "p";
            case SKIPPED_OUTSIDE_WINDOW, MISSED_OUTAGE -> "-";
            case REFUSED -> "!";
            case UNKNOWN -> "?";
        };
    }
}
