package io.quarry.engine.catalog;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Rows in files.
 *
 * @param name name, also that of the view which a SQL spine sees
 * @param files absolute paths, globs having been expanded when the catalog was read
 * @param format format of all files
 * @param eventTime column that says when a row became true; none for facts that do not change
 * @param createdAt column that says when a row became known; none where that is the event time
 * @param columns DuckDB types of the columns by name, in order
 * @param bytes size of all files when the catalog was read
 */
public record Source(
        String name,
        List<String> files,
        Format format,
        Optional<String> eventTime,
        Optional<String> createdAt,
        Map<String, String> columns,
        long bytes) {
    /** How a source's files are written. */
    public enum Format {
        PARQUET,
        CSV
    }

    public Source {
        files = List.copyOf(files);
        columns = Collections.unmodifiableMap(new LinkedHashMap<>(columns));
    }

    /** The table function that reads the files. */
    public String scan() {
        String list = files.stream().map(Sql::text).collect(Collectors.joining(", ", "[", "]"));
        if (format == Format.PARQUET) {
            return "read_parquet(" + list + ")";
        }
        List<String> types = new ArrayList<>();
        columns.forEach((column, type) -> types.add(Sql.text(column) + ": " + Sql.text(type)));
        // By name: columns = {...} goes by position, and would take one column for another once a file's order has
        // changed.
        return "read_csv(" + list + ", header = true, types = {" + String.join(", ", types) + "})";
    }

    /** Type of a column that exists. */
    public String type(String column) {
        String type = columns.get(column);
        if (type == null) {
            throw new IllegalArgumentException("source " + name + " has no column " + column);
        }
        return type;
    }

    /**
     * An expression with instants or days as a TIMESTAMP in UTC. What has no zone is taken as UTC; nanoseconds are rounded up,
     * so that a row never counts as earlier than it is.
     */
    public static String utc(String expression, String type) {
        return switch (type) {
            case "TIMESTAMP" -> expression;
            case "TIMESTAMP WITH TIME ZONE" -> "timezone('UTC', " + expression + ")";
            case "TIMESTAMP_NS" ->
                "(CAST(" + expression + " AS TIMESTAMP) + to_microseconds(CAST(CAST(CAST(" + expression
                        + " AS TIMESTAMP) AS TIMESTAMP_NS) < " + expression + " AS INTEGER)))";
            default -> "CAST(" + expression + " AS TIMESTAMP)";
        };
    }
}
