package io.quarry.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sums over windows are differences of sums that run over the rows of all keys, as they come out of a sort. */
class RunningSumsTest {
    private static final String CATALOG = """
            version: 1
            sources:
              sales: {files: sales.parquet, event_time: sold}
            entities:
              shop: {keys: {town: VARCHAR, nr: INTEGER}}
            features:
              shop.n: {source: sales, aggregate: count, over: PT36H}
              shop.n_before: {source: sales, aggregate: count, over: PT36H, as_of: before}
              shop.small: {source: sales, aggregate: sum, column: small, over: PT36H}
              shop.large: {source: sales, aggregate: mean, column: large, over: PT36H}
              shop.least: {source: sales, aggregate: min, column: small, over: PT36H}
              shop.real: {source: sales, aggregate: max, column: real, over: P1D, as_of: before}
              shop.kinds: {source: sales, aggregate: approx_distinct, column: kind, over: PT36H}
              shop.wide: {source: sales, aggregate: sum, column: wide, over: PT36H}
            """;
    private static final String MANY = """
            SELECT 'town ' || (i * 7919 % 97) AS town, CAST(i * 31 % 5 AS INTEGER) AS nr,
              TIMESTAMP '2024-01-01' + to_seconds(i * 104729 % 1000000) AS sold,
              CASE WHEN i % 11 > 0 THEN CAST(i % 1000 - 500 AS SMALLINT) END AS small,
              CAST(i AS BIGINT) * 4000000000000 AS large, i / 7 AS real, i % 3 AS kind, CAST(i AS DECIMAL(38,0)) AS wide
            FROM range(300000) AS r(i)""";
    private static final String ASKED = "SELECT DISTINCT town, nr, sold FROM sales WHERE small = 17";

    @TempDir
    Path directory;

    private Connection connection;

    @BeforeEach
    void open() throws SQLException {
        connection = DriverManager.getConnection("jdbc:duckdb:");
        run("SET TimeZone = 'UTC'");
        run("SET preserve_insertion_order = false");
        run("SET threads = 4");
    }

    @AfterEach
    void close() throws SQLException {
        connection.close();
    }

    @Test
    void manyKeysOnSeveralThreadsHaveTheirOwnSums() throws Exception {
        sales(MANY);
        QueryPlan plan = plan("n", "n_before", "small", "large", "least", "real", "kinds", "wide");

        assertThat(rows("SELECT * EXCLUDE (__time__) FROM (" + plan.sql() + ") ORDER BY town, nr, sold"))
                .hasSizeGreaterThan(200)
                .isEqualTo(rows("""
                        SELECT p.town, p.nr, p.sold,
                          count(*) FILTER (WHERE s.sold > p.sold - INTERVAL 36 HOURS AND s.sold <= p.sold),
                          count(*) FILTER (WHERE s.sold >= p.sold - INTERVAL 36 HOURS AND s.sold < p.sold),
                          CAST(sum(small) FILTER (WHERE s.sold > p.sold - INTERVAL 36 HOURS AND s.sold <= p.sold) AS BIGINT),
                          CAST(sum(large) FILTER (WHERE s.sold > p.sold - INTERVAL 36 HOURS AND s.sold <= p.sold) AS DOUBLE)
                            / count(large) FILTER (WHERE s.sold > p.sold - INTERVAL 36 HOURS AND s.sold <= p.sold),
                          min(small) FILTER (WHERE s.sold > p.sold - INTERVAL 36 HOURS AND s.sold <= p.sold),
                          max(real) FILTER (WHERE s.sold >= p.sold - INTERVAL 1 DAY AND s.sold < p.sold),
                          approx_count_distinct(kind) FILTER (WHERE s.sold > p.sold - INTERVAL 36 HOURS AND s.sold <= p.sold),
                          sum(wide) FILTER (WHERE s.sold > p.sold - INTERVAL 36 HOURS AND s.sold <= p.sold)
                        FROM (%s) AS p JOIN sales AS s ON s.town = p.town AND s.nr = p.nr
                        GROUP BY ALL ORDER BY ALL""".formatted(ASKED)));
    }

    @Test
    void aSumOverAllKeysIsNoneOfWideNumbers() throws Exception {
        sales("""
                SELECT town, 1 AS nr, TIMESTAMP '2024-01-01' AS sold, 17::SMALLINT AS small, 1::BIGINT AS large, 1.0::DOUBLE AS real,
                  1 AS kind, '6e37'::DECIMAL(38,0) AS wide
                FROM (VALUES ('Aue'), ('Ulm')) AS v(town)""");

        assertThat(rows("SELECT town, \"shop.wide\" FROM (" + plan("wide").sql() + ") ORDER BY town"))
                .containsExactly(
                        "Aue,60000000000000000000000000000000000000", "Ulm,60000000000000000000000000000000000000");
    }

    @Test
    void eachRowIsOneAddition() throws Exception {
        sales(MANY);

        assertThat(String.join("\n", rows("EXPLAIN " + plan("n", "small").sql())))
                .containsIgnoringCase("streaming")
                .doesNotContain("PARTITION BY");
    }

    @Test
    void rowsOutOfOrderAreAnErrorAndNoWrongSums() throws Exception {
        sales(MANY);
        String sql = plan("n").sql();
        String unordered = sql.replace(" ORDER BY id, t)", ")");
        assertThat(unordered).isNotEqualTo(sql);

        assertThatThrownBy(() -> rows(unordered)).hasMessageContaining("the events are not in order");
    }

    private void sales(String select) throws SQLException {
        run("COPY (" + select + ") TO '" + directory.resolve("sales.parquet") + "' (FORMAT parquet)");
        run("CREATE OR REPLACE VIEW sales AS FROM read_parquet('" + directory.resolve("sales.parquet") + "')");
    }

    private QueryPlan plan(String... outputs) throws Exception {
        Path catalog = Files.writeString(directory.resolve("catalog.yaml"), CATALOG);
        OfflineQuery query = OfflineQuery.newBuilder()
                .setInput(QueryInput.newBuilder().setSql(ASKED).build())
                .setTimeColumn("sold")
                .setOutputs(List.of(outputs).stream().map("shop."::concat).toList())
                .build();
        return Planner.plan(Catalog.load(catalog), query, Instant.EPOCH, PlanInputs.on(connection, List.of(directory)));
    }

    private List<String> rows(String sql) throws SQLException {
        List<String> found = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            int columns = rows.getMetaData().getColumnCount();
            while (rows.next()) {
                List<String> values = new ArrayList<>();
                for (int i = 1; i <= columns; i++) {
                    values.add(String.valueOf(rows.getObject(i)));
                }
                found.add(String.join(",", values));
            }
        }
        return found;
    }

    private void run(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
