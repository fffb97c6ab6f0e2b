package io.quarry.engine.plan;

import io.quarry.engine.catalog.Definition.Function;
import io.quarry.engine.catalog.Sql;
import io.quarry.engine.catalog.TypeFamily;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Blocks with aggregates over the time before an instant. DESIGN.md says why there are three ways:
 * exact sums are differences of running sums, found by ASOF joins; whatever cannot be subtracted is a window frame whose ends
 * are found by ASOF joins; and what depends on two times is a range join.
 */
final class WindowBlocks {
    /**
     * One aggregate.
     *
     * @param node node column
     * @param function what is computed
     * @param column column of the source; none for a count of rows
     * @param windowMicros length of the window
     * @param type type of the result
     */
    record Value(String node, Function function, Optional<String> column, long windowMicros, String type) {}

    private final String name;
    private final Asked asked;
    private final boolean before;
    private final List<Value> values;
    private final List<Long> windows;

    private WindowBlocks(String name, Asked asked, boolean before, List<Value> values) {
        this.name = name;
        this.asked = asked;
        this.before = before;
        this.values = values;
        Set<Long> distinct = new LinkedHashSet<>();
        values.forEach(value -> distinct.add(value.windowMicros()));
        this.windows = distinct.stream().sorted().toList();
    }

    static List<Block> of(String name, Asked asked, boolean before, List<Value> values) {
        if (asked.source().createdAt().isPresent()) {
            return List.of(new WindowBlocks(name, asked, before, values).joined());
        }
        List<Value> merging = new ArrayList<>();
        List<Value> rowwise = new ArrayList<>();
        for (Value value : values) {
            boolean needsRows = value.function() == Function.APPROX_DISTINCT
                    || (value.function() == Function.STDDEV && !exactSquares(asked, value));
            (needsRows ? rowwise : merging).add(value);
        }
        List<Block> blocks = new ArrayList<>();
        if (!merging.isEmpty()) {
            blocks.add(new WindowBlocks(name, asked, before, merging).merged());
        }
        if (!rowwise.isEmpty()) {
            blocks.add(new WindowBlocks(name + "_each", asked, before, rowwise).framed());
        }
        return blocks;
    }

    private static boolean exactSquares(Asked asked, Value value) {
        return TypeFamily.smallInteger(asked.source().type(value.column().orElseThrow()));
    }

    private TypeFamily family(Value value) {
        return TypeFamily.of(asked.source().type(value.column().orElseThrow()));
    }

    private long longest() {
        return windows.get(windows.size() - 1);
    }

    /** Rows that some window may hold. */
    private String rowsInTime() {
        return asked.inTime(before) + " AND " + asked.youngerThan(longest(), before);
    }

    private String column(Value value) {
        return Asked.column("s", value.column().orElseThrow());
    }

    /** Whether an event lies in the window that ends at p.t, or after it: what lies before the first such is subtracted. */
    private String begun(String event, long window) {
        return "p.t - " + Sql.interval(window) + (before ? " <= " : " < ") + event;
    }

    private String due(String event) {
        return "p.t " + (before ? ">" : ">=") + " " + event;
    }

