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
        return new Block(name, Block.Match.KEYS, Block.INSTANT, List.of(cte), results);
    }

    /**
     * The latest row of each key as of each instant.
     *
     * @param notNull column that must have a value for a row to count; none to count every row
     */
    static Block latest(String name, Asked asked, List<Value> values, boolean before, Optional<String> notNull) {
        Map<String, String> columns = columns(values);
        boolean created = asked.source().createdAt().isPresent();
        String rows = created ? name + "_rows" : name;
        boolean packed = !created
                && winnerIsGreatest(asked, columns)
                && PackedTime.fits(asked.source().type(firstTie(asked)));
        if (packed) {
            return packed(name, asked, values, before, where(asked, values, before, notNull));
        }
        String time = created ? "e" : "t";
        List<String> ctes = new ArrayList<>();
        ctes.add(rows + " AS (\n  SELECT " + asked.keySelection() + ", " + asked.eventTime() + " AS " + time
                + (created
                        ? ", " + asked.createdAt() + " AS c, greatest(" + asked.eventTime() + ", " + asked.createdAt()
                                + ") AS t"
                        : "")
                + candidates(asked, columns, created, where(asked, values, before, notNull)) + ")");
        if (created) {
            // Of all that is known at an instant only the greatest (e, c) counts: keep the rows that are when they
            // appear.
            ctes.add(name + " AS (\n  SELECT * FROM " + rows
                    + "\n    QUALIFY row(e, c) = max(row(e, c)) OVER (PARTITION BY " + String.join(", ", asked.keys())
                    + " ORDER BY t))");
        }
        return new Block(
                name,
                before ? Block.Match.LATEST_BEFORE : Block.Match.LATEST_AT,
                Block.INSTANT,
                ctes,
                fresh(name, values, columns, time, before));
    }

    /** The one value asked for breaks ties itself: of all rows as they are the greatest by time and value counts. */
    private static Block packed(String name, Asked asked, List<Value> values, boolean before, String where) {
        Map<String, String> columns = columns(values);
        String cte = name + " AS (\n  SELECT " + asked.keySelection() + ", " + asked.eventTime() + " AS e, "
                + PackedTime.of(asked.eventTime(), Asked.column("s", firstTie(asked))) + " AS t" + selection(columns)
                + "\n    FROM " + asked.from() + "\n    WHERE " + where + ")";
        return new Block(
                name,
                before ? Block.Match.LATEST_BEFORE : Block.Match.LATEST_AT,
                before ? PackedTime.before(Block.INSTANT) : PackedTime.at(Block.INSTANT),
                List.of(cte),
                fresh(name, values, columns, "e", before));
    }

    /** The values of a row that was found, where it is not too old. */
    private static Map<String, String> fresh(
            String name, List<Value> values, Map<String, String> columns, String time, boolean before) {
        Map<String, String> results = new LinkedHashMap<>();
        for (Value value : values) {
            String column = name + "." + columns.get(value.column());
            String fresh = value.ttlMicros()
                    .map(ttl -> "CASE WHEN " + name + "." + time + (before ? " >= " : " > ") + Block.INSTANT + " - "
                            + Sql.interval(ttl) + " THEN " + column + " END")
                    .orElse(column);
            results.put(value.node(), fresh);
        }
        return results;
    }

    /** Which rows of the source may be the latest of some instant. */
    private static String where(Asked asked, List<Value> values, boolean before, Optional<String> notNull) {
        String where = asked.inTime(before);
        if (values.stream().allMatch(value -> value.ttlMicros().isPresent())) {
            // A row too old for every instant is no answer, and hides none: what is newer wins over it.
            long longest = values.stream()
                    .mapToLong(value -> value.ttlMicros().orElseThrow())
                    .max()
                    .orElseThrow();
            where += " AND " + asked.youngerThan(longest, before);
        }
        return where
                + notNull.map(column -> " AND " + Asked.column("s", column) + " IS NOT NULL")
                        .orElse("");
    }

    /** The values of one row for each key and times: the first in the order that breaks ties. */
    private static String candidates(Asked asked, Map<String, String> columns, boolean created, String where) {
        String from = "\n    FROM " + asked.from() + "\n    WHERE " + where;
        if (winnerIsGreatest(asked, columns)) {
            String first = firstTie(asked);
            return ", max(" + Asked.column("s", first) + ") AS " + columns.get(first) + from + "\n    GROUP BY ALL";
        }
        return selection(columns) + from + "\n    QUALIFY row_number() OVER (PARTITION BY " + asked.partition() + ", "
                + asked.eventTime() + (created ? ", " + asked.createdAt() : "") + asked.tieBreak() + ") = 1";
    }

    /** Whether the one value asked for is the first that breaks ties: then the greatest of tied ones is the winner's. */
    private static boolean winnerIsGreatest(Asked asked, Map<String, String> columns) {
        return columns.keySet().equals(Set.of(firstTie(asked)));
    }

    private static String firstTie(Asked asked) {
        return asked.tieColumns().stream().findFirst().orElse("");
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
