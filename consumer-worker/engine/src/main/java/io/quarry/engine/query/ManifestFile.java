package io.quarry.engine.query;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.quarry.avro.Column;
import io.quarry.avro.Manifest;
import io.quarry.avro.OfflineQuery;
import io.quarry.engine.JobContext;
import io.quarry.engine.plan.QueryPlan;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The manifest.json of a dataset: what it holds and how it came to be. Written last, so that its presence means a whole dataset. */
final class ManifestFile {
    static final String NAME = "manifest.json";

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private ManifestFile() {}

    /** Everything that a manifest tells beside the job itself. */
    record Facts(
            QueryPlan plan,
            PartsWriter.Written written,
            List<PartsWriter.ColumnStatistics> statistics,
            List<Read> reads,
            Map<String, Long> phases,
            EngineBudget budget,
            long peakBytes,
            long spillPeakBytes,
            String engineVersion) {}

    /** A file that the query read, as it was when the query began. */
    record Read(Path path, long bytes, String modified) {}

    static Manifest write(JobContext context, OfflineQuery query, Facts facts) throws IOException {
        Path target = context.output().resolve(NAME);
        Path unfinished = context.output().resolve("." + NAME);
        Files.writeString(unfinished, JSON.writeValueAsString(content(context, query, facts)), StandardCharsets.UTF_8);
        PartsWriter.sync(unfinished);
        PartsWriter.sync(context.output());
        Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
        PartsWriter.sync(context.output());
        return Manifest.newBuilder()
                .setLocation(context.output().toUri().toString())
                .setRows(facts.written().rows())
                .setBytes(facts.written().bytes())
                .setFiles(facts.written().parts().stream()
                        .map(PartsWriter.Part::file)
                        .toList())
                .setColumns(facts.plan().columns().stream()
                        .map(column -> new Column(column.name(), column.type()))
                        .toList())
                .setDatasetName(query.getDatasetName())
                .setPhasesMs(facts.phases())
                .setPeakMemoryBytes(facts.peakBytes())
                .build();
    }

    private static Map<String, Object> content(JobContext context, OfflineQuery query, Facts facts) {
        Map<String, Object> content = new LinkedHashMap<>();
        content.put("manifest_version", 1);
        content.put("job", context.job().getId());
        content.put("attempt", context.attempt());
        content.put("claim", context.claim().toString());
        put(content, "dataset_name", query.getDatasetName());
        put(content, "query_name", query.getQueryName());
        put(content, "query_version", query.getQueryVersion());
        content.put("started_at", context.startedAt().toString());
        content.put("rows", facts.written().rows());
        content.put("bytes", facts.written().bytes());
        content.put("format", "parquet");
        content.put("compression", "zstd");
        content.put("ordered", facts.plan().ordered());
        List<Map<String, Object>> files = new ArrayList<>();
        for (PartsWriter.Part part : facts.written().parts()) {
            files.add(ordered("name", part.file(), "rows", part.rows(), "bytes", part.bytes()));
        }
        content.put("files", files);
        List<Map<String, Object>> columns = new ArrayList<>();
        for (PartsWriter.ColumnStatistics column : facts.statistics()) {
            Map<String, Object> entry =
                    ordered("name", column.name(), "type", column.type(), "null_count", column.nulls());
            put(entry, "min", column.min());
            put(entry, "max", column.max());
            columns.add(entry);
        }
        content.put("columns", columns);
        content.put("input", input(query, facts.plan()));
        List<Map<String, Object>> reads = new ArrayList<>();
        for (Read read : facts.reads()) {
            reads.add(ordered("path", read.path().toString(), "bytes", read.bytes(), "modified", read.modified()));
        }
        content.put("reads", reads);
        content.put("catalog_sha256", facts.plan().catalogHash());
        content.put("plan_sha256", facts.plan().hash());
        content.put("sql_sha256", sha256(facts.plan().sql()));
        content.put("engine", facts.engineVersion());
        content.put(
                "limits",
                ordered(
                        "process_bytes", facts.budget().processBytes(),
                        "engine_bytes", facts.budget().engineBytes(),
                        "spill_bytes", facts.budget().spillBytes(),
                        "threads", facts.budget().threads()));
        content.put("peak_memory_bytes", facts.peakBytes());
        content.put("peak_spill_bytes", facts.spillPeakBytes());
        content.put("phases_ms", facts.phases());
        return content;
    }

    private static Map<String, Object> input(OfflineQuery query, QueryPlan plan) {
        Map<String, Object> input = new LinkedHashMap<>();
        if (query.getInput().getColumns() != null) {
            input.put("kind", "columns");
        } else if (query.getInput().getRange() != null) {
            input.put("kind", "range");
        } else if (query.getInput().getFiles() != null) {
            input.put("kind", "files");
        } else {
            input.put("kind", "sql");
        }
        plan.inputRows().ifPresent(rows -> input.put("rows", rows));
        put(input, "time_column", query.getTimeColumn());
        put(input, "sample_fraction", query.getSampleFraction());
        put(input, "max_rows", query.getMaxRows());
        return input;
    }

    private static Map<String, Object> ordered(Object... pairs) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put(String.valueOf(pairs[i]), pairs[i + 1]);
        }
        return map;
    }

    private static void put(Map<String, Object> map, String key, @Nullable Object value) {
        if (value != null) {
            map.put(key, value);
        }
    }

    static String sha256(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException everyJvmHasIt) {
            throw new IllegalStateException(everyJvmHasIt);
        }
    }
}