    /**
     * Sums and counts as differences of running sums over the events of a key, one per instant; least and greatest values as
     * window frames over them.
     */
    private Block merged() {
        Map<String, String> running = new LinkedHashMap<>();
        Map<String, String> framed = new LinkedHashMap<>();
        for (Value value : values) {
            accumulators(value, running, framed);
        }
        List<String> ctes = new ArrayList<>();
        List<String> sums = new ArrayList<>();
        running.forEach((alias, expression) -> sums.add(expression + " AS " + alias));
        framed.forEach((alias, expression) -> sums.add(expression + " AS " + alias));
        ctes.add(name + "_events AS (\n  SELECT " + asked.keySelection() + ", " + asked.eventTime() + " AS t, "
                + String.join(", ", sums) + "\n    FROM " + asked.from() + "\n    WHERE " + rowsInTime()
                + "\n    GROUP BY ALL)");
        List<String> totals = new ArrayList<>();
        running.keySet().forEach(alias -> {
            String total = total(alias);
            totals.add(total + " AS " + alias);
            totals.add(total + " - " + alias + " AS " + alias + "_b");
        });
        if (!framed.isEmpty()) {
            totals.add("row_number() OVER w AS i");
            totals.add("row_number() OVER w - 1 AS i_b");
            totals.addAll(framed.keySet());
        }
        ctes.add(totals(totals, name + "_events", running.keySet().stream().anyMatch(this::wide)));
        List<String> differences = new ArrayList<>();
        for (int w = 0; w < windows.size(); w++) {
            for (String alias : running.keySet()) {
                differences.add("coalesce(h." + alias + " - w" + w + "." + alias + "_b, 0) AS " + alias + "_" + w);
            }
        }
        String spans = framed.isEmpty() ? name : name + "_spans";
        if (framed.isEmpty()) {
            ctes.add(spans(spans, name + "_totals", differences, false));
        } else {
            ctes.add(spans(spans, name + "_totals", differences, true));
            ctes.addAll(frames(spans, name + "_totals", framed));
            ctes.add(name + " AS (\n  SELECT a.* EXCLUDE (i, h), f.* EXCLUDE (" + String.join(", ", asked.keys())
                    + ", t)\n    FROM " + spans + " AS a JOIN " + name + "_frames AS f ON " + asked.same("a", "f")
                    + " AND a.t = f.t)");
        }
        Map<String, String> results = new LinkedHashMap<>();
        for (Value value : values) {
            results.put(value.node(), merged(value, windows.indexOf(value.windowMicros())));
        }
        return new Block(name, Block.Match.INSTANT, Block.INSTANT, ctes, results);
    }

    /**
     * The events in order of key and time, with what runs over them. Read in that order a running sum is one addition a row; a
     * window with keys and an order of its own builds a tree over each key's rows instead, which costs six times as much. That
     * rows come out of a sort as they were sorted is how the engine works, not what SQL promises: so it is looked at.
     *
     * @param running what runs, over the window w
     * @param apart whether each key needs a sum of its own, since one over all keys might be too large
     */
    private String totals(List<String> running, String events, boolean apart) {
        String keys = String.join(", ", asked.keys());
        String place = "row(" + keys + ", t)";
        return name + "_totals AS MATERIALIZED (\n  SELECT " + keys + ", "
                + (apart
                        ? "t"
                        : "CASE WHEN lag(" + place + ") OVER () >= " + place
                                + " THEN error('the events are not in order') ELSE t END AS t")
                + ", " + String.join(", ", running) + "\n    FROM "
                + (apart
                        ? events + "\n    WINDOW w AS (PARTITION BY " + keys + " ORDER BY t ROWS UNBOUNDED PRECEDING))"
                        : "(SELECT * FROM " + events + " ORDER BY " + keys
                                + ", t)\n    WINDOW w AS (ROWS UNBOUNDED PRECEDING))");
    }

    /** A running sum: 64 bits wide where that is enough for billions of rows, since wide ones cost memory and time. */
    private String total(String alias) {
        boolean narrow = counts(alias) || (alias.startsWith("sum_") && TypeFamily.smallInteger(summed(alias)));
        return narrow ? "CAST(sum(" + alias + ") OVER w AS BIGINT)" : "sum(" + alias + ") OVER w";
    }

    private static boolean counts(String alias) {
        return alias.equals("n") || alias.startsWith("n_");
    }

    /** Type of the column whose values, or their squares, an alias sums up. */
    private String summed(String alias) {
        int place = Integer.parseInt(alias.substring(alias.indexOf("_c") + 2));
        return asked.source()
                .type(List.copyOf(asked.source().columns().keySet()).get(place));
    }

