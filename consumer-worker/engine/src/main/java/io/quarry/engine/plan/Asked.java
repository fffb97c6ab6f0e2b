package io.quarry.engine.plan;

import io.quarry.engine.catalog.Source;
import io.quarry.engine.catalog.Sql;
import io.quarry.engine.catalog.TypeFamily;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the blocks of one thing are asked for, and how a source's rows match it.
 *
 * @param rows name of the relation with the keys' columns and, unless only keys are asked for, t: the distinct values
 * @param known name of the relation with the distinct keys, columns k1, k2, ... and id where they are numbered; none to read
 *     the rows of all keys
 * @param numbered whether the keys are numbered: then the one column id stands for them
 * @param instants relation with the instants asked about, column t
 * @param source source that is read
 * @param on column of the source by key, in the keys' order
 */
record Asked(
        String rows, Optional<String> known, boolean numbered, String instants, Source source, Map<String, String> on) {
    /** Columns that tell the keys apart: id, or k1, k2, ... */
    List<String> keys() {
        if (numbered) {
            return List.of("id");
        }
        List<String> keys = new ArrayList<>();
        for (int i = 1; i <= on.size(); i++) {
            keys.add("k" + i);
        }
        return keys;
    }

    /** The keys' names after an alias and a dot. */
    String keysOf(String alias) {
        return String.join(", ", keys().stream().map(key -> alias + "." + key).toList());
    }

    /** Equality of all keys of two relations. */
    String same(String left, String right) {
        return String.join(
                " AND ",
                keys().stream()
                        .map(key -> left + "." + key + " = " + right + "." + key)
                        .toList());
    }

    private List<String> keyColumns() {
        return numbered ? List.of("q.id") : sourceColumns();
    }

    private List<String> sourceColumns() {
        return on.values().stream()
                .map(column -> key(column("s", column), source.type(column)))
                .toList();
    }

    /** A key value as it is compared: instants in UTC. */
    static String key(String expression, String type) {
        return TypeFamily.of(type) == TypeFamily.TIMESTAMP ? Source.utc(expression, type) : expression;
    }

    static String column(String alias, String column) {
        return alias + "." + Sql.name(column);
    }

    String eventTime() {
        return time(source.eventTime().orElseThrow());
    }

    String createdAt() {
        return time(source.createdAt().orElseThrow());
    }

    private String time(String column) {
        return Source.utc(column("s", column), source.type(column));
    }

    /** The keys under their names of {@link #keys}. */
    String keySelection() {
        List<String> selected = new ArrayList<>();
        List<String> columns = keyColumns();
        for (int i = 0; i < columns.size(); i++) {
            selected.add(columns.get(i) + " AS " + keys().get(i));
        }
        return String.join(", ", selected);
    }

    String partition() {
        return String.join(", ", keyColumns());
    }

    /** The source's rows with a key that is asked for, or all. Null keys match nothing. */
    String from() {
        if (known.isEmpty()) {
            return source.scan() + " AS s";
        }
        List<String> columns = sourceColumns();
        List<String> conditions = new ArrayList<>();
        for (int i = 0; i < columns.size(); i++) {
            conditions.add(columns.get(i) + " = q.k" + (i + 1));
        }
        return source.scan() + " AS s\n    " + (numbered ? "JOIN " : "SEMI JOIN ") + known.orElseThrow() + " AS q ON "
                + String.join(" AND ", conditions);
    }

    /** Rows that no instant asked about can see are left out early. */
    String inTime(boolean before) {
        String latest = (before ? " < " : " <= ") + "(SELECT max(t) FROM " + instants + ")";
        return eventTime()
                + latest
                + source.createdAt()
                        .map(created -> " AND " + createdAt() + latest)
                        .orElse("");
    }

    /** Rows that are older than an age at every instant asked about are left out early. */
    String youngerThan(long ageMicros, boolean before) {
        return eventTime() + (before ? " >= " : " > ") + "(SELECT min(t) FROM " + instants + ") - "
                + Sql.interval(ageMicros);
    }

    /** Total order of the rows that are equal in key and times: the greatest comes first, by the other columns in the source's order. */
    String tieBreak() {
        List<String> rest = tieColumns();
        return rest.isEmpty()
                ? ""
                : " ORDER BY "
                        + String.join(
                                ", ",
                                rest.stream()
                                        .map(column -> column("s", column) + " DESC NULLS LAST")
                                        .toList());
    }

    /** Columns that break ties, in order. */
    List<String> tieColumns() {
        List<String> rest = new ArrayList<>();
        for (String column : source.columns().keySet()) {
            boolean used = on.containsValue(column)
                    || source.eventTime().filter(column::equals).isPresent()
                    || source.createdAt().filter(column::equals).isPresent();
            if (!used) {
                rest.add(column);
            }
        }
        return rest;
    }
}
