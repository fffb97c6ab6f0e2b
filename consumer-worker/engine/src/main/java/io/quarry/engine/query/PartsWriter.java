package io.quarry.engine.query;

import io.quarry.engine.plan.PlannedColumn;
import io.quarry.engine.plan.QueryPlan;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Writes a plan's rows as zstd Parquet. An ordered plan becomes one file in its order; any other becomes one file per thread.
 * The files get their final names, part-00000.parquet and on, only when all of them are complete.
 */
final class PartsWriter {
    private static final String WRITING = ".writing";

    private final Engine engine;
    private final Path output;

    PartsWriter(Engine engine, Path output) {
        this.engine = engine;
        this.output = output;
    }

    /** A finished file. */
    record Part(String file, long rows, long bytes) {}

    /** What is known about a column of all parts; null where it is not known or there is no value. */
    record ColumnStatistics(
            String name,
            String type,
            long nulls,
            @Nullable String min,
            @Nullable String max) {}

    /** All parts, and the raw statistics by column: one map per part, as DuckDB returns them. */
    record Written(List<Part> parts, Map<String, List<Map<String, String>>> statistics) {
        long rows() {
            return parts.stream().mapToLong(Part::rows).sum();
        }

        long bytes() {
            return parts.stream().mapToLong(Part::bytes).sum();
        }
    }

    Written write(QueryPlan plan) throws SQLException, IOException {
        // DuckDB may write below an allowed directory, not make one anew in its place: hence a directory of its own.
        Path writing = Files.createDirectories(output.resolve(WRITING));
        String target = plan.ordered() ? writing.resolve("part-0.parquet").toString() : writing.toString();
        String copy = "COPY (" + plan.sql() + "\n) TO " + Engine.literal(target)
                + " (FORMAT parquet, COMPRESSION zstd, RETURN_STATS true"
                + (plan.ordered()
                        ? ", USE_TMP_FILE false)"
                        : ", PER_THREAD_OUTPUT true, OVERWRITE_OR_IGNORE true, FILENAME_PATTERN 'part-{i}')");
        Map<Path, Long> rows = new TreeMap<>((a, b) -> Integer.compare(number(a), number(b)));
        Map<String, List<Map<String, String>>> statistics = new TreeMap<>();
        engine.query(copy, result -> {
            while (result.next()) {
                rows.put(Path.of(result.getString("filename")), result.getLong("count"));
                collect(result.getObject("column_statistics"), statistics);
            }
            return rows.size();
        });
        List<Part> parts = new ArrayList<>();
        boolean noRows = rows.values().stream().allMatch(count -> count == 0);
        for (Map.Entry<Path, Long> file : rows.entrySet()) {
            // A thread without rows leaves an empty file; one is kept where there are no others, for its schema.
            if (file.getValue() == 0 && !(noRows && parts.isEmpty())) {
                Files.delete(file.getKey());
                continue;
            }
            String name = String.format(Locale.ROOT, "part-%05d.parquet", parts.size());
            sync(file.getKey());
            parts.add(new Part(name, file.getValue(), Files.size(file.getKey())));
            Files.move(file.getKey(), output.resolve(name));
        }
        Files.delete(writing);
        return new Written(List.copyOf(parts), statistics);
    }

    /** Statistics of every column, as the writer gathered them for the files: the rows are not read again. */
    List<ColumnStatistics> statistics(QueryPlan plan, Written written) throws SQLException {
        List<PlannedColumn> columns = plan.columns();
        if (columns.isEmpty()) {
            return List.of();
        }
        String extremes = columns.stream()
                .map(column -> extreme("min", column, written) + ", " + extreme("max", column, written))
                .collect(Collectors.joining(", "));
        return engine.query("SELECT " + extremes, result -> {
            result.next();
            List<ColumnStatistics> statistics = new ArrayList<>();
            for (int i = 0; i < columns.size(); i++) {
                PlannedColumn column = columns.get(i);
                statistics.add(new ColumnStatistics(
                        column.name(),
                        column.type(),
                        nulls(column, written),
                        result.getString(2 * i + 1),
                        result.getString(2 * i + 2)));
            }
            return statistics;
        });
    }

    private static String extreme(String which, PlannedColumn column, Written written) {
        List<String> values = perPart(column, written).stream()
                .map(part -> part.get(which))
                .filter(value -> value != null)
                .map(value -> "TRY_CAST(" + Engine.literal(value) + " AS " + column.type() + ")")
                .toList();
        if (values.isEmpty() || !ordered(column.type())) {
            return "NULL";
        }
        // Compared as the column's own type: as text, 9 would be above 10.
        return "CAST(list_" + which + "([" + String.join(", ", values) + "]) AS VARCHAR)";
    }

    private static long nulls(PlannedColumn column, Written written) {
        return perPart(column, written).stream()
                .mapToLong(part -> Long.parseLong(part.getOrDefault("null_count", "0")))
                .sum();
    }

    private static List<Map<String, String>> perPart(PlannedColumn column, Written written) {
        return written.statistics().getOrDefault(Engine.identifier(column.name()), List.of());
    }

    /** Nested and opaque types have no extremes worth a statistic. */
    private static boolean ordered(String type) {
        return !type.contains("[")
                && !type.startsWith("STRUCT")
                && !type.startsWith("MAP")
                && !type.startsWith("UNION");
    }

    private static void collect(@Nullable Object returned, Map<String, List<Map<String, String>>> statistics) {
        if (returned instanceof Map<?, ?> columns) {
            columns.forEach((name, values) -> {
                Map<String, String> texts = new TreeMap<>();
                if (values instanceof Map<?, ?> map) {
                    map.forEach((key, value) -> texts.put(String.valueOf(key), String.valueOf(value)));
                }
                statistics
                        .computeIfAbsent(String.valueOf(name), absent -> new ArrayList<>())
                        .add(texts);
            });
        }
    }

    private static int number(Path part) {
        return Integer.parseInt(part.getFileName().toString().replaceAll("[^0-9]", ""));
    }

    static void sync(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