    /** Whether values are so wide that a sum over the rows of all keys might not fit where those of single keys do. */
    private boolean wide(String alias) {
        return !counts(alias) && !TypeFamily.exactOf64Bits(summed(alias));
    }

    private void accumulators(Value value, Map<String, String> running, Map<String, String> framed) {
        if (value.function() == Function.COUNT && value.column().isEmpty()) {
            running.put("n", "count(*)");
            return;
        }
        String alias = alias(value);
        String column = column(value);
        switch (value.function()) {
            case MIN -> framed.put("least_" + alias, "min(" + column + ")");
            case MAX -> framed.put("most_" + alias, "max(" + column + ")");
            default -> {
                running.put("n_" + alias, "count(" + column + ")");
                if (value.function() == Function.COUNT) {
                    return;
                }
                if (family(value) == TypeFamily.FLOATING) {
                    framed.put("sum_" + alias, "sum(CAST(" + column + " AS DOUBLE))");
                } else {
                    running.put("sum_" + alias, "coalesce(sum(" + column + "), 0)");
                }
                if (value.function() == Function.STDDEV) {
                    running.put(
                            "square_" + alias, "coalesce(sum(CAST(" + column + " AS HUGEINT) * " + column + "), 0)");
                }
            }
        }
    }

    /** Short name of a column: its place in the source. */
    private String alias(Value value) {
        return "c"
                + List.copyOf(asked.source().columns().keySet())
                        .indexOf(value.column().orElseThrow());
    }

    private String merged(Value value, int w) {
        if (value.function() == Function.COUNT && value.column().isEmpty()) {
            return "coalesce(" + name + ".n_" + w + ", 0)";
        }
        String alias = alias(value) + "_" + w;
        String n = name + ".n_" + alias;
        String sum = name + ".sum_" + alias;
        return switch (value.function()) {
            case COUNT -> "coalesce(" + n + ", 0)";
            case SUM ->
                family(value) == TypeFamily.FLOATING
                        ? sum
                        : "CASE WHEN " + n + " > 0 THEN CAST(" + sum + " AS " + value.type() + ") END";
            case MEAN -> "CAST(" + sum + " AS DOUBLE) / nullif(" + n + ", 0)";
            case STDDEV -> {
                String square = name + ".square_" + alias;
                yield "CASE WHEN " + n + " > 1 THEN sqrt(CAST(CAST(" + n + " AS HUGEINT) * " + square + " - CAST(" + sum
                        + " AS HUGEINT) * " + sum + " AS DOUBLE) / (CAST(" + n + " AS DOUBLE) * (" + n + " - 1))) END";
            }
            case MIN -> name + ".least_" + alias;
            case MAX -> name + ".most_" + alias;
            case APPROX_DISTINCT, LAST -> throw new IllegalStateException(value.function() + " is computed elsewhere");
        };
    }

    /** For each pair asked about, what lies up to its instant less what lies before its windows. */
    private String spans(String spans, String totals, List<String> differences, boolean positions) {
        List<String> selected = new ArrayList<>();
        selected.add(asked.keysOf("p"));
        selected.add("p.t");
        if (positions) {
            selected.add("row_number() OVER (PARTITION BY " + asked.keysOf("p") + " ORDER BY p.t) AS i");
            selected.add("coalesce(h.i, 0) AS h");
            for (int w = 0; w < windows.size(); w++) {
                selected.add("coalesce(w" + w + ".i_b, h.i, 0) AS l" + w);
            }
        }
        selected.addAll(differences);
        StringBuilder sql = new StringBuilder(spans + " AS MATERIALIZED (\n  SELECT " + String.join(", ", selected)
                + "\n    FROM " + asked.rows() + " AS p\n    ASOF LEFT JOIN " + totals + " AS h ON "
                + asked.same("p", "h")
                + " AND " + due("h.t"));
        for (int w = 0; w < windows.size(); w++) {
            sql.append("\n    ASOF LEFT JOIN ")
                    .append(totals)
                    .append(" AS w")
                    .append(w)
                    .append(" ON ");
            sql.append(asked.same("p", "w" + w)).append(" AND ").append(begun("w" + w + ".t", windows.get(w)));
        }
        return sql.append(")").toString();
    }

