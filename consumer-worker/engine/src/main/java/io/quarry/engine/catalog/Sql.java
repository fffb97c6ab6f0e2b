package io.quarry.engine.catalog;

import java.util.List;
import java.util.stream.Collectors;

/** Quoting of names and texts for DuckDB. */
public final class Sql {
    private Sql() {}

    public static String name(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    public static String text(String text) {
        return '\'' + text.replace("'", "''") + '\'';
    }

    public static String names(List<String> names) {
        return names.stream().map(Sql::name).collect(Collectors.joining(", "));
    }

    /** An interval of so many microseconds, in the largest unit that holds it exactly. */
    public static String interval(long micros) {
        if (micros % 86_400_000_000L == 0) {
            return "INTERVAL " + micros / 86_400_000_000L + " DAYS";
        }
        if (micros % 3_600_000_000L == 0) {
            return "INTERVAL " + micros / 3_600_000_000L + " HOURS";
        }
        if (micros % 1_000_000L == 0) {
            return "INTERVAL " + micros / 1_000_000L + " SECONDS";
        }
        return "INTERVAL " + micros + " MICROSECONDS";
    }
}
