package io.quarry.engine.reference;

import io.quarry.engine.catalog.Catalog;
import io.quarry.engine.catalog.Definition;
import io.quarry.engine.catalog.Feature;
import io.quarry.engine.catalog.Source;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Answers an offline query by nested loops: for every row asked about and every feature it looks at every row of the source.
 * Slow and plain on purpose; it shares nothing with the planner but the catalog's model.
 */
final class Reference {
    private final Catalog catalog;
    private final Map<String, Table> tables;
    private final Map<String, Function<Map<String, @Nullable Object>, @Nullable Object>> expressions;

    Reference(
            Catalog catalog,
            Map<String, Table> tables,
            Map<String, Function<Map<String, @Nullable Object>, @Nullable Object>> expressions) {
        this.catalog = catalog;
        this.tables = tables;
        this.expressions = expressions;
    }

    /**
     * Value of a feature for a row asked about.
     *
     * @param row the input's values by column: keys by name, and features that are given
     * @param time instant in microseconds, or null
     */
    @Nullable Object value(String feature, Map<String, @Nullable Object> row, @Nullable Long time) {
        Feature wanted = catalog.feature(feature);
        Map<String, @Nullable Object> keys = new LinkedHashMap<>();
        for (String key : catalog.entity(wanted.entity()).keys().keySet()) {
            String full = wanted.entity() + "." + key;
            keys.put(key, row.containsKey(full) ? row.get(full) : row.get(key));
        }
        return value(wanted, keys, time, row);
    }

    private @Nullable Object value(
            Feature feature,
            Map<String, @Nullable Object> keys,
            @Nullable Long time,
            Map<String, @Nullable Object> given) {
        if (given.containsKey(feature.fullName())) {
            return given.get(feature.fullName());
        }
        Definition definition = feature.definition();
        if (definition instanceof Definition.Lookup lookup) {
            return best(rows(lookup.source(), lookup.on(), keys), lookup.source(), lookup.on())
                    .map(row -> row.get(lookup.column()))
                    .orElse(null);
        }
        if (definition instanceof Definition.Latest latest) {
            return latest(latest, keys, time);
        }
        if (definition instanceof Definition.Aggregate aggregate) {
            return aggregate(aggregate, keys, time);
        }
        if (definition instanceof Definition.Join join) {
            Feature other = catalog.feature(join.feature());
            Map<String, @Nullable Object> otherKeys = new LinkedHashMap<>();
            join.through()
                    .forEach((key, reference) -> otherKeys.put(
                            key,
                            reference.contains(".")
                                    ? value(catalog.feature(reference), keys, time, given)
                                    : keys.get(reference)));
            // Given features are about the row's own thing, not about the one that it leads to.
            return value(other, otherKeys, time, Map.of());
        }
        Definition.Expression expression = (Definition.Expression) definition;
        Map<String, @Nullable Object> names = new HashMap<>(keys);
        for (String used : expression.features()) {
            names.put(catalog.feature(used).name(), value(catalog.feature(used), keys, time, given));
        }
        Function<Map<String, @Nullable Object>, @Nullable Object> known = expressions.get(expression.sql());
        if (known == null) {
            throw new IllegalArgumentException("no Java for " + expression.sql());
        }
        return known.apply(names);
    }

    private List<Map<String, @Nullable Object>> rows(
            String source, Map<String, String> on, Map<String, @Nullable Object> keys) {
        List<Map<String, @Nullable Object>> matching = new ArrayList<>();
        Table table = tables.get(source);
        if (table == null) {
            throw new IllegalArgumentException("no table " + source);
        }
        for (Map<String, @Nullable Object> row : table.rows()) {
            boolean same = true;
            for (Map.Entry<String, String> pair : on.entrySet()) {
                Object asked = keys.get(pair.getKey());
                Object found = row.get(pair.getValue());
                same &= asked != null && asked.equals(found);
            }
            if (same) {
                matching.add(row);
            }
        }
        return matching;
    }

    /** Rows that are true and known as of an instant. */
    private List<Map<String, @Nullable Object>> seen(
            String source,
            Map<String, String> on,
            Map<String, @Nullable Object> keys,
            @Nullable Long time,
            boolean before) {
        Source described = catalog.source(source);
        List<Map<String, @Nullable Object>> visible = new ArrayList<>();
        for (Map<String, @Nullable Object> row : rows(source, on, keys)) {
            boolean known = reached(row.get(described.eventTime().orElseThrow()), time, before);
            if (described.createdAt().isPresent()) {
                known &= reached(row.get(described.createdAt().orElseThrow()), time, before);
            }
            if (known) {
                visible.add(row);
            }
        }
        return visible;
    }

