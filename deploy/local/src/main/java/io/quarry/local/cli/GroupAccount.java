package io.quarry.local.cli;

import io.quarry.avro.GroupRevision;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.ScalingDecision;
import io.quarry.avro.WorkerState;
import io.quarry.scheduler.pool.Interruptions;
import io.quarry.schemas.provision.GroupTable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** What became of a group: its changes, and what the autoscaler did and why. */
final class GroupAccount {
    private static final int SHOWN = 20;

    private GroupAccount() {}

    static void history(Console console, Output output, List<GroupTable.Line> lines, String name) {
        if (lines.isEmpty()) {
            throw CommandFailure.badUsage(
                    "nothing is known of a group " + name + ": 'quarry groups list' lists those there are");
        }
        List<Map<String, Object>> tree = new ArrayList<>();
        TextTable table = new TextTable("AT", "VERSION", "WHAT", "BY", "WHY", "CHANGES");
        ResourceGroup before = null;
        for (GroupTable.Line line : lines) {
            GroupRevision revision = line.revision();
            ResourceGroup after = revision.getRow();
            List<GroupChange> changes = after == null ? List.of() : GroupChange.between(before, after);
            table.row(
                    Text.time(line.at()),
                    revision.getVersion(),
                    revision.getType().name(),
                    revision.getBy(),
                    revision.getReason(),
                    before == null || after == null
                            ? ""
                            : String.join(
                                    "; ",
                                    changes.stream().map(GroupChange::line).toList()));
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("at", line.at().toString());
            one.put("version", revision.getVersion());
            one.put("what", revision.getType().name());
            one.put("by", revision.getBy());
            one.put("reason", revision.getReason());
            one.put("changes", changes.stream().map(GroupChange::tree).toList());
            tree.add(one);
            before = after;
        }
        output.print(console, tree, () -> table.lines(TextTable.UNBOUNDED));
    }

    static void why(Console console, Output output, Connection to, Duration reach, ResourceGroup group) {
        String name = group.getName();
        Interruptions interruptions = new Interruptions();
        List<ScalingDecision> decisions = new ArrayList<>();
        for (LogLines.Line<ScalingDecision> line :
                LogLines.of(to, to.topics().scaling(), ScalingDecision.class, reach)) {
            ScalingDecision decision = line.value();
            if (decision != null) {
                interruptions.take(decision);
                if (decision.getGroup().equals(name)) {
                    decisions.add(decision);
                }
            }
        }
        try (JobRows rows = JobRows.open(to, console.clock(), reach)) {
            rows.all().forEach(interruptions::take);
        }
        List<WorkerState> workers =
                LogLines.table(to, to.topics().workers(), WorkerState.class, reach).values().stream()
                        .filter(worker -> worker.getGroup().equals(name))
                        .toList();
        List<ScalingDecision> last = decisions.subList(Math.max(0, decisions.size() - SHOWN), decisions.size());
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("name", name);
        tree.put("workers", workers.stream().map(AvroTree::of).toList());
        tree.put("quarry_jobs_interrupted_by_scaling_total", interruptions.count());
        tree.put("decisions", last.stream().map(AvroTree::of).toList());
        output.print(console, tree, () -> lines(console, group, workers, last, interruptions.count()));
    }

    private static List<String> lines(
            Console console,
            ResourceGroup group,
            List<WorkerState> workers,
            List<ScalingDecision> decisions,
            long interrupted) {
        List<String> lines = new ArrayList<>();
        lines.add("group " + group.getName() + " has from " + group.getMinWorkers() + " to " + group.getMaxWorkers()
                + " workers; scaling has interrupted " + Text.count(interrupted, "job")
                + " (quarry_jobs_interrupted_by_scaling_total, of all groups)");
        TextTable said = new TextTable("WORKER", "IS", "SINCE");
        workers.forEach(worker -> said.row(worker.getName(), worker.getPhase().name(), Text.time(worker.getAt())));
        if (!workers.isEmpty()) {
            lines.add("");
            lines.addAll(said.lines(console.tableWidth()));
        }
        lines.add("");
        if (decisions.isEmpty()) {
            lines.add("nothing was decided about it yet: is a scheduler with a pool running?");
            return lines;
        }
        TextTable table = new TextTable(
                "AT", "ACTION", "WORKER", "HAVE", "WANT", "WAIT", "OLDEST", "RUN", "PER MIN", "TAKES", "WHY");
        for (ScalingDecision decision : decisions) {
            table.row(
                    Text.time(decision.getAt()),
                    decision.getAction().name(),
                    Objects.requireNonNullElse(decision.getWorker(), ""),
                    decision.getWorkers(),
                    decision.getWanted(),
                    decision.getQueued(),
                    Text.duration(Duration.ofMillis(decision.getOldestWaitMs())),
                    decision.getRunning(),
                    String.format(Locale.ROOT, "%.1f", decision.getArrivalsPerMinute()),
                    String.format(Locale.ROOT, "%.1f s", decision.getServiceSeconds()),
                    decision.getReason());
        }
        lines.addAll(table.lines(TextTable.UNBOUNDED));
        return lines;
    }
}
