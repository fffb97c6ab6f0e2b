package io.quarry.local.cli;

import io.quarry.avro.Cause;
import io.quarry.avro.JobState;
import io.quarry.avro.Manifest;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a demo came to.
 *
 * @param row the job's last row
 * @param seconds from the start of the broker until the result was seen
 * @param phases seconds by phase, in order
 * @param dataset directory of the result, or null when there is none
 * @param preview the first rows, empty when there is no result
 */
record DemoReport(
        JobState row,
        double seconds,
        Map<String, Double> phases,
        @Nullable Path dataset,
        DatasetPreview preview) {

    /**
     * Phases of a run that ended.
     *
     * @param broker seconds until the broker was ready
     * @param ready seconds until all else was ready too
     * @param seen when this process saw the end
     */
    static Map<String, Double> phases(JobState row, double broker, double ready, Instant seen) {
        Map<String, Double> phases = new LinkedHashMap<>();
        phases.put("broker_ready", broker);
        phases.put("workers_ready", Math.max(0, ready - broker));
        phases.put("queued", between(row.getSubmittedAt(), row.getFirstStartedAt()));
        phases.put("run", between(row.getFirstStartedAt(), row.getFinishedAt()));
        phases.put("published", between(row.getFinishedAt(), seen));
        return phases;
    }

    private static double between(@Nullable Instant from, @Nullable Instant to) {
        return from == null || to == null
                ? 0
                : Math.max(0, Duration.between(from, to).toMillis() / 1000.0);
    }

    Map<String, Object> tree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        Manifest manifest = row.getManifest();
        tree.put("job", row.getJob().getId());
        tree.put("state", row.getState().name());
        tree.put("rows", manifest == null ? 0L : manifest.getRows());
        tree.put("seconds", seconds);
        tree.put("peak_memory_bytes", peak());
        tree.put("dataset", dataset == null ? "" : dataset.toString());
        tree.put("bytes", manifest == null ? 0L : manifest.getBytes());
        tree.put("phases", phases);
        if (manifest != null) {
            tree.put("run_phases_ms", new LinkedHashMap<>(manifest.getPhasesMs()));
        }
        Cause cause = row.getCause();
        if (cause != null) {
            tree.put("cause", AvroTree.of(cause));
        }
        tree.put("preview", preview.tree());
        return tree;
    }

    private long peak() {
        Manifest manifest = row.getManifest();
        return manifest != null
                ? manifest.getPeakMemoryBytes()
                : row.getProgress() == null ? 0 : row.getProgress().getPeakMemoryBytes();
    }

    List<String> lines(Console console) {
        boolean colour = console.colour();
        List<String> lines = new ArrayList<>();
        if (dataset == null) {
            lines.addAll(JobText.page(row, console));
            return lines;
        }
        lines.addAll(preview.lines(console.tableWidth()));
        lines.add("");
        Map<String, @Nullable String> facts = new LinkedHashMap<>();
        facts.put("state", Text.state(row.getState(), colour));
        Manifest manifest = row.getManifest();
        if (manifest != null) {
            facts.put("rows", Text.count(manifest.getRows()));
            facts.put("size", Text.bytes(manifest.getBytes()));
        }
        facts.put("dataset", dataset.toString());
        facts.put("peak memory", Text.bytes(peak()));
        facts.put("in all", Text.duration(Duration.ofMillis(Math.round(seconds * 1000))));
        lines.addAll(JobText.facts(facts));
        lines.add("");
        lines.addAll(JobText.phases(phases));
        lines.add("");
        lines.add(Text.bold("Next:", colour));
        lines.add("  deploy/quarry dataset " + dataset + " --rows 20");
        lines.add("  deploy/quarry explain-query deploy/demo/query.yaml");
        lines.add(
                "  deploy/quarry local        and in another terminal: deploy/quarry submit --wait deploy/demo/query.yaml");
        return lines;
    }
}