    private static boolean reached(@Nullable Object when, @Nullable Long time, boolean before) {
        if (when == null || time == null) {
            return false;
        }
        return before ? (Long) when < time : (Long) when <= time;
    }

    private boolean within(String source, Map<String, @Nullable Object> row, long time, long micros, boolean before) {
        Object when = row.get(catalog.source(source).eventTime().orElseThrow());
        if (when == null) {
            return false;
        }
        long age = time - (Long) when;
        return before ? age <= micros : age < micros;
    }

    private @Nullable Object latest(Definition.Latest latest, Map<String, @Nullable Object> keys, @Nullable Long time) {
        Optional<Map<String, @Nullable Object>> row =
                best(seen(latest.source(), latest.on(), keys, time, latest.before()), latest.source(), latest.on());
        if (row.isEmpty() || time == null) {
            return null;
        }
        boolean fresh = latest.ttlMicros().isEmpty()
                || within(latest.source(), row.get(), time, latest.ttlMicros().get(), latest.before());
        return fresh ? row.get().get(latest.column()) : null;
    }

    private @Nullable Object aggregate(
            Definition.Aggregate aggregate, Map<String, @Nullable Object> keys, @Nullable Long time) {
        List<Map<String, @Nullable Object>> rows = new ArrayList<>();
        if (time != null) {
            for (Map<String, @Nullable Object> row :
                    seen(aggregate.source(), aggregate.on(), keys, time, aggregate.before())) {
                if (within(aggregate.source(), row, time, aggregate.windowMicros(), aggregate.before())) {
                    rows.add(row);
                }
            }
        }
        if (aggregate.column().isEmpty()) {
            return (long) rows.size();
        }
        String column = aggregate.column().get();
        rows.removeIf(row -> row.get(column) == null);
        List<Object> values = new ArrayList<>();
        for (Map<String, @Nullable Object> row : rows) {
            Object value = row.get(column);
            if (value != null) {
                values.add(value);
            }
        }
        return switch (aggregate.function()) {
            case COUNT -> (long) values.size();
            case APPROX_DISTINCT -> (long) new HashSet<>(values).size();
            case LAST ->
                best(rows, aggregate.source(), aggregate.on())
                        .map(row -> row.get(column))
                        .orElse(null);
            case MIN ->
                values.stream().reduce((a, b) -> compare(a, b) <= 0 ? a : b).orElse(null);
            case MAX ->
                values.stream().reduce((a, b) -> compare(a, b) >= 0 ? a : b).orElse(null);
            default -> arithmetic(aggregate.function(), values);
        };
    }

    private static @Nullable Object arithmetic(Definition.Function function, List<Object> values) {
        if (values.isEmpty()) {
            return null;
        }
        BigDecimal sum = BigDecimal.ZERO;
        for (Object value : values) {
            sum = sum.add(new BigDecimal(value.toString()));
        }
        if (function == Definition.Function.SUM) {
            return sum;
        }
        double mean = sum.doubleValue() / values.size();
        if (function == Definition.Function.MEAN) {
            return mean;
        }
        if (values.size() < 2) {
            return null;
        }
        double squares = 0;
        for (Object value : values) {
            double distance = ((Number) value).doubleValue() - mean;
            squares += distance * distance;
        }
        return Math.sqrt(squares / (values.size() - 1));
    }

    /** The row that counts among several: the latest, then the latest known, then by the other columns, the greater first. */
    private Optional<Map<String, @Nullable Object>> best(
            List<Map<String, @Nullable Object>> rows, String source, Map<String, String> on) {
        Source described = catalog.source(source);
        List<String> order = new ArrayList<>();
        described.eventTime().ifPresent(order::add);
        described.createdAt().ifPresent(order::add);
        for (String column : described.columns().keySet()) {
            if (!order.contains(column) && !on.containsValue(column)) {
                order.add(column);
            }
        }
        Map<String, @Nullable Object> best = null;
        for (Map<String, @Nullable Object> row : rows) {
            if (best == null || greater(row, best, order)) {
                best = row;
            }
        }
        return Optional.ofNullable(best);
    }

    private static boolean greater(
            Map<String, @Nullable Object> row, Map<String, @Nullable Object> other, List<String> order) {
        for (String column : order) {
            Object a = row.get(column);
            Object b = other.get(column);
            if (a == null || b == null) {
                if (a != null || b != null) {
                    return a != null;
                }
                continue;
            }
            int difference = compare(a, b);
            if (difference != 0) {
                return difference > 0;
            }
        }
        return false;
    }

    @SuppressWarnings("unchecked") // Values of one column are of one comparable class.
    private static int compare(Object a, Object b) {
        return ((Comparable<Object>) a).compareTo(b);
    }
}
