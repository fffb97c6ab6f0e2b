package io.quarry.local.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The first rows of a dataset, as text.
 *
 * @param columns names in order
 * @param types DuckDB's names of the types, in order
 * @param rows values in order, null for NULL
 */
record DatasetPreview(List<String> columns, List<String> types, List<List<@Nullable String>> rows) {
    DatasetPreview {
        columns = List.copyOf(columns);
        types = List.copyOf(types);
        rows = List.copyOf(rows);
    }

    /**
     * Reads the first rows of a dataset's files. The reader can open nothing outside the dataset's directory.
     *
     * @param files names of the files within the directory, in order
     */
    static DatasetPreview read(Path directory, List<String> files, int limit) throws SQLException {
        List<String> parts = files.stream()
                .filter(name -> name.endsWith(".parquet"))
                .map(name -> directory.resolve(name).normalize())
                .filter(part -> part.startsWith(directory) && Files.isRegularFile(part))
                .map(part -> literal(part.toString()))
                .toList();
        if (parts.isEmpty()) {
            return new DatasetPreview(List.of(), List.of(), List.of());
        }
        Properties settings = new Properties();
        settings.setProperty("threads", "1");
        settings.setProperty("memory_limit", "256MB");
        settings.setProperty("autoinstall_known_extensions", "false");
        settings.setProperty("autoload_known_extensions", "false");
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:", settings);
                Statement statement = connection.createStatement()) {
            statement.execute("SET TimeZone='UTC'");
            statement.execute("SET allowed_directories=[" + literal(directory + "/") + "]");
            statement.execute("SET enable_external_access=false");
            statement.execute("SET lock_configuration=true");
            String from = " FROM read_parquet([" + String.join(", ", parts) + "]) LIMIT " + limit;
            List<String> columns = new ArrayList<>();
            List<String> types = new ArrayList<>();
            try (ResultSet described = statement.executeQuery("DESCRIBE SELECT *" + from)) {
                while (described.next()) {
                    columns.add(described.getString(1));
                    types.add(described.getString(2));
                }
            }
            try (ResultSet result = statement.executeQuery("SELECT CAST(COLUMNS(*) AS VARCHAR)" + from)) {
                return new DatasetPreview(columns, types, rows(result));
            }
        }
    }

    private static List<List<@Nullable String>> rows(ResultSet result) throws SQLException {
        ResultSetMetaData meta = result.getMetaData();
        List<List<@Nullable String>> rows = new ArrayList<>();
        while (result.next()) {
            List<@Nullable String> row = new ArrayList<>();
            for (int i = 1; i <= meta.getColumnCount(); i++) {
                row.add(result.getString(i));
            }
            rows.add(row);
        }
        return rows;
    }

    /** Lines for people. */
    List<String> lines(int width) {
        TextTable table = new TextTable(columns);
        for (List<@Nullable String> row : rows) {
            table.row(row.stream().map(value -> value == null ? "NULL" : value).toList());
        }
        return table.lines(width);
    }

    /** Rows for programs: numbers and truth values as such, all else as text. */
    List<Map<String, @Nullable Object>> tree() {
        return rows.stream()
                .map(row -> {
                    Map<String, @Nullable Object> tree = new LinkedHashMap<>();
                    for (int i = 0; i < columns.size(); i++) {
                        tree.put(columns.get(i), typed(types.get(i), row.get(i)));
                    }
                    return tree;
                })
                .collect(Collectors.toList());
    }

    private static @Nullable Object typed(String type, @Nullable String value) {
        if (value == null) {
            return null;
        }
        return switch (type) {
            case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER" -> Long.valueOf(value);
            case "FLOAT", "DOUBLE" -> finite(value);
            case "BOOLEAN" -> Boolean.valueOf(value);
            default -> value;
        };
    }

    /** JSON has no infinities: they stay text. */
    private static Object finite(String value) {
        try {
            double number = Double.parseDouble(value);
            return Double.isFinite(number) ? (Object) number : value;
        } catch (NumberFormatException e) {
            return value;
        }
    }

    private static String literal(String text) {
        return "'" + text.replace("'", "''") + "'";
    }
}
