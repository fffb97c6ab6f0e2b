package io.quarry.engine.reference;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.OfflineQuery;
import io.quarry.avro.QueryInput;
import io.quarry.engine.catalog.Catalog;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo's features over a sample of its flights, answered by the planner and by nested loops. */
class DemoReferenceTest {
    private static final Path DEMO =
            Path.of("../../deploy/demo").toAbsolutePath().normalize();
    private static final List<String> OUTPUTS = List.of(
            "route.origin_city",
            "route.origin_state",
            "route.destination_city",
            "route.destination_state",
            "route.origin_mean_delay_1d",
            "route.origin_mean_delay_7d",
            "route.origin_mean_delay_30d",
            "route.origin_max_delay_1d",
            "route.origin_max_delay_7d",
            "route.origin_max_delay_30d",
            "route.last_delay",
            "route.destination_arrivals_1h",
            "route.delay_trend");

    @TempDir
    Path root;

    @Test
    void theDemosAnswersAreThoseOfNestedLoops() throws Exception {
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = connection.createStatement()) {
            statement.execute("SET TimeZone = 'UTC'");
            Path data = Files.createDirectory(root.resolve("data"));
            statement.execute("COPY (SELECT * FROM read_parquet('" + DEMO + "/data/flights.parquet')"
                    + " WHERE origin IN ('ABE', 'ACV', 'ALB') AND date < TIMESTAMP '2001-03-05') TO '"
                    + data.resolve("flights.parquet") + "'");
            Files.copy(DEMO.resolve("data/airports.csv"), data.resolve("airports.csv"));
            Catalog catalog = Catalog.load(Files.copy(DEMO.resolve("catalog.yaml"), root.resolve("catalog.yaml")));
            Map<String, Table> tables = new LinkedHashMap<>();
            for (String source : List.of("flights", "airports")) {
                tables.put(
                        source,
                        table(
                                statement,
                                catalog.source(source).columns(),
                                "SELECT * FROM " + catalog.source(source).scan()));
            }
            String spine = "SELECT origin, destination, date, delay FROM flights WHERE date >= TIMESTAMP '2001-03-04'";
            List<Map<String, @Nullable Object>> rows = table(
                            statement,
                            Map.of(),
                            spine.replace("flights", catalog.source("flights").scan()))
                    .rows();
            assertThat(rows).hasSizeGreaterThan(50);
            Question question = new Question(
                    OfflineQuery.newBuilder()
                            .setInput(QueryInput.newBuilder().setSql(spine).build())
                            .setTimeColumn("date")
                            .setOutputs(OUTPUTS)
                            .build(),
                    List.of("origin", "destination", "date", "delay"),
                    rows,
                    rows.stream().map(row -> (Long) row.get("date")).toList());

            ReferenceTest.compare(
                    "demo", catalog, new Reference(catalog, tables, expressions()), question, root, connection);
        }
    }

    private static Map<String, Function<Map<String, @Nullable Object>, @Nullable Object>> expressions() {
        return Map.of("route.origin_mean_delay_1d - route.origin_mean_delay_30d", names -> {
            Object day = names.get("origin_mean_delay_1d");
            Object month = names.get("origin_mean_delay_30d");
            return day == null || month == null ? null : (Double) day - (Double) month;
        });
    }

    private static Table table(Statement statement, Map<String, String> types, String select) throws SQLException {
        List<Map<String, @Nullable Object>> rows = new ArrayList<>();
        try (ResultSet found = statement.executeQuery(select)) {
            while (found.next()) {
                Map<String, @Nullable Object> row = new HashMap<>();
                for (int i = 1; i <= found.getMetaData().getColumnCount(); i++) {
                    row.put(found.getMetaData().getColumnName(i), ReferenceTest.plain(found.getObject(i)));
                }
                rows.add(row);
            }
        }
        return new Table(types, rows);
    }
}
