package io.quarry.local.cli;

import io.quarry.scheduler.trigger.LedgerAudit;
import io.quarry.scheduler.trigger.Recount;
import io.quarry.schemas.serde.WireSerdes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Recounts the ledger. */
@Command(
        name = "audit",
        mixinStandardHelpOptions = true,
        description = {
            "Counts the ticks that each schedule should have had, from its rule alone, against the rows of the ledger:"
                    + " each must have exactly one decision.",
            "Exit code 0 when all is well, 1 when something is wrong."
        },
        footerHeading = "%nExample:%n",
        footer = {"  quarry schedules audit", "  quarry schedules audit --since 7d -o json"})
final class SchedulesAuditCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Mixin
    private Since since;

    @Option(
            names = "--late",
            defaultValue = "5m",
            paramLabel = "TIME",
            description = "How late a tick may be decided (default: ${DEFAULT-VALUE}).")
    private String late;

    SchedulesAuditCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        Connection to = connection.find(console);
        Instant now = console.clock().instant();
        Instant from = since.from(console);
        Duration behind = Durations.option("--late", late);
        Map<String, String> kafka = new LinkedHashMap<>();
        to.kafka().forEach((name, value) -> kafka.put(name, String.valueOf(value)));
        kafka.put("default.api.timeout.ms", Long.toString(connection.reach().toMillis()));
        LedgerAudit.Report report =
                new LedgerAudit(to.topics(), kafka, WireSerdes.of(to.settings())).run(from, now, behind);
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("schedules", report.schedules());
        tree.put("expected", report.expected());
        tree.put(
                "findings",
                report.findings().stream().map(SchedulesAuditCommand::tree).toList());
        tree.put("unexamined", report.unexamined());
        output.print(console, tree, () -> lines(report));
        return report.clean() ? ExitCodes.DONE : ExitCodes.FAILED;
    }

    private static Map<String, Object> tree(Recount.Finding finding) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("kind", ScheduleFile.word(finding.kind()));
        tree.put("schedule", finding.schedule());
        tree.put("tick", finding.tick().toString());
        tree.put("detail", finding.detail());
        return tree;
    }

    private List<String> lines(LedgerAudit.Report report) {
        List<String> lines = new ArrayList<>();
        if (!report.findings().isEmpty()) {
            TextTable table = new TextTable("KIND", "SCHEDULE", "TICK", "DETAIL");
            report.findings()
                    .forEach(finding -> table.row(tree(finding).values().toArray()));
            lines.addAll(table.lines(console.tableWidth()));
        }
        lines.add(Text.count(report.schedules(), "schedule") + ", " + Text.count(report.expected(), "expected tick")
                + ", " + Text.count(report.findings().size(), "finding")
                + (report.unexamined() == 0
                        ? ""
                        : "; the rows of " + Text.count(report.unexamined(), "further schedule")
                                + " do not add up either: mend these and count again"));
        return lines;
    }
}
