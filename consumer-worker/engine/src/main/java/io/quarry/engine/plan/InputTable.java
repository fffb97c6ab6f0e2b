package io.quarry.engine.plan;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Collectors;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;
import org.jspecify.annotations.Nullable;

/**
 * A temporary table that has to exist before a plan's SQL runs: rows that came inside the job.
 *
 * @param name name that the SQL uses
 * @param columns columns in order
 * @param values values by column, each list as long as the others; Long, Double, Boolean, String or null, where DuckDB casts
 *     a String to the column's type
 */
public record InputTable(String name, List<PlannedColumn> columns, List<List<@Nullable Object>> values) {
    public InputTable {
        columns = List.copyOf(columns);
        values = List.copyOf(values);
    }

    /** Rows of the table. */
    public int rows() {
        return values.isEmpty() ? 0 : values.get(0).size();
    }

    /** Creates the table anew and fills it. */
    public void load(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("CREATE OR REPLACE TEMP TABLE \"" + name + "\" ("
                    + columns.stream()
                            .map(column -> "\"" + column.name().replace("\"", "\"\"") + "\" " + column.type())
                            .collect(Collectors.joining(", "))
                    + ")");
        }
        int rows = rows();
        try (DuckDBAppender appender = connection.unwrap(DuckDBConnection.class).createAppender("temp", "main", name)) {
            for (int row = 0; row < rows; row++) {
                appender.beginRow();
                for (List<@Nullable Object> column : values) {
                    append(appender, column.get(row));
                }
                appender.endRow();
            }
        }
    }

    private static void append(DuckDBAppender appender, @Nullable Object value) throws SQLException {
        if (value == null) {
            appender.appendNull();
        } else if (value instanceof Long number) {
            appender.append(number.longValue());
        } else if (value instanceof Double number) {
            appender.append(number.doubleValue());
        } else if (value instanceof Boolean truth) {
            appender.append(truth.booleanValue());
        } else {
            appender.append(value.toString());
        }
    }
}
