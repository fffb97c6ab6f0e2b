package io.quarry.local.cli;

import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleTick;
import io.quarry.avro.State;
import io.quarry.avro.TickOutcome;
import io.quarry.scheduler.trigger.LedgerAudit;
import io.quarry.schemas.schedule.Firing;
import io.quarry.schemas.schedule.Ticks;
import java.time.Duration;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a schedule's run came to.
 *
 * @param ledger the last row of each tick, in their order
 * @param audit the recount of the ledger
 * @param took in real time
 */
record ScheduleDemoReport(
        Schedule schedule, Ticks ticks, List<ScheduleTick> ledger, LedgerAudit.Report audit, Duration took) {
    private static final DateTimeFormatter LOCAL = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm xxx", Locale.ROOT);

    ScheduleDemoReport {
        ledger = List.copyOf(ledger);
    }

    /** Whether all that ran has a result, and the recount found nothing. */
    boolean good() {
        return audit.clean()
                && audit.expected()
                        == ledger.stream()
                                .filter(row -> row.getOutcome() != TickOutcome.MANUAL)
                                .count()
                && ledger.stream().allMatch(row -> row.getState() == null || row.getState() == State.SUCCEEDED);
    }

    Map<String, Object> tree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("schedule", schedule.getName());
        tree.put("zone", schedule.getZone());
        tree.put("good", good());
        tree.put("seconds", took.toMillis() / 1000.0);
        tree.put("expected_ticks", audit.expected());
        tree.put("findings", audit.findings().size());
        tree.put("outcomes", outcomes());
        tree.put("strip", LedgerText.strip(ledger));
        tree.put("ticks", ledger.stream().map(this::tree).toList());
        return tree;
    }

    private Map<String, Object> tree(ScheduleTick row) {
        Map<String, Object> tree = AvroTree.of(row);
        tree.put("local", local(row));
        tree.put("note", note(row));
        return tree;
    }

    private Map<String, Integer> outcomes() {
        Map<String, Integer> outcomes = new TreeMap<>();
        ledger.forEach(row -> outcomes.merge(LedgerText.outcome(row), 1, Integer::sum));
        return outcomes;
    }

    List<String> lines(Console console) {
        TextTable table = new TextTable("LOCAL", "TICK", "OUTCOME", "ENDED", "LATE BY", "WHY");
        for (ScheduleTick row : ledger) {
            String note = note(row);
            table.row(
                    local(row),
                    row.getTick().toString(),
                    LedgerText.outcome(row),
                    LedgerText.ended(row),
                    LedgerText.lateBy(row),
                    row.getCause() + (row.getCause().isEmpty() || note.isEmpty() ? "" : "; ") + note);
        }
        List<String> lines = new ArrayList<>(table.lines(console.tableWidth()));
        lines.add("");
        lines.add(LedgerText.strip(ledger) + "   # succeeded, ! failed, o skipped for its predecessor, - missed");
        lines.add(Text.count(audit.expected(), "expected tick") + ", each with one decision: "
                + String.join(
                        ", ",
                        outcomes().entrySet().stream()
                                .filter(entry -> !entry.getKey().equals(ScheduleFile.word(TickOutcome.MANUAL)))
                                .map(entry -> entry.getValue() + " " + entry.getKey())
                                .toList())
                + ", beside the rehearsal by hand; the recount has "
                + Text.count(audit.findings().size(), "finding"));
        audit.findings()
                .forEach(finding -> lines.add("  " + finding.kind() + " " + finding.tick() + ": " + finding.detail()));
        lines.add("in all " + Text.duration(took));
        lines.add("");
        lines.add(Text.bold("Next:", console.colour()));
        lines.add("  deploy/quarry schedules check deploy/demo/schedule.yaml");
        lines.add("  deploy/quarry schedules next --cron '" + schedule.getCron() + "' --zone " + schedule.getZone()
                + " --from 2001-02-17T00:00:00Z --count 2");
        lines.add("  deploy/quarry local        and in another terminal: deploy/quarry schedules apply -f"
                + " deploy/examples/schedules");
        return lines;
    }

    private String local(ScheduleTick row) {
        return LOCAL.format(row.getTick().atZone(ticks.zone()));
    }

    /** What a change of the clock did to a tick. */
    private String note(ScheduleTick row) {
        return ticks.firing(row.getTick().minusMillis(1))
                .filter(firing -> firing.at().equals(row.getTick()))
                .map(Firing::note)
                .orElse("");
    }
}
