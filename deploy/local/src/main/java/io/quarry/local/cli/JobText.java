package io.quarry.local.cli;

import io.quarry.avro.Cause;
import io.quarry.avro.JobState;
import io.quarry.avro.Manifest;
import io.quarry.avro.Progress;
import io.quarry.avro.Transition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shows jobs to people: one as a page, many as a table. */
final class JobText {
    private JobText() {}

    /** The jobs as a table, in the order given. */
    static List<String> table(List<JobState> rows, int width) {
        if (rows.isEmpty()) {
            return List.of("no jobs");
        }
        TextTable table =
                new TextTable("ID", "STATE", "GROUP", "ATTEMPT", "SUBMITTED", "QUEUED", "RAN", "ROWS", "NAME");
        for (JobState row : rows) {
            Manifest manifest = row.getManifest();
            Progress progress = row.getProgress();
            table.row(
                    row.getJob().getId(),
                    row.getState().name(),
                    row.getJob().getResourceGroup(),
                    row.getAttempt(),
                    Text.time(row.getSubmittedAt()),
                    Text.between(row.getSubmittedAt(), row.getFirstStartedAt()),
                    Text.between(row.getFirstStartedAt(), row.getFinishedAt()),
                    manifest != null
                            ? Text.count(manifest.getRows())
                            : progress != null && progress.getRows() > 0 ? Text.count(progress.getRows()) : "-",
                    row.getJob().getName() == null ? "" : row.getJob().getName());
        }
        return table.lines(Math.max(width, 120));
    }

    /** One job with its history. */
    static List<String> page(JobState row, Console console) {
        boolean colour = console.colour();
        Map<String, @Nullable String> facts = new LinkedHashMap<>();
        facts.put("job", row.getJob().getId());
        facts.put("name", row.getJob().getName());
        facts.put("state", Text.state(row.getState(), colour));
        facts.put("kind", row.getJob().getKind());
        facts.put("group", row.getJob().getResourceGroup());
        facts.put(
                "attempt",
                row.getAttempt()
                        + (row.getOwner() == null ? "" : " on " + row.getOwner().getWorker()));
        facts.put("submitted", Text.time(row.getSubmittedAt()) + by(row.getJob().getSubmitter()));
        facts.put("queued", Text.between(row.getSubmittedAt(), row.getFirstStartedAt()));
        facts.put("ran", Text.between(row.getFirstStartedAt(), row.getFinishedAt()));
        progress(row, facts);
        cause(row.getCause(), facts);
        if (row.getManifest() != null) {
            facts.putAll(manifest(row.getManifest()));
        }
        if (row.getDuplicates() > 0) {
            facts.put(
                    "duplicates",
                    row.getDuplicates() + (row.getConflict() ? ", one with another body: the first one counts" : ""));
        }
        List<String> lines = facts(facts);
        lines.add("");
        lines.add(Text.bold("history", colour));
        TextTable history = new TextTable("AT", "STATE", "ATTEMPT", "WORKER", "WHAT");
        for (Transition step : row.getHistory()) {
            String why = step.getCause() == null
                    ? ""
                    : " (" + step.getCause().getType() + ": " + step.getCause().getMessage() + ")";
            history.row(
                    Text.time(step.getAt()),
                    step.getState(),
                    step.getAttempt(),
                    step.getWorker() == null ? "" : step.getWorker(),
                    step.getDetail() + why);
        }
        lines.addAll(history.lines(Math.max(console.width(), 160)));
        return lines;
    }

    /** What was published. */
    static Map<String, @Nullable String> manifest(Manifest manifest) {
        Map<String, @Nullable String> facts = new LinkedHashMap<>();
        facts.put("dataset", manifest.getLocation());
        facts.put("named", manifest.getDatasetName());
        facts.put("rows", Text.count(manifest.getRows()));
        facts.put(
                "size",
                Text.bytes(manifest.getBytes()) + " in " + manifest.getFiles().size() + " file"
                        + (manifest.getFiles().size() == 1 ? "" : "s"));
        facts.put("peak memory", Text.bytes(manifest.getPeakMemoryBytes()));
        return facts;
    }

    /** Facts as lines, the values aligned; a fact without a value is left out. */
    static List<String> facts(Map<String, @Nullable String> facts) {
        int width = facts.keySet().stream().mapToInt(String::length).max().orElse(0);
        List<String> lines = new ArrayList<>();
        facts.forEach((name, value) -> {
            if (value != null && !value.isEmpty() && !value.equals("-")) {
                lines.add(name + " ".repeat(width - name.length()) + "  " + value);
            }
        });
        return lines;
    }

    private static void progress(JobState row, Map<String, @Nullable String> facts) {
        Progress progress = row.getProgress();
        if (progress == null || ExitCodes.isFinal(row.getState())) {
            return;
        }
        String share = progress.getFraction() == null ? "" : " " + Math.round(100 * progress.getFraction()) + "%";
        facts.put("progress", progress.getPhase() + share + ", " + Text.count(progress.getRows()) + " rows");
        facts.put("memory", Text.bytes(progress.getMemoryBytes()));
        facts.put("says", progress.getLogLine());
    }

    private static void cause(@Nullable Cause cause, Map<String, @Nullable String> facts) {
        if (cause == null) {
            return;
        }
        facts.put("cause", cause.getType() + ": " + cause.getMessage());
        cause.getEvidence().forEach((name, value) -> facts.put("  " + name, value));
    }

    private static String by(@Nullable String submitter) {
        return submitter == null ? "" : " by " + submitter;
    }

    /** Phases and how long each took, as a table. */
    static List<String> phases(Map<String, Double> phases) {
        TextTable table = new TextTable("PHASE", "TIME");
        phases.forEach((name, seconds) ->
                table.row(name.replace('_', ' '), Text.duration(Duration.ofMillis(Math.round(seconds * 1000)))));
        return table.lines(80);
    }
}
