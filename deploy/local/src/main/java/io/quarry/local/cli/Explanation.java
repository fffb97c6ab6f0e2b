package io.quarry.local.cli;

import io.quarry.avro.InlineColumn;
import io.quarry.avro.IntegerRange;
import io.quarry.avro.OfflineQuery;
import io.quarry.avro.QueryInput;
import io.quarry.engine.catalog.Catalog;
import io.quarry.engine.catalog.Definition;
import io.quarry.engine.catalog.Feature;
import io.quarry.engine.plan.QueryPlan;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a planned query does, in words: its rows, their instants, where each feature comes from and by which as-of rule.
 *
 * @param input where the rows come from
 * @param instants what they are computed as of
 * @param limits what leaves rows out
 * @param features by name what is asked for and what that is made of, in the order of the question
 */
record Explanation(String input, String instants, List<String> limits, Map<String, String> features) {
    /** How the worker's engine is set, whatever the query. */
    static final List<String> ENGINE = List.of(
            "DuckDB in memory, one for each attempt, TimeZone UTC, results in no order but the query's own",
            "memory_limit = 0.85 x (worker.memory.bytes - worker.heap.bytes - 200 MiB), threads = worker.cpu.millis / 1000",
            "spills to the attempt's own directory, at most worker.spill.bytes; no extensions, no network, no other files");

    Explanation {
        limits = List.copyOf(limits);
    }

    static Explanation of(Catalog catalog, OfflineQuery query) {
        Map<String, String> features = new LinkedHashMap<>();
        Set<String> asked = new LinkedHashSet<>(query.getOutputs());
        asked.addAll(query.getRequiredOutputs());
        asked.forEach(name -> collect(catalog, name, features));
        return new Explanation(input(query.getInput()), instants(query), limits(query), features);
    }

    private static void collect(Catalog catalog, String name, Map<String, String> features) {
        Feature feature = catalog.features().get(name);
        if (feature == null || features.containsKey(name)) {
            return;
        }
        Definition definition = feature.definition();
        features.put(name, rule(definition));
        if (definition instanceof Definition.Join join) {
            collect(catalog, join.feature(), features);
            join.through().values().forEach(used -> collect(catalog, used, features));
        } else if (definition instanceof Definition.Expression expression) {
            expression.features().forEach(used -> collect(catalog, used, features));
        }
    }

    private static String rule(Definition definition) {
        if (definition instanceof Definition.Lookup lookup) {
            return "look-up: " + lookup.source() + "." + lookup.column() + " where " + on(lookup.on())
                    + ", whatever the instant";
        }
        if (definition instanceof Definition.Latest latest) {
            return "as of: " + latest.source() + "." + latest.column() + " of the last row where " + on(latest.on())
                    + ", " + edge(latest.before())
                    + latest.ttlMicros()
                            .map(ttl -> ", at most " + span(ttl) + " old")
                            .orElse("");
        }
        if (definition instanceof Definition.Aggregate aggregate) {
            return "window: " + aggregate.function().name().toLowerCase(Locale.ROOT) + " of "
                    + aggregate
                            .column()
                            .map(column -> aggregate.source() + "." + column)
                            .orElse("rows of " + aggregate.source())
                    + " where " + on(aggregate.on()) + ", over " + span(aggregate.windowMicros()) + " "
                    + edge(aggregate.before());
        }
        if (definition instanceof Definition.Join join) {
            return "join: " + join.feature() + " by "
                    + join.through().entrySet().stream()
                            .map(key -> key.getKey() + " = " + key.getValue())
                            .collect(Collectors.joining(", "));
        }
        Definition.Expression expression = (Definition.Expression) definition;
        return "expression: " + expression.sql();
    }

    private static String on(Map<String, String> on) {
        return on.entrySet().stream()
                .map(key -> key.getValue() + " = " + key.getKey())
                .collect(Collectors.joining(" and "));
    }

    private static String edge(boolean before) {
        return before ? "before the row's instant" : "up to and at the row's instant";
    }

    private static String span(long micros) {
        Duration span = Duration.of(micros, ChronoUnit.MICROS);
        return span.toDays() > 0 && span.equals(Duration.ofDays(span.toDays()))
                ? span.toDays() + "d"
                : Durations.format(span);
    }

    private static String input(QueryInput input) {
        if (input.getColumns() != null) {
            List<InlineColumn> columns = input.getColumns();
            return Text.count(columns.isEmpty() ? 0 : columns.get(0).getValues().size(), "inline row") + " of "
                    + columns.stream().map(InlineColumn::getName).collect(Collectors.joining(", "));
        }
        if (input.getRange() != null) {
            IntegerRange range = input.getRange();
            return range.getColumn() + " from " + range.getStart() + " to below " + range.getEnd() + ", step "
                    + range.getStep();
        }
        if (input.getFiles() != null) {
            return "the rows of " + String.join(", ", input.getFiles());
        }
        return "a SELECT over the catalog's sources; its ORDER BY says what its LIMIT takes, the result has no order";
    }

    private static String instants(OfflineQuery query) {
        if (query.getTimeColumn() != null) {
            return "each row as of its " + query.getTimeColumn();
        }
        return switch (query.getInputTimes().size()) {
            case 0 -> "all rows as of the instant at which the attempt starts (here: now)";
            case 1 -> "all rows as of " + query.getInputTimes().get(0);
            default -> "each row as of its own instant in input_times";
        };
    }

    private static List<String> limits(OfflineQuery query) {
        List<String> limits = new ArrayList<>();
        if (query.getLowerBound() != null) {
            limits.add("instants from " + query.getLowerBound());
        }
        if (query.getUpperBound() != null) {
            limits.add("instants before " + query.getUpperBound());
        }
        if (query.getSampleFraction() != null) {
            limits.add("a sample of " + query.getSampleFraction() + ", seed " + query.getSampleSeed());
        }
        if (query.getMaxRows() != null) {
            limits.add("at most " + Text.count(query.getMaxRows(), "row"));
        }
        if (!query.getRequiredOutputs().isEmpty()) {
            limits.add("no row without " + String.join(", ", query.getRequiredOutputs()));
        }
        return limits;
    }

    /** The explanation as SQL comments, to stand before the SQL. */
    List<String> comments(QueryPlan plan, Path catalogFile) {
        List<String> lines = new ArrayList<>();
        lines.add("plan     " + plan.hash());
        lines.add("catalog  " + plan.catalogHash() + "  " + catalogFile);
        lines.add("input    " + input);
        lines.add("as of    " + instants);
        limits.forEach(limit -> lines.add("limit    " + limit));
        plan.inputRows().ifPresent(rows -> lines.add("rows     " + Text.count(rows) + " before limits"));
        plan.reads().forEach(file -> lines.add("reads    " + file));
        lines.add("features, and what they are made of:");
        int widest = features.keySet().stream().mapToInt(String::length).max().orElse(0);
        features.forEach((name, rule) -> lines.add("  " + name + " ".repeat(widest - name.length()) + "  " + rule));
        lines.add("engine:");
        ENGINE.forEach(line -> lines.add("  " + line));
        // A line break within a comment would make SQL of what follows it.
        return lines.stream()
                .map(line -> "-- " + line.replaceAll("[\\r\\n]+", " ").stripTrailing())
                .toList();
    }

    Map<String, Object> tree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("input", input);
        tree.put("as_of", instants);
        tree.put("limits", limits);
        tree.put("features", features);
        tree.put("engine", ENGINE);
        return tree;
    }
}
