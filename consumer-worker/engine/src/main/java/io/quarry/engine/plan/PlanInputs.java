package io.quarry.engine.plan;

import java.nio.file.Path;
import java.sql.Connection;
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
            public List<Path> inputDirectories() {
                return directories;
            }
        };
    }
}
