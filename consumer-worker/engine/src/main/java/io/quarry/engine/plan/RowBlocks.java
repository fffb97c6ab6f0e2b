package io.quarry.engine.plan;

import io.quarry.engine.catalog.Sql;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Blocks whose values are columns of one row of the source. */
final class RowBlocks {
    private RowBlocks() {}

    /**
     * One value taken from a row.
     *
     * @param node node column
     * @param column column of the source
     * @param ttlMicros how old the row may be; none for any age
     */
    record Value(String node, String column, Optional<Long> ttlMicros) {}

    /** The row of each key, of a source without times. */
    static Block lookup(String name, Asked asked, List<Value> values) {
        Map<String, String> columns = columns(values);
        String cte = name + " AS (\n  SELECT " + asked.keySelection() + selection(columns) + "\n    FROM "
                + asked.from() + "\n    QUALIFY row_number() OVER (PARTITION BY " + asked.partition() + asked.tieBreak()
                + ") = 1)";
        Map<String, String> results = new LinkedHashMap<>();
        values.forEach(value -> results.put(value.node(), name + "." + columns.get(value.column())));
        return new Block(name, false, List.of(cte), results);
    }

    /**
     * The latest row of each key as of each instant.
     *
     * @param notNull column that must have a value for a row to count; none to count every row
     */
    static Block latest(String name, Asked asked, List<Value> values, boolean before, Optional<String> notNull) {
        Map<String, String> columns = columns(values);
        boolean created = asked.source().createdAt().isPresent();
        String rows = name + "_rows";
        List<String> ctes = new ArrayList<>();
        ctes.add(rows + " AS (\n  SELECT " + asked.keySelection() + ", " + asked.eventTime() + " AS e"
                + (created
                        ? ", " + asked.createdAt() + " AS c, greatest(" + asked.eventTime() + ", " + asked.createdAt()
                                + ") AS seen"
                        : "")
                + selection(columns) + "\n    FROM " + asked.from() + "\n    WHERE " + asked.inTime(before)
                + notNull.map(column -> " AND " + Asked.column("s", column) + " IS NOT NULL")
                        .orElse("")
                + "\n    QUALIFY row_number() OVER (PARTITION BY " + asked.partition() + ", " + asked.eventTime()
                + (created ? ", " + asked.createdAt() : "") + asked.tieBreak() + ") = 1)");
        String right = rows;
        String seen = "e";
        if (created) {
            // Of all that is known at an instant only the greatest (e, c) counts: keep the rows that are when they
            // appear.
            right = name + "_leaders";
            seen = "seen";
            ctes.add(right + " AS (\n  SELECT * FROM " + rows
                    + "\n    QUALIFY row(e, c) = max(row(e, c)) OVER (PARTITION BY " + String.join(", ", asked.keys())
                    + " ORDER BY seen))");
        }
        List<String> selected = new ArrayList<>();
        Map<String, String> results = new LinkedHashMap<>();
        int n = 0;
        for (Value value : values) {
            String alias = "r" + ++n;
            String column = "e." + columns.get(value.column());
            String fresh = value.ttlMicros()
                    .map(ttl -> "CASE WHEN e.e " + (before ? ">=" : ">") + " p.t - " + Sql.interval(ttl) + " THEN "
                            + column + " END")
                    .orElse(column);
            selected.add(fresh + " AS " + alias);
            results.put(value.node(), name + "." + alias);
        }
        ctes.add(name + " AS (\n  SELECT " + asked.keysOf("p") + ", p.t, " + String.join(", ", selected) + "\n    FROM "
                + asked.name() + " AS p ASOF JOIN " + right + " AS e ON " + asked.same("p", "e") + " AND p.t "
                + (before ? ">" : ">=") + " e." + seen + ")");
        return new Block(name, true, ctes, results);
    }

    private static Map<String, String> columns(List<Value> values) {
        Set<String> distinct = new LinkedHashSet<>();
        values.forEach(value -> distinct.add(value.column()));
        Map<String, String> columns = new LinkedHashMap<>();
        for (String column : distinct) {
            columns.put(column, "v" + (columns.size() + 1));
        }
        return columns;
    }

    private static String selection(Map<String, String> columns) {
        StringBuilder selection = new StringBuilder();
        columns.forEach((column, alias) -> selection
                .append(", ")
                .append(Asked.column("s", column))
                .append(" AS ")
                .append(alias));
        return selection.toString();
    }
}
