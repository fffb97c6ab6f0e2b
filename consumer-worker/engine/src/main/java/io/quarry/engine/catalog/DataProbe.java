package io.quarry.engine.catalog;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A private DuckDB that is asked about files, types and expressions. */
final class DataProbe implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Connection connection;

    DataProbe() throws SQLException {
        connection = DriverManager.getConnection("jdbc:duckdb:");
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET threads = 1");
            statement.execute("SET memory_limit = '256MiB'");
            statement.execute("SET TimeZone = 'UTC'");
            statement.execute("SET autoinstall_known_extensions = false");
            statement.execute("SET autoload_known_extensions = false");
        }
    }

    /** Files that a path or glob matches. */
    List<String> files(String pattern) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT file FROM glob(?) ORDER BY file")) {
            statement.setString(1, pattern);
            List<String> files = new ArrayList<>();
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    files.add(rows.getString(1));
                }
            }
            return files;
        }
    }

    /** Types of a SELECT's columns by name. */
    Map<String, String> describe(String select) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("DESCRIBE " + select)) {
            Map<String, String> columns = new LinkedHashMap<>();
            while (rows.next()) {
                columns.put(rows.getString(1), rows.getString(2));
            }
            return columns;
        }
    }

    /** DuckDB's name of a type; throws when there is no such type. */
    String typeName(String type) throws SQLException {
        return describe("SELECT CAST(NULL AS " + type + ") AS value").getOrDefault("value", type);
    }

    /** Column references of an expression, each as its parts; throws with a message for people when it is no plain expression. */
    List<List<String>> references(String expression) throws SQLException {
        JsonNode parsed = parse("SELECT (" + expression + "\n)");
        if (parsed.path("error").asBoolean()) {
            throw new SQLException(parsed.path("error_message").asText());
        }
        JsonNode select = parsed.path("statements").path(0).path("node");
        boolean plain = parsed.path("statements").size() == 1
                && select.path("select_list").size() == 1
                && "EMPTY".equals(select.path("from_table").path("type").asText())
                && select.path("where_clause").isNull()
                && select.path("group_expressions").isEmpty()
                && select.path("having").isNull()
                && select.path("qualify").isNull()
                && select.path("modifiers").isEmpty();
        if (!plain) {
            throw new SQLException("one expression is allowed, without FROM, WHERE or a second statement");
        }
        List<List<String>> references = new ArrayList<>();
        collect(select.path("select_list").path(0), references, List.of());
        return references;
    }

    private JsonNode parse(String sql) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT CAST(json_serialize_sql(?) AS VARCHAR)")) {
            statement.setString(1, sql);
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                return JSON.readTree(rows.getString(1));
            }
        } catch (JsonProcessingException e) {
            throw new SQLException("the parser's answer cannot be read", e);
        }
    }

    private static void collect(JsonNode node, List<List<String>> references, List<String> bound) throws SQLException {
        switch (node.path("class").asText()) {
            case "SUBQUERY" ->
                throw new SQLException("a subquery is not allowed: it would not be as of the row's time");
            case "WINDOW" -> throw new SQLException("a window function is not allowed");
            case "STAR" -> throw new SQLException("* is not allowed");
            case "LAMBDA" -> {
                List<List<String>> parameters = new ArrayList<>();
                collect(node.path("lhs"), parameters, List.of());
                List<String> inner = new ArrayList<>(bound);
                parameters.forEach(inner::addAll);
                collect(node.path("expr"), references, inner);
                return;
            }
            case "COLUMN_REF" -> {
                List<String> parts = new ArrayList<>();
                node.path("column_names").forEach(part -> parts.add(part.asText()));
                if (!bound.contains(parts.get(0))) {
                    references.add(parts);
                }
                return;
            }
            default -> {}
        }
        for (JsonNode child : node) {
            if (child.isContainerNode()) {
                collect(child, references, bound);
            }
        }
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new IllegalStateException("the private database cannot be closed", e);
        }
    }
}
