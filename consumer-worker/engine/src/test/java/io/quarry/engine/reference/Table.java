package io.quarry.engine.reference;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Rows in memory. Values are Long, Double, BigDecimal, String, Boolean or null; instants and days are Long microseconds since
 * 1970 in UTC.
 *
 * @param types DuckDB types by column, in order
 * @param rows values by column
 */
record Table(Map<String, String> types, List<Map<String, @Nullable Object>> rows) {
    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSS", Locale.ROOT);

    /** Writes the rows as a Parquet or CSV file. */
    void write(Connection connection, Path file) throws SQLException {
        List<String> columns = new ArrayList<>();
        types.forEach((column, type) -> columns.add("CAST(column" + columns.size() + " AS " + type + ") AS " + column));
        String nothing = types.keySet().stream().map(column -> "NULL").collect(Collectors.joining(", ", "(", ")"));
        String values = rows.isEmpty()
                ? nothing
                : rows.stream()
                        .map(row -> types.keySet().stream()
                                .map(column -> literal(types.get(column), row.get(column)))
                                .collect(Collectors.joining(", ", "(", ")")))
                        .collect(Collectors.joining(", "));
        List<String> names = new ArrayList<>();
        for (int i = 0; i < types.size(); i++) {
            names.add("column" + i);
        }
        String select = "SELECT " + String.join(", ", columns) + " FROM (VALUES " + values + ") AS v("
                + String.join(", ", names) + ")" + (rows.isEmpty() ? " WHERE false" : "");
        try (Statement statement = connection.createStatement()) {
            statement.execute("COPY (" + select + ") TO '" + file + "'"
                    + (file.toString().endsWith(".csv") ? " (FORMAT csv, HEADER true)" : " (FORMAT parquet)"));
        }
    }

    private static String literal(@Nullable String type, @Nullable Object value) {
        if (value == null || type == null) {
            return "NULL";
        }
        if (type.equals("DATE")) {
            return "DATE '" + local(value).toLocalDate() + "'";
        }
        if (type.equals("TIMESTAMP") || type.equals("TIMESTAMP_NS")) {
            return type + " '" + SECONDS.format(local(value)) + "'";
        }
        if (type.equals("TIMESTAMP WITH TIME ZONE")) {
            // Written in another zone on purpose: the instant counts, not its clothes.
            return "TIMESTAMPTZ '" + SECONDS.format(local(value).plusHours(5).plusMinutes(30)) + "+05:30'";
        }
        if (value instanceof String text) {
            return "'" + text + "'";
        }
        if (value instanceof BigDecimal number) {
            return number.toPlainString() + "::" + type;
        }
        return "CAST(" + value + " AS " + type + ")";
    }

    private static LocalDateTime local(Object micros) {
        return LocalDateTime.ofInstant(instant((Long) micros), ZoneOffset.UTC);
    }

    static Instant instant(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }
}