    /**
     * Window frames by position: each key's events come first, in order of time, then the pairs asked about, whose frames reach
     * back to the events after l up to h. Frames by RANGE cost several times as much.
     */
    private List<String> frames(String spans, String events, Map<String, String> framed) {
        String keys = String.join(", ", asked.keys());
        List<String> ctes = new ArrayList<>();
        ctes.add(name + "_ends AS (\n  SELECT " + keys + ", max(i) AS i FROM " + name + "_totals GROUP BY ALL)");
        List<String> nulls = new ArrayList<>();
        List<String> zeros = new ArrayList<>();
        List<String> starts = new ArrayList<>();
        framed.keySet().forEach(alias -> nulls.add("NULL"));
        for (int w = 0; w < windows.size(); w++) {
            zeros.add("0 AS l" + w);
            starts.add("coalesce(z.i, 0) + a.i - a.l" + w + " - 1");
        }
        ctes.add(name + "_line AS (\n  SELECT " + keys + ", false AS asked, t, " + String.join(", ", framed.keySet())
                + ", 0 AS h, " + String.join(", ", zeros) + "\n    FROM " + events + "\n  UNION ALL\n  SELECT "
                + asked.keysOf("a") + ", true, a.t, " + String.join(", ", nulls) + ", coalesce(z.i, 0) + a.i - a.h, "
                + String.join(", ", starts) + "\n    FROM " + spans + " AS a LEFT JOIN " + name + "_ends AS z ON "
                + asked.same("a", "z") + ")");
        List<String> selected = new ArrayList<>();
        Set<String> wanted = new LinkedHashSet<>();
        for (Value value : values) {
            String alias = framedAlias(value);
            int w = windows.indexOf(value.windowMicros());
            if (framed.containsKey(alias) && wanted.add(alias + "_" + w)) {
                selected.add(framedFunction(value) + "(" + alias + ") OVER (PARTITION BY " + keys
                        + " ORDER BY asked, t ROWS BETWEEN l" + w + " PRECEDING AND h PRECEDING) AS " + alias + "_"
                        + w);
            }
        }
        ctes.add(name + "_frames AS (\n  SELECT " + keys + ", t, " + String.join(",\n      ", selected) + "\n    FROM "
                + name + "_line\n    QUALIFY asked)");
        return ctes;
    }

    private String framedAlias(Value value) {
        if (value.column().isEmpty()) {
            return "";
        }
        return switch (value.function()) {
            case MIN -> "least_" + alias(value);
            case MAX -> "most_" + alias(value);
            case STDDEV, APPROX_DISTINCT -> alias(value);
            default -> "sum_" + alias(value);
        };
    }

    private static String framedFunction(Value value) {
        return switch (value.function()) {
            case MIN -> "min";
            case MAX -> "max";
            case STDDEV -> "stddev_samp";
            case APPROX_DISTINCT -> "approx_count_distinct";
            default -> "sum";
        };
    }

