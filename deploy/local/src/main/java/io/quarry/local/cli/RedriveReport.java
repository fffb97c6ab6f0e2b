package io.quarry.local.cli;

import io.quarry.avro.Job;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What became of the jobs that a redrive was asked for. For one thread. */
final class RedriveReport {
    /** One job that was asked for; id and reason may be empty. */
    private record Outcome(String original, String id, String reason) {
        Map<String, Object> tree() {
            Map<String, Object> tree = new LinkedHashMap<>();
            tree.put("original", original);
            if (!id.isEmpty()) {
                tree.put("id", id);
            }
            if (!reason.isEmpty()) {
                tree.put("reason", reason);
            }
            return tree;
        }
    }

    private final String id;
    private final boolean dryRun;
    private final List<Outcome> redriven = new ArrayList<>();
    private final List<Outcome> skipped = new ArrayList<>();
    private final List<Outcome> refused = new ArrayList<>();
    private boolean declined;

    RedriveReport(String id, boolean dryRun) {
        this.id = id;
        this.dryRun = dryRun;
    }

    void skipped(String original, String job, String reason) {
        skipped.add(new Outcome(original, job, reason));
    }

    /** A job was submitted, or would be, unless it was refused for a reason. */
    void submitted(Job job, String refusal) {
        (refusal.isEmpty() ? redriven : refused)
                .add(new Outcome(String.valueOf(job.getRepeats()), job.getId(), refusal));
    }

    /** Whoever was asked said no. */
    void declined() {
        declined = true;
    }

    boolean hasRefused() {
        return !refused.isEmpty();
    }

    Map<String, Object> tree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("redrive_id", id);
        tree.put("dry_run", dryRun);
        tree.put("redriven", redriven.stream().map(Outcome::tree).toList());
        tree.put("skipped", skipped.stream().map(Outcome::tree).toList());
        tree.put("refused", refused.stream().map(Outcome::tree).toList());
        return tree;
    }

    List<String> lines(int width) {
        if (declined) {
            return List.of("nothing was submitted");
        }
        TextTable table = new TextTable("ORIGINAL", "NEW JOB", "WHAT");
        String done = dryRun ? "would be submitted" : "submitted";
        redriven.forEach(outcome -> table.row(outcome.original(), outcome.id(), done));
        skipped.forEach(outcome -> table.row(outcome.original(), outcome.id(), "skipped: " + outcome.reason()));
        refused.forEach(outcome -> table.row(outcome.original(), outcome.id(), "refused: " + outcome.reason()));
        List<String> lines = new ArrayList<>(table.isEmpty() ? List.of("no dead jobs") : table.lines(width));
        lines.add("redrive " + id + ": " + redriven.size() + " " + done + ", " + skipped.size() + " skipped, "
                + refused.size() + " refused" + (dryRun ? " (dry run)" : ""));
        return lines;
    }
}
