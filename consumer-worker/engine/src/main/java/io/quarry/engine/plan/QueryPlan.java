package io.quarry.engine.plan;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.OptionalLong;

/**
 * What an offline query comes to: one SELECT. To run it: {@link #prepare} on the connection, then {@link #sql}.
 *
 * @param sql the SELECT, without a trailing semicolon; can be the body of a COPY or of an EXPLAIN
 * @param columns what it yields: the input's columns, {@code __time__}, then one per feature
 * @param ordered whether the SELECT defines the order of its rows
 * @param tables temporary tables that it reads, filled by {@link #prepare}
 * @param reads files that it reads, sources and inputs; an input may be a glob pattern
 * @param inputRows rows of the input before bounds, sample and limit, where the query itself says so
 * @param hash SHA-256 over the SQL, in hex
 * @param catalogHash hash of the catalog that it was planned with
 */
public record QueryPlan(
        String sql,
        List<PlannedColumn> columns,
        boolean ordered,
        List<InputTable> tables,
        List<Path> reads,
        OptionalLong inputRows,
        String hash,
        String catalogHash) {
    /** Name of the result's column with the instant that a row is as of, a TIMESTAMP WITH TIME ZONE. */
    public static final String TIME_COLUMN = "__time__";

    public QueryPlan {
        columns = List.copyOf(columns);
        tables = List.copyOf(tables);
        reads = List.copyOf(reads);
    }

    /** Creates and fills the temporary tables on the connection that will run the SQL. */
    public void prepare(Connection connection) throws SQLException {
        for (InputTable table : tables) {
            table.load(connection);
        }
    }
}