    /** Window frames over the single events, for what cannot be put together from parts. */
    private Block framed() {
        Map<String, String> framed = new LinkedHashMap<>();
        for (Value value : values) {
            String cast = value.function() == Function.STDDEV ? "CAST(" + column(value) + " AS DOUBLE)" : column(value);
            framed.put(
                    alias(value), value.function() == Function.STDDEV ? cast : framed.getOrDefault(alias(value), cast));
        }
        String keys = String.join(", ", asked.keys());
        List<String> columns = new ArrayList<>();
        framed.forEach((alias, expression) -> columns.add(expression + " AS " + alias));
        List<String> ctes = new ArrayList<>();
        ctes.add(name + "_events AS MATERIALIZED (\n  SELECT " + asked.keySelection() + ", " + asked.eventTime()
                + " AS t, " + String.join(", ", columns) + "\n    FROM " + asked.from() + "\n    WHERE " + rowsInTime()
                + ")");
        String total = "CAST(sum(n) OVER w AS BIGINT)";
        ctes.add(totals(
                List.of(total + " AS i", total + " - n AS i_b"),
                "(SELECT " + keys + ", t, count(*) AS n FROM " + name + "_events GROUP BY ALL)",
                false));
        ctes.add(spans(name + "_spans", name + "_totals", List.of(), true));
        ctes.addAll(frames(name + "_spans", name + "_events", framed));
        ctes.add(name + " AS (SELECT * FROM " + name + "_frames)");
        Map<String, String> results = new LinkedHashMap<>();
        for (Value value : values) {
            String result = name + "." + framedAlias(value) + "_" + windows.indexOf(value.windowMicros());
            results.put(
                    value.node(),
                    value.function() == Function.APPROX_DISTINCT ? "coalesce(" + result + ", 0)" : result);
        }
        return new Block(name, Block.Match.INSTANT, Block.INSTANT, ctes, results);
    }

    /** A range join for sources whose rows become known at a time of their own. */
    private Block joined() {
        Map<String, String> columns = new LinkedHashMap<>();
        values.forEach(value ->
                value.column().ifPresent(column -> columns.put(alias(value), Asked.column("s", column))));
        List<String> selected = new ArrayList<>();
        columns.forEach((alias, expression) -> selected.add(", " + expression + " AS " + alias));
        List<String> ctes = new ArrayList<>();
        ctes.add(name + "_events AS (\n  SELECT " + asked.keySelection() + ", " + asked.eventTime() + " AS t, greatest("
                + asked.eventTime() + ", " + asked.createdAt() + ") AS seen" + String.join("", selected) + "\n    FROM "
                + asked.from() + "\n    WHERE " + rowsInTime() + ")");
        List<String> aggregates = new ArrayList<>();
        Map<String, String> results = new LinkedHashMap<>();
        int n = 0;
        for (Value value : values) {
            String result = "r" + ++n;
            aggregates.add(joined(value) + " FILTER (WHERE e.t " + (before ? ">=" : ">") + " p.t - "
                    + Sql.interval(value.windowMicros()) + ") AS " + result);
            boolean counts = value.function() == Function.COUNT || value.function() == Function.APPROX_DISTINCT;
            String typed = value.function() == Function.SUM
                    ? "CAST(" + name + "." + result + " AS " + value.type() + ")"
                    : name + "." + result;
            results.put(value.node(), counts ? "coalesce(" + typed + ", 0)" : typed);
        }
        ctes.add(name + " AS (\n  SELECT " + asked.keysOf("p") + ", p.t, " + String.join(", ", aggregates)
                + "\n    FROM "
                + asked.rows() + " AS p JOIN " + name + "_events AS e ON " + asked.same("p", "e") + " AND "
                + due("e.seen")
                + " AND e.t " + (before ? ">=" : ">") + " p.t - " + Sql.interval(longest()) + "\n    GROUP BY "
                + asked.keysOf("p") + ", p.t)");
        return new Block(name, Block.Match.INSTANT, Block.INSTANT, ctes, results);
    }

    private String joined(Value value) {
        String column = value.column().isEmpty() ? "*" : "e." + alias(value);
        return switch (value.function()) {
            case COUNT -> "count(" + column + ")";
            case SUM -> "sum(" + column + ")";
            case MEAN -> "avg(" + column + ")";
            case MIN -> "min(" + column + ")";
            case MAX -> "max(" + column + ")";
            case STDDEV -> "stddev_samp(" + column + ")";
            case APPROX_DISTINCT -> "approx_count_distinct(" + column + ")";
            case LAST -> throw new IllegalStateException("the last value is computed elsewhere");
        };
    }
}
