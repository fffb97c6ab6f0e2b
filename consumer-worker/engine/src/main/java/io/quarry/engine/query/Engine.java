package io.quarry.engine.query;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.List;
import java.util.Properties;
import java.util.stream.Collectors;

/**
 * One in-memory DuckDB database for one attempt, locked down before any text of a user reaches it: it reads and writes only
 * where it was allowed, loads no extensions, and its configuration cannot be changed any more. Used by one thread; only
 * {@link Interruption} may be used by others.
 */
public final class Engine implements AutoCloseable {
    private final Connection connection;
    private final Interruption interruption;

    private Engine(Connection connection, Interruption interruption) {
        this.connection = connection;
        this.interruption = interruption;
    }

    /**
     * Opens a database.
     *
     * @param spill directory that takes spilled memory; made when absent
     * @param directories directories whose files may be read and written
     * @param files single files that may be read
     */
    public static Engine open(EngineBudget budget, Path spill, Collection<Path> directories, Collection<Path> files)
            throws SQLException, IOException {
        return open(budget, spill, directories, files, new Interruption());
    }

    static Engine open(
            EngineBudget budget,
            Path spill,
            Collection<Path> directories,
            Collection<Path> files,
            Interruption interruption)
            throws SQLException, IOException {
        Files.createDirectories(spill);
        Properties properties = new Properties();
        properties.put("threads", Integer.toString(budget.threads()));
        // The query's own threads write its files: with others for that, about one interrupted COPY in thirty waited
        // for ever for a write that waits for a lock of the COPY's (DuckDB 2.0.0.1).
        properties.put("async_threads", "0");
        properties.put("memory_limit", budget.engineBytes() / 1024 + "KiB");
        properties.put("preserve_insertion_order", "false");
        properties.put("autoinstall_known_extensions", "false");
        properties.put("autoload_known_extensions", "false");
        properties.put("allow_community_extensions", "false");
        Connection connection = DriverManager.getConnection("jdbc:duckdb:", properties);
        try (Statement statement = connection.createStatement()) {
            // The order matters: what is set after external access is off, or as a connection property, is ignored or
            // refused.
            for (String setting : List.of(
                    "TimeZone = 'UTC'",
                    "temp_directory = " + literal(spill.toString()),
                    "max_temp_directory_size = '" + budget.spillBytes() / 1024 + "KiB'",
                    "extension_directory = "
                            + literal(spill.resolve("no-extensions").toString()),
                    // INSTALL asks this place instead of the network.
                    "custom_extension_repository = "
                            + literal(spill.resolve("no-extensions").toString()),
                    "enable_progress_bar = true",
                    "enable_progress_bar_print = false",
                    "allowed_directories = " + list(directories),
                    "allowed_paths = " + list(files),
                    "enable_external_access = false",
                    "lock_configuration = true")) {
                statement.execute("SET " + setting);
            }
        } catch (SQLException refused) {
            connection.close();
            throw refused;
        }
        return new Engine(connection, interruption);
    }

    /** The connection that everything of the attempt runs on. */
    public Connection connection() {
        return connection;
    }

    /** What is made of the rows of a result. */
    interface Rows<T> {
        T read(ResultSet rows) throws SQLException;
    }

    /** Runs one statement so that it can be interrupted. */
    <T> T query(String sql, Rows<T> rows) throws SQLException {
        // Prepared first it would be planned twice, which also reads the beginning of CSV files twice.
        try (Statement statement = connection.createStatement()) {
            interruption.begin(statement);
            try {
                if (interruption.reason() != null) {
                    throw new SQLException("INTERRUPT Error: interrupted before it began");
                }
                try (ResultSet result = statement.executeQuery(sql)) {
                    return rows.read(result);
                }
            } finally {
                interruption.end();
            }
        }
    }

    /** A text in SQL; as an expression in parentheses where it holds a character of number 0, at which the parser would stop. */
    static String literal(String text) {
        String quoted = "'" + text.replace("'", "''") + "'";
        return quoted.indexOf('\0') < 0 ? quoted : "(" + quoted.replace("\0", "' || chr(0) || '") + ")";
    }

    static String identifier(String name) {
        return "\"" + name.replace("\"", "\"\"") + "\"";
    }

    private static String list(Collection<Path> paths) {
        return paths.stream().map(path -> literal(path.toString())).collect(Collectors.joining(", ", "[", "]"));
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
