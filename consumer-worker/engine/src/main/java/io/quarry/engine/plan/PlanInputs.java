package io.quarry.engine.plan;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** What planning needs to see of the world: which columns a piece of SQL yields, and where input files may lie. */
public interface PlanInputs {
    /**
     * Columns that a SELECT yields, without running it.
     *
     * @throws SQLException when it does not parse, names what is not there, or reads a file that it may not
     */
    List<PlannedColumn> describe(String select) throws SQLException;

    /**
     * Checks that a text is exactly one SELECT.
     *
     * @throws SQLException when it is not
     */
    void parse(String select) throws SQLException;

    /** Directories that input files may lie below; empty allows none. */
    List<Path> inputDirectories();

    /** Looks through a DuckDB connection, which is not changed by it. The connection may be locked down already. */
    static PlanInputs on(Connection connection, List<Path> inputDirectories) {
        List<Path> directories = List.copyOf(inputDirectories);
        return new PlanInputs() {
            @Override
            public List<PlannedColumn> describe(String select) throws SQLException {
                try (Statement statement = connection.createStatement();
                        ResultSet rows = statement.executeQuery("DESCRIBE " + select)) {
                    List<PlannedColumn> columns = new ArrayList<>();
                    while (rows.next()) {
                        columns.add(new PlannedColumn(rows.getString(1), rows.getString(2)));
                    }
                    return columns;
                }
            }

            @Override
            public void parse(String select) throws SQLException {
                String parts =
                        "SELECT json_extract_string(tree, '$.error_message'), json_array_length(tree, '$.statements')"
                                + " FROM (SELECT json_serialize_sql(?) AS tree)";
                try (PreparedStatement statement = connection.prepareStatement(parts)) {
                    statement.setString(1, select);
                    try (ResultSet rows = statement.executeQuery()) {
                        rows.next();
                        String error = rows.getString(1);
                        if (error != null) {
                            throw new SQLException(error);
                        }
                        if (rows.getInt(2) != 1) {
                            throw new SQLException("exactly one SELECT is allowed");
                        }
                    }
                }
            }

            @Override
            public List<Path> inputDirectories() {
                return directories;
            }
        };
    }
}
