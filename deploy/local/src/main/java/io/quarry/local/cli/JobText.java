package io.quarry.local.cli;

import io.quarry.avro.Asked;
import io.quarry.avro.Cause;
import io.quarry.avro.JobState;
import io.quarry.avro.Manifest;
import io.quarry.avro.Progress;
import io.quarry.avro.Resources;
import io.quarry.avro.State;
import io.quarry.avro.Transition;
import io.quarry.schemas.Placement;
import io.quarry.schemas.States;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
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
                new TextTable("ID", "STATE", "NAME", "GROUP", "SUBMITTED", "QUEUED", "RAN", "ROWS", "ATTEMPT");
        for (JobState row : rows) {
            Manifest manifest = row.getManifest();
            Progress progress = row.getProgress();
            table.row(
                    row.getJob().getId(),
                    row.getState().name(),
                    row.getJob().getName() == null ? "" : row.getJob().getName(),
                    row.getJob().getResourceGroup(),
                    Text.time(row.getSubmittedAt()),
                    Text.between(row.getSubmittedAt(), row.getFirstStartedAt()),
                    Text.between(row.getFirstStartedAt(), row.getFinishedAt()),
                    manifest != null
                            ? Text.count(manifest.getRows())
                            : progress != null && progress.getRows() > 0 ? Text.count(progress.getRows()) : "-",
                    row.getAttempt());
        }
        return table.lines(Math.max(width, 120));
    }

    /** One job with its history. */
    static List<String> page(JobState row, Console console) {
        return page(row, null, console);
    }

    /**
     * One job with its history.
     *
     * @param waits why it waits; null when it does not, or nobody knows
     */
    static List<String> page(JobState row, @Nullable String waits, Console console) {
        boolean colour = console.colour();
        Map<String, @Nullable String> facts = new LinkedHashMap<>();
        facts.put("job", row.getJob().getId());
        facts.put("name", row.getJob().getName());
        facts.put("state", Text.state(row.getState(), colour));
        facts.put("kind", row.getJob().getKind());
        facts.put("group", row.getJob().getResourceGroup());
        facts.put("resources", size(row.getJob().getResources()));
        Asked asked = row.getAsked();
        facts.put(
                "asked for",
                asked == null ? null : "group " + asked.getResourceGroup() + ", " + sizeOrWorker(asked.getResources()));
        facts.put(
                "attempt", attempt(row) + worker(row).map(name -> " on " + name).orElse("") + after(row));
        facts.put("submitted", Text.time(row.getSubmittedAt()) + by(row.getJob().getSubmitter()));
        facts.put("queued", Text.between(row.getSubmittedAt(), row.getFirstStartedAt()));
        facts.put("ran", Text.between(row.getFirstStartedAt(), row.getFinishedAt()));
        facts.put("waits", waits == null ? row.getWaitsBecause() : waits);
        progress(row, facts);
        // A cause of the attempt before is told with the attempt: it is not why this one does what it does.
        facts.put("cause", row.getCause() == null || !States.isFinal(row.getState()) ? null : because(row.getCause()));
        if (row.getManifest() != null) {
            facts.putAll(manifest(row.getManifest()));
        }
        if (row.getDuplicates() > 0) {
            facts.put(
                    "duplicates",
                    row.getDuplicates() + (row.getConflict() ? ", one with another body: the first one counts" : ""));
        }
        List<String> lines = facts(facts);
        // A line that is too long for the terminal is wrapped by it: nothing of a cause is cut.
        int width = TextTable.UNBOUNDED;
        evidence(row).ifPresent(table -> section(lines, "evidence", table.lines(width), colour));
        List<AttemptView> attempts = AttemptView.of(row);
        if (attempts.size() > 1) {
            section(lines, "attempts", AttemptView.table(attempts).lines(width), colour);
        }
        TextTable history = new TextTable("AT", "STATE", "ATTEMPT", "WORKER", "WHAT");
        for (Transition step : timeline(row)) {
            history.row(
                    Text.time(step.getAt()),
                    step.getState(),
                    step.getAttempt(),
                    step.getWorker() == null ? "" : step.getWorker(),
                    step.getDetail() + (step.getCause() == null ? "" : " (" + because(step.getCause()) + ")"));
        }
        section(lines, "history", history.lines(width), colour);
        return lines;
    }

    /** Who runs the attempt or ran it: only a result and a running attempt have an owner in the row, the others a history. */
    private static Optional<String> worker(JobState row) {
        return row.getOwner() != null
                ? Optional.of(row.getOwner().getWorker())
                : AttemptView.of(row).stream()
                        .filter(view -> view.attempt() == row.getAttempt())
                        .map(AttemptView::worker)
                        .filter(name -> !name.isEmpty())
                        .reduce((earlier, last) -> last);
    }

    /** Which attempt it is: {@code 2 of 3} where the job says how many there may be. */
    static String attempt(JobState row) {
        Integer most = row.getJob().getMaxAttempts();
        return row.getAttempt() + (most == null || most < row.getAttempt() ? "" : " of " + most);
    }

    /** What the attempt before a live one ended of. */
    private static String after(JobState row) {
        Cause cause = row.getCause();
        return cause == null || States.isFinal(row.getState()) ? "" : ", after " + because(cause);
    }

    private static void section(List<String> lines, String title, List<String> table, boolean colour) {
        lines.add("");
        lines.add(Text.bold(title, colour));
        lines.addAll(table);
    }

    /** One job for programs: its row with every attempt beside it. */
    static Map<String, Object> tree(JobState row) {
        Map<String, Object> tree = new LinkedHashMap<>(AvroTree.of(row));
        tree.put("attempts", AttemptView.of(row).stream().map(AttemptView::tree).toList());
        tree.put("history", timeline(row).stream().map(AvroTree::of).toList());
        return tree;
    }

    /**
     * What happened, the submission first: where a worker's claim overtook it in the log, the lifecycle learned of the job by
     * the claim and logged no line of its own.
     */
    static List<Transition> timeline(JobState row) {
        List<Transition> lines = new ArrayList<>(row.getHistory());
        State first = lines.isEmpty() ? State.UNKNOWN : lines.get(0).getState();
        boolean said = first == State.QUEUED || first == State.LAUNCHING;
        if (row.getSubmittedSource() != null && !said) {
            State entered = row.getOversize() ? State.LAUNCHING : State.QUEUED;
            lines.add(0, new Transition(row.getSubmittedAt(), entered, 1, null, null, "submitted"));
        }
        return lines;
    }

    /** The cause in one line; a cancel without a reason is its type alone. */
    static String because(Cause cause) {
        return cause.getType() + (cause.getMessage().isBlank() ? "" : ": " + cause.getMessage());
    }

    private static Optional<TextTable> evidence(JobState row) {
        Cause cause = row.getCause();
        if (cause == null
                || !States.isFinal(row.getState())
                || cause.getEvidence().isEmpty()) {
            return Optional.empty();
        }
        TextTable table = new TextTable("KEY", "VALUE");
        new TreeMap<>(cause.getEvidence()).forEach((name, value) -> table.row(name, Text.measure(name, value)));
        return Optional.of(table);
    }

    /** What was published. */
    static Map<String, @Nullable String> manifest(Manifest manifest) {
        Map<String, @Nullable String> facts = new LinkedHashMap<>();
        facts.put("dataset", manifest.getLocation());
        facts.put("named", manifest.getDatasetName());
        facts.put("rows", Text.count(manifest.getRows()));
        facts.put(
                "size",
                Text.bytes(manifest.getBytes()) + " in "
                        + Text.count(manifest.getFiles().size(), "file"));
        facts.put("peak memory", Text.bytes(manifest.getPeakMemoryBytes()));
        return facts;
    }

    /** Facts as lines, the values aligned; a fact without a value is left out. */
    static List<String> facts(Map<String, @Nullable String> facts) {
        int width = facts.keySet().stream().mapToInt(String::length).max().orElse(0);
        List<String> lines = new ArrayList<>();
        facts.forEach((name, value) -> {
            if (value != null && !value.isEmpty() && !value.equals("-")) {
                // The state alone has colours, which are ours.
                lines.add(name + " ".repeat(width - name.length()) + "  "
                        + (name.equals("state") ? value : Text.shown(value)));
            }
        });
        return lines;
    }

    private static void progress(JobState row, Map<String, @Nullable String> facts) {
        Progress progress = row.getProgress();
        // Of a job that waits for another attempt it is the dead one's.
        if (progress == null || row.getState() != State.RUNNING) {
            return;
        }
        String share = progress.getFraction() == null ? "" : " " + Math.round(100 * progress.getFraction()) + "%";
        facts.put("progress", progress.getPhase() + share + ", " + Text.count(progress.getRows(), "row"));
        facts.put("memory", Text.bytes(progress.getMemoryBytes()));
        facts.put("says", progress.getLogLine());
    }

    private static @Nullable String size(@Nullable Resources size) {
        return size == null ? null : Placement.format(size);
    }

    private static String sizeOrWorker(@Nullable Resources size) {
        return size == null ? "one worker" : Placement.format(size);
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
