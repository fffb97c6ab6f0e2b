package io.quarry.local.cli;

import io.quarry.avro.GroupRevision;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.ScalingDecision;
import io.quarry.avro.WorkerState;
import io.quarry.scheduler.pool.Interruptions;
import io.quarry.schemas.States;
import io.quarry.schemas.provision.GroupTable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;

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

    /** What a group is in now: its workers by their own word, its jobs by their rows, and whether its queue is there. */
    static Map<String, Object> now(Console console, Connection to, Duration reach, String name) {
        Map<String, Object> workers = new TreeMap<>();
        LogLines.table(to, to.topics().workers(), WorkerState.class, reach).values().stream()
                .filter(worker -> worker.getGroup().equals(name))
                .forEach(worker -> workers.merge(
                        worker.getPhase().name().toLowerCase(Locale.ROOT), 1, (a, b) -> (Integer) a + (Integer) b));
        Map<String, Object> jobs = new TreeMap<>();
        try (JobRows rows = JobRows.open(to, console.clock(), reach)) {
            rows.all().stream()
                    .filter(row -> row.getJob().getResourceGroup().equals(name) && !States.isFinal(row.getState()))
                    .forEach(row -> jobs.merge(
                            row.getState().name().toLowerCase(Locale.ROOT), 1, (a, b) -> (Integer) a + (Integer) b));
        }
        List<String> missing = missing(to, reach, name);
        Map<String, Object> now = new LinkedHashMap<>();
        now.put("workers", workers);
        now.put("jobs", jobs);
        if (!missing.isEmpty()) {
            now.put("missing_topics", missing);
            console.say("quarry: " + String.join(" and ", missing)
                    + " was deleted: a running scheduler makes it again within seconds and appends waiting jobs again");
        }
        return now;
    }

    private static List<String> missing(Connection to, Duration reach, String name) {
        Map<String, Object> settings = to.kafka();
        settings.put("default.api.timeout.ms", (int) reach.toMillis());
        settings.put("request.timeout.ms", (int) reach.toMillis());
        try (Admin admin = Admin.create(settings)) {
            Set<String> there = admin.listTopics().names().get();
            return Stream.of(to.topics().jobs(name), to.topics().retries(name))
                    .filter(topic -> !there.contains(topic))
                    .toList();
        } catch (ExecutionException e) {
            throw CommandFailure.failed("the broker does not list its topics: " + e.getCause(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of();
        }
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
