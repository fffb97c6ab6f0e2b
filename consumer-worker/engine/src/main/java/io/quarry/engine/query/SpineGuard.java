package io.quarry.engine.query;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarry.engine.plan.SpineRules;
import io.quarry.schemas.Violation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Set;

/**
 * What a SQL spine may be: one SELECT over the catalog's sources. It is judged by its syntax tree as DuckDB itself parses it,
 * before any of its text is part of a statement that runs: so no second statement, no statement that writes, and no table
 * function that looks at files, memory or the configuration.
 */
final class SpineGuard {
    private static final String FIELD = "offline_query.input.sql";
    private static final int LONGEST = 200;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> TABLE_FUNCTIONS =
            Set.of("range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree");
    private static final Set<String> REFUSED_FUNCTIONS =
            Set.of("current_setting", "getenv", "getvariable", "write_log", "nextval", "currval", "txid_current");

    private SpineGuard() {}

    /** What is wrong with it, or empty. The connection is only asked to parse. */
    static Optional<Violation> check(Connection connection, String sql) throws SQLException {
        JsonNode tree = parse(connection, sql);
        if (tree.path("error").asBoolean()) {
            String position = tree.path("position").asText("");
            String where = position.isEmpty() ? "" : " at character " + (Integer.parseInt(position) + 1);
            String error = tree.path("error_message").asText();
            return violation(sql, SpineRules.parsing(error) + where);
        }
        if (tree.path("statements").size() != 1) {
            return violation(
                    sql,
                    "must be one SELECT; these are " + tree.path("statements").size() + " statements");
        }
        return refused(tree.path("statements")).flatMap(rule -> violation(sql, rule));
    }

    /** Whether it is exactly one statement that only reads, whatever it reads. */
    static boolean oneSelect(Connection connection, String sql) throws SQLException {
        JsonNode tree = parse(connection, sql);
        return !tree.path("error").asBoolean() && tree.path("statements").size() == 1;
    }

    private static JsonNode parse(Connection connection, String sql) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT json_serialize_sql(CAST(? AS VARCHAR))")) {
            statement.setString(1, sql);
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                return JSON.readTree(rows.getString(1));
            } catch (IOException impossible) {
                throw new UncheckedIOException(impossible);
            }
        }
    }

    private static Optional<String> refused(JsonNode node) {
        String type = node.path("type").asText("");
        if (type.endsWith("_NODE")
                && !Set.of("SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE")
                        .contains(type)) {
            return Optional.of(
                    "must only read: " + type.replace("_QUERY_NODE", "").replace("_NODE", ""));
        }
        String function = node.path("function_name").asText("").toLowerCase(java.util.Locale.ROOT);
        if (REFUSED_FUNCTIONS.contains(function)) {
            return Optional.of("must not call " + function);
        }
        if (type.equals("TABLE_FUNCTION")) {
            String name = node.path("function").path("function_name").asText("").toLowerCase(java.util.Locale.ROOT);
            if (!TABLE_FUNCTIONS.contains(name)) {
                return Optional.of("must read the catalog's sources by their names; the table function " + name
                        + " is not allowed");
            }
        }
        if (type.equals("BASE_TABLE")) {
            String table = node.path("table_name").asText("");
            if (table.contains("/") || table.contains("*") || table.contains("\\") || table.contains(".")) {
                return Optional.of("must read the catalog's sources by their names, not files");
            }
        }
        for (JsonNode child : node) {
            Optional<String> rule = refused(child);
            if (rule.isPresent()) {
                return rule;
            }
        }
        return Optional.empty();
    }

    private static Optional<Violation> violation(String sql, String rule) {
        return Optional.of(new Violation(FIELD, sql.length() <= LONGEST ? sql : sql.substring(0, LONGEST), rule));
    }
}
