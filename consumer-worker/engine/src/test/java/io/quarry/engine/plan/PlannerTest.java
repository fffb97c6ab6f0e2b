package io.quarry.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarry.avro.InlineColumn;
import io.quarry.avro.IntegerRange;
import io.quarry.avro.OfflineQuery;
import io.quarry.avro.QueryInput;
import io.quarry.engine.catalog.Catalog;
import io.quarry.engine.catalog.CatalogException;
import io.quarry.schemas.Violation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PlannerTest {
    private static final Instant NOW = Instant.parse("2020-01-10T00:00:00Z");

    private static final String CATALOG = """
            version: 1
            sources:
              visits: {files: visits.parquet, event_time: seen}
              prices: {files: prices.parquet, event_time: valid, created_at: known}
              shops: {files: shops.parquet}
              levels: {files: levels.parquet, event_time: since}
            entities:
              shop: {keys: {id: BIGINT}}
              town: {keys: {name: VARCHAR}}
            features:
              shop.town: {source: shops, column: town}
              shop.size: {source: shops, column: size}
              shop.latest: {source: visits, on: {id: shop}, latest: amount}
              shop.latest_ttl: {source: visits, on: {id: shop}, latest: amount, ttl: P1D}
              shop.latest_before: {source: visits, on: {id: shop}, latest: amount, ttl: P1D, as_of: before}
              shop.note: {source: visits, on: {id: shop}, latest: note}
              shop.count: {source: visits, on: {id: shop}, aggregate: count, over: P1D}
              shop.count_before: {source: visits, on: {id: shop}, aggregate: count, over: P1D, as_of: before}
              shop.sum: {source: visits, on: {id: shop}, aggregate: sum, column: amount, over: P1D}
              shop.mean: {source: visits, on: {id: shop}, aggregate: mean, column: amount, over: P1D}
              shop.min: {source: visits, on: {id: shop}, aggregate: min, column: amount, over: P1D}
              shop.max: {source: visits, on: {id: shop}, aggregate: max, column: amount, over: P1D}
              shop.stddev: {source: visits, on: {id: shop}, aggregate: stddev, column: amount, over: P1D}
              shop.notes: {source: visits, on: {id: shop}, aggregate: approx_distinct, column: note, over: P1D}
              shop.last: {source: visits, on: {id: shop}, aggregate: last, column: amount, over: P1D}
              shop.weight: {source: visits, on: {id: shop}, aggregate: sum, column: weight, over: P1D}
              shop.weight_sd: {source: visits, on: {id: shop}, aggregate: stddev, column: weight, over: P1D}
              shop.price: {source: prices, on: {id: shop}, latest: price, ttl: P10D}
              shop.prices: {source: prices, on: {id: shop}, aggregate: count, over: P10D}
              shop.price_max: {source: prices, on: {id: shop}, aggregate: max, column: price, over: P10D}
              shop.level: {source: levels, on: {id: shop}, latest: level}
              shop.level_before: {source: levels, on: {id: shop}, latest: level, as_of: before}
              shop.level_ttl: {source: levels, on: {id: shop}, latest: level, ttl: P1D}
              shop.per: {sql: "shop.sum / size"}
              shop.twice: {sql: "per * 2 + id"}
              town.inhabitants: {source: shops, on: {name: town}, column: inhabitants}
              shop.inhabitants: {feature: town.inhabitants, through: {name: shop.town}}
            """;

    @TempDir
    private Path directory;

    private Connection connection = closed();

    private static Connection closed() {
        try {
            return DriverManager.getConnection("jdbc:duckdb:");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @BeforeEach
    void data() throws SQLException, IOException {
        run("SET TimeZone = 'UTC'");
        run("SET preserve_insertion_order = false");
        run("SET threads = 2");
        copy(
                "visits",
                "SELECT * FROM (VALUES (1, TIMESTAMP '2020-01-01 10:00:00', 5::SMALLINT, 'a', 0.5::DOUBLE),"
                        + " (1, TIMESTAMP '2020-01-01 12:00:00', 7, 'b', 1.5), (1, TIMESTAMP '2020-01-01 12:00:00', 7, 'c', 2.5),"
                        + " (1, TIMESTAMP '2020-01-01 12:00:00', 3, 'z', 9.0), (1, TIMESTAMP '2020-01-02 11:00:00', NULL, 'b', NULL),"
                        + " (2, TIMESTAMP '2020-01-01 12:00:00', 100, 'q', 1.0), (NULL, TIMESTAMP '2020-01-01 12:00:00', 9, 'n', 1.0),"
                        + " (1, NULL, 50, 'never', 3.0)) AS v(shop, seen, amount, note, weight)");
        copy(
                "prices",
                "SELECT * FROM (VALUES (1, TIMESTAMP '2020-01-01 00:00:00', TIMESTAMP '2020-01-01 00:00:00', 10),"
                        + " (1, TIMESTAMP '2020-01-02 00:00:00', TIMESTAMP '2020-01-05 00:00:00', 20),"
                        + " (1, TIMESTAMP '2020-01-03 00:00:00', TIMESTAMP '2020-01-03 00:00:00', 30),"
                        + " (1, TIMESTAMP '2020-01-03 00:00:00', TIMESTAMP '2020-01-06 00:00:00', 25),"
                        + " (1, TIMESTAMP '2020-01-04 00:00:00', NULL, 99)) AS v(shop, valid, known, price)");
        copy(
                "shops",
                "SELECT * FROM (VALUES (1, 'Ulm', 4, 100), (2, 'Bonn', NULL, 200), (2, 'Aue', 9, 300)) AS v(id, town, size, inhabitants)");
        levels("INTEGER", "(1, TIMESTAMP '2020-01-01', 0)");
    }

    private void levels(String type, String rows) throws SQLException {
        copy(
                "levels",
                "SELECT shop, since, level::" + type + " AS level FROM (VALUES " + rows + ") AS v(shop, since, level)");
    }

    @AfterEach
    void close() throws SQLException {
        connection.close();
    }

    @Test
    void theLatestRowIsNeverLaterThanTheInstant() throws Exception {
        assertThat(values(
                        List.of("shop.latest"),
                        "2020-01-01T09:59:59.999999Z",
                        "2020-01-01T10:00:00Z",
                        "2020-01-01T11:00:00Z"))
                .containsExactly("null", "5", "5");
    }

    @Test
    void ofTiedRowsTheGreatestCounts() throws Exception {
        assertThat(values(List.of("shop.latest", "shop.note"), "2020-01-01T12:00:00Z"))
                .containsExactly("7,c");
    }

    @ParameterizedTest
    @CsvSource({
        "TINYINT, -128, 127",
        "SMALLINT, -32768, 32767",
        "INTEGER, -2147483648, 2147483647",
        "BIGINT, -9223372036854775808, 9223372036854775807",
        "UTINYINT, 0, 255",
        "UINTEGER, 0, 4294967295",
        "DOUBLE, -1.5, 1.5"
    })
    void ofTiedNumbersTheGreatestCountsNullBeingLeast(String type, String least, String most) throws Exception {
        levels(
                type,
                "(1, TIMESTAMP '2020-01-01 10:00:00', NULL), (1, TIMESTAMP '2020-01-01 10:00:00', " + least + "),"
                        + " (1, TIMESTAMP '2020-01-01 10:00:00.000001', NULL),"
                        + " (1, TIMESTAMP '2020-01-01 10:00:00.000002', " + most + "),"
                        + " (1, TIMESTAMP '2020-01-01 10:00:00.000002', " + least + "),"
                        + " (1, TIMESTAMP '1969-12-31 23:59:59.999999', " + most + "), (1, NULL, " + most + ")");
        assertThat(values(
                        List.of("shop.level", "shop.level_before"),
                        "1969-12-31T23:59:59.999999Z",
                        "2020-01-01T10:00:00Z",
                        "2020-01-01T10:00:00.000001Z",
                        "2020-01-01T10:00:00.000002Z",
                        "2020-01-01T10:00:00.000003Z"))
                .containsExactly(
                        most + ",null", least + "," + most, "null," + least, most + ",null", most + "," + most);
    }

    @Test
    void whatIsTrueSinceEverComesBeforeAllAndWhatWillNeverBeIsNotSeen() throws Exception {
        levels(
                "INTEGER",
                "(1, TIMESTAMP '-infinity', 7), (1, TIMESTAMP '2020-01-01', 8), (1, TIMESTAMP 'infinity', 9)");
        assertThat(values(
                        List.of("shop.level", "shop.level_before", "shop.level_ttl"),
                        "1677-09-22T00:00:00Z",
                        "2020-01-01T00:00:00Z",
                        "2020-01-03T00:00:00Z"))
                .containsExactly("7,7,null", "8,7,8", "8,8,null");
    }

    @Test
    void theLatestValueMayBeNullWhileTheLastOneIsNot() throws Exception {
        assertThat(values(List.of("shop.latest", "shop.last", "shop.note"), "2020-01-02T11:00:00Z"))
                .containsExactly("null,7,b");
    }

    @Test
    void aRowExactlyAsOldAsTheTtlIsOutAtTheInstantAndInBefore() throws Exception {
        assertThat(values(
                        List.of("shop.latest_ttl", "shop.latest_before"),
                        2,
                        "2020-01-02T11:59:59.999999Z",
                        "2020-01-02T12:00:00Z"))
                .containsExactly("100,100", "null,100");
        assertThat(values(List.of("shop.latest_before"), 2, "2020-01-02T12:00:00.000001Z", "2020-01-01T12:00:00Z"))
                .containsExactly("null", "null");
    }

    @Test
    void aWindowIsOpenAtOneEnd() throws Exception {
        assertThat(values(
                        List.of("shop.count", "shop.count_before"),
                        "2020-01-01T10:00:00Z",
                        "2020-01-01T12:00:00Z",
                        "2020-01-02T10:00:00Z",
                        "2020-01-02T10:00:00.000001Z",
                        "2020-01-02T12:00:00Z",
                        "2020-01-05T00:00:00Z"))
                .containsExactly("1,0", "4,1", "3,4", "3,3", "1,4", "0,0");
    }

    @Test
    void aggregatesLeaveNullsOutAndAreNullOverNothing() throws Exception {
        List<String> all = List.of(
                "shop.count",
                "shop.sum",
                "shop.mean",
                "shop.min",
                "shop.max",
                "shop.stddev",
                "shop.notes",
                "shop.last",
                "shop.weight");
        assertThat(values(
                        all,
                        "2020-01-01T13:00:00Z",
                        "2020-01-02T11:30:00Z",
                        "2020-01-02T12:00:00Z",
                        "2020-01-09T00:00:00Z"))
                .containsExactly(
                        "4,22,5.5,3,7,1.9148542155126762,4,7,13.5",
                        "4,17,5.666666666666667,3,7,2.309401076758503,3,7,13.0",
                        "1,null,null,null,null,null,1,null,null",
                        "0,null,null,null,null,null,0,null,null");
        assertThat(values(List.of("shop.weight_sd"), "2020-01-01T10:30:00Z", "2020-01-01T13:00:00Z"))
                .containsExactly("null", "3.8378596465564847");
    }

    @Test
    void nullKeysMatchNothing() throws Exception {
        assertThat(rows(query(List.of("shop.latest", "shop.count", "shop.town", "shop.inhabitants"))
                        .setInput(inline(column("id", null, 7L)))
                        .setInputTimes(List.of(Instant.parse("2020-01-01T12:00:00Z")))))
                .containsExactly("null,2020-01-01T12:00Z,null,0,null,null", "7,2020-01-01T12:00Z,null,0,null,null");
    }

    @Test
    void aRowCountsFromWhenItIsKnown() throws Exception {
        assertThat(values(
                        List.of("shop.price", "shop.prices", "shop.price_max"),
                        "2020-01-01T00:00:00Z",
                        "2020-01-02T12:00:00Z",
                        "2020-01-03T00:00:00Z",
                        "2020-01-05T00:00:00Z",
                        "2020-01-06T00:00:00Z",
                        "2020-01-11T00:00:00Z",
                        "2020-01-13T00:00:00Z"))
                .containsExactly("10,1,10", "10,1,10", "30,2,30", "30,3,30", "25,4,30", "25,3,30", "null,0,null");
    }

    @Test
    void aLookupTakesTheGreatestOfSeveralRows() throws Exception {
        assertThat(values(List.of("shop.town", "shop.size"), 2, "2020-01-01T00:00:00Z"))
                .containsExactly("Bonn,null");
    }

    @Test
    void expressionsAndJoinsUseOtherFeatures() throws Exception {
        assertThat(values(List.of("shop.twice", "shop.inhabitants", "shop.per"), "2020-01-01T13:00:00Z"))
                .containsExactly("12.0,100,5.5");
    }

    @Test
    void aFeatureGivenInTheInputIsNotComputed() throws Exception {
        assertThat(rows(query(List.of("shop.per", "shop.sum"))
                        .setInput(inline(column("id", 1L), column("shop.sum", 400L)))))
                .containsExactly("1,400,2020-01-10T00:00Z,100.0");
    }

    @Test
    void duplicateInputsStayAndTheOrderIsKept() throws Exception {
        assertThat(rows(query(List.of("shop.town")).setInput(inline(column("id", 2L, 1L, 2L, 1L)))))
                .containsExactly(
                        "2,2020-01-10T00:00Z,Bonn",
                        "1,2020-01-10T00:00Z,Ulm",
                        "2,2020-01-10T00:00Z,Bonn",
                        "1,2020-01-10T00:00Z,Ulm");
    }

    @Test
    void anEmptyInputHasAnEmptyResult() throws Exception {
        assertThat(rows(query(List.of("shop.town", "shop.max", "shop.count", "shop.prices", "shop.notes", "shop.twice"))
                        .setInput(inline(column("id")))))
                .isEmpty();
        assertThat(rows(query(List.of("shop.town"))
                        .setInput(QueryInput.newBuilder()
                                .setRange(new IntegerRange("id", 5L, 5L, 1L))
                                .build())))
                .isEmpty();
    }

    @Test
    void aRangeHasItsNumbersInOrderAndTimesPerRow() throws Exception {
        assertThat(rows(query(List.of("shop.count"))
                        .setInput(QueryInput.newBuilder()
                                .setRange(new IntegerRange("id", 0L, 4L, 1L))
                                .build())
                        .setInputTimes(List.of(
                                Instant.parse("2020-01-01T12:00:00Z"),
                                Instant.parse("2020-01-01T12:00:00Z"),
                                Instant.parse("2020-01-01T11:00:00Z"),
                                NOW))))
                .containsExactly(
                        "0,2020-01-01T12:00Z,0",
                        "1,2020-01-01T12:00Z,4",
                        "2,2020-01-01T11:00Z,0",
                        "3,2020-01-10T00:00Z,0");
    }

    @Test
    void requiredOutputsDropRows() throws Exception {
        assertThat(rows(query(List.of("shop.town"))
                        .setRequiredOutputs(List.of("shop.size"))
                        .setInput(inline(column("id", 1L, 2L, 3L)))))
                .containsExactly("1,2020-01-10T00:00Z,Ulm,4");
    }

    @Test
    void boundsAndLimitTakeTheFirstRowsInTime() throws Exception {
        assertThat(rows(query(List.of("shop.town"))
                        .setInput(inline(
                                column("id", 1L, 2L, 3L, 4L),
                                column(
                                        "when",
                                        "2020-01-01T00:00:00Z",
                                        "2020-01-02T01:00:00+01:00",
                                        "2020-01-03T00:00:00Z",
                                        "2020-01-04T00:00:00Z")))
                        .setTimeColumn("when")
                        .setLowerBound(Instant.parse("2020-01-02T00:00:00Z"))
                        .setUpperBound(Instant.parse("2020-01-04T00:00:00Z"))
                        .setMaxRows(1L)))
                .containsExactly("2,2020-01-02T00:00Z,2020-01-02T00:00Z,Bonn");
    }

    @Test
    void aSampleKeepsEqualRowsTogetherAndRepeats() throws Exception {
        OfflineQuery.Builder sampled = query(List.of("shop.count"))
                .setInput(QueryInput.newBuilder()
                        .setRange(new IntegerRange("id", 0L, 10_000L, 1L))
                        .build())
                .setSampleFraction(0.25)
                .setSampleSeed(7L);
        List<String> first = rows(sampled);
        assertThat(first).hasSizeBetween(2300, 2700).isEqualTo(rows(sampled));
        assertThat(rows(sampled.setSampleSeed(8L))).isNotEqualTo(first);
    }

    @Test
    void timesWithAZoneAndWithoutMeetInUtc() throws Exception {
        copy(
                "spine",
                "SELECT 1 AS id, TIMESTAMPTZ '2020-01-01 14:00:00+02' AS t UNION ALL SELECT 2, TIMESTAMPTZ '2020-01-01 11:59:59.999999+00'");
        run("SET TimeZone = 'America/New_York'");
        assertThat(rows(query(List.of("shop.latest"))
                        .setInput(QueryInput.newBuilder()
                                .setFiles(List.of(
                                        directory.resolve("spine.parquet").toString()))
                                .build())
                        .setTimeColumn("t")))
                .extracting(row -> row.charAt(0) + row.substring(row.lastIndexOf(',')))
                .containsExactlyInAnyOrder("1,7", "2,null");
    }

    @Test
    void aSpineReadsTheCatalogsSources() throws Exception {
        assertThat(rows(query(List.of("shop.count_before"))
                        .setInput(QueryInput.newBuilder()
                                .setSql(
                                        "SELECT shop AS id, seen, amount FROM visits WHERE shop = 1 AND seen IS NOT NULL -- all")
                                .build())
                        .setTimeColumn("seen")
                        .setMaxRows(2L)))
                .containsExactlyInAnyOrder(
                        "1,2020-01-01 10:00:00.0,5,2020-01-01T10:00Z,0",
                        "1,2020-01-01 12:00:00.0,3,2020-01-01T12:00Z,1");
    }

    @Test
    void whatIsWrongIsNamed() throws Exception {
        assertThat(wrong(query(List.of("shop.twon")))).singleElement().satisfies(violation -> {
            assertThat(violation.field()).isEqualTo("offline_query.outputs");
            assertThat(violation.rule()).contains("did you mean shop.town");
        });
        assertThat(wrong(query(List.of("shop.town")).setInput(inline(column("di", 1L)))))
                .singleElement()
                .satisfies(
                        violation -> assertThat(violation.rule()).contains("needs the key id (BIGINT) of entity shop"));
        assertThat(wrong(query(List.of("shop.town")).setInput(inline(column("id", 1L, "two")))))
                .containsExactly(new Violation(
                        "offline_query.input.columns[0].values[1]", "two", "values of id must be BIGINT"));
        assertThat(wrong(query(List.of("shop.town")).setInput(inline(column("id", 1L, 2L), column("x", 1L)))))
                .extracting(Violation::field)
                .containsExactly("offline_query.input.columns[1].values");
        assertThat(wrong(query(List.of("shop.town")).setInputTimes(List.of(NOW, NOW))))
                .extracting(Violation::rule)
                .containsExactly("must be none, one, or one per row; the input has 1 rows");
        assertThat(wrong(query(List.of("shop.town")).setTimeColumn("id")))
                .extracting(Violation::rule)
                .contains("values of id must be text in ISO 8601 with an offset or Z, such as 2001-02-03T04:05:06Z");
        assertThat(wrong(query(List.of("shop.town")).setTimeColumn("when")))
                .extracting(Violation::field)
                .containsExactly("offline_query.time_column");
        assertThat(wrong(query(List.of("shop.town"))
                        .setInput(QueryInput.newBuilder()
                                .setFiles(List.of("/etc/passwd"))
                                .build())))
                .extracting(Violation::field)
                .containsExactly("offline_query.input.files[0]");
        assertThat(wrong(query(List.of("shop.town"))
                        .setInput(QueryInput.newBuilder()
                                .setSql("SELECT town AS id FROM shops")
                                .build())))
                .extracting(Violation::rule)
                .containsExactly("column id must be BIGINT, as the catalog says");
        for (String sql : List.of(
                "SELECT 1 AS id; SELECT 2",
                "SELECT 1 AS id) s JOIN (SELECT 2",
                "DROP TABLE x",
                "SELECT x FROM shops")) {
            assertThat(wrong(query(List.of("shop.town"))
                            .setInput(QueryInput.newBuilder().setSql(sql).build())))
                    .extracting(Violation::field)
                    .containsExactly("offline_query.input.sql");
        }
    }

    @Test
    void thePlanIsOneReadableText() throws Exception {
        QueryPlan plan = plan(query(List.of("shop.count_before")));
        assertThat(plan.sql().replace(directory.toString(), "/data")).isEqualTo("""
                        WITH quarry_rows AS MATERIALIZED (
                          SELECT c0 AS "in.id", quarry_row AS "@row", TIMESTAMP '2020-01-10 00:00:00' AS "@time"
                          FROM quarry_input),
                        quarry_keys_1 AS MATERIALIZED (
                          SELECT DISTINCT r."in.id" AS k1
                            FROM quarry_rows AS r
                            WHERE r."in.id" IS NOT NULL),
                        quarry_pairs_1 AS MATERIALIZED (
                          SELECT DISTINCT r."in.id" AS k1, r."@time" AS t
                            FROM quarry_rows AS r
                            WHERE r."in.id" IS NOT NULL),
                        quarry_block_1_events AS (
                          SELECT s."shop" AS k1, s."seen" AS t, count(*) AS n
                            FROM read_parquet(['/data/visits.parquet']) AS s
                            SEMI JOIN quarry_keys_1 AS q ON s."shop" = q.k1
                            WHERE s."seen" < (SELECT max(t) FROM quarry_pairs_1) AND s."seen" >= (SELECT min(t) FROM quarry_pairs_1) - INTERVAL 1 DAYS
                            GROUP BY ALL),
                        quarry_block_1_totals AS MATERIALIZED (
                          SELECT k1, CASE WHEN lag(row(k1, t)) OVER () >= row(k1, t) THEN error('the events are not in order') ELSE t END AS t, CAST(sum(n) OVER w AS BIGINT) AS n, CAST(sum(n) OVER w AS BIGINT) - n AS n_b
                            FROM (SELECT * FROM quarry_block_1_events ORDER BY k1, t)
                            WINDOW w AS (ROWS UNBOUNDED PRECEDING)),
                        quarry_block_1 AS MATERIALIZED (
                          SELECT p.k1, p.t, coalesce(h.n - w0.n_b, 0) AS n_0
                            FROM quarry_pairs_1 AS p
                            ASOF LEFT JOIN quarry_block_1_totals AS h ON p.k1 = h.k1 AND p.t > h.t
                            ASOF LEFT JOIN quarry_block_1_totals AS w0 ON p.k1 = w0.k1 AND p.t - INTERVAL 1 DAYS <= w0.t),
                        quarry_rows_1 AS (
                          SELECT r.*,
                            coalesce(quarry_block_1.n_0, 0) AS "shop.count_before@in.id"
                            FROM quarry_rows AS r
                            LEFT JOIN quarry_block_1 ON r."in.id" = quarry_block_1.k1 AND r."@time" = quarry_block_1.t)
                        SELECT "in.id" AS "id",
                            timezone('UTC', "@time") AS "__time__",
                            "shop.count_before@in.id" AS "shop.count_before"
                          FROM quarry_rows_1
                          ORDER BY "@row\"""");
        assertThat(plan.hash())
                .isEqualTo(plan(query(List.of("shop.count_before"))).hash());
        assertThat(plan.columns())
                .containsExactly(
                        new PlannedColumn("id", "BIGINT"),
                        new PlannedColumn("__time__", "TIMESTAMP WITH TIME ZONE"),
                        new PlannedColumn("shop.count_before", "BIGINT"));
    }

    private List<String> values(List<String> outputs, String... instants) throws Exception {
        return values(outputs, 1, instants);
    }

    /** Values of the outputs for a shop at each instant. */
    private List<String> values(List<String> outputs, long shop, String... instants) throws Exception {
        List<@Nullable Object> ids = new ArrayList<>();
        List<Instant> times = new ArrayList<>();
        for (String instant : instants) {
            ids.add(shop);
            times.add(Instant.parse(instant));
        }
        return rows(query(outputs).setInput(inline(new InlineColumn("id", ids))).setInputTimes(times)).stream()
                .map(row -> row.split(",", 3)[2])
                .toList();
    }

    private static OfflineQuery.Builder query(List<String> outputs) {
        return OfflineQuery.newBuilder().setInput(inline(column("id", 1L))).setOutputs(outputs);
    }

    private static QueryInput inline(InlineColumn... columns) {
        return QueryInput.newBuilder().setColumns(List.of(columns)).build();
    }

    private static InlineColumn column(String name, @Nullable Object... values) {
        return new InlineColumn(name, Arrays.asList(values));
    }

    private QueryPlan plan(OfflineQuery.Builder query) throws PlanException, IOException, CatalogException {
        Path file = directory.resolve("catalog.yaml");
        Files.writeString(file, CATALOG);
        return Planner.plan(Catalog.load(file), query.build(), NOW, PlanInputs.on(connection, List.of(directory)));
    }

    private List<Violation> wrong(OfflineQuery.Builder query) {
        List<Violation> found = new ArrayList<>();
        assertThatThrownBy(() -> plan(query))
                .isInstanceOfSatisfying(PlanException.class, e -> found.addAll(e.violations()));
        return found;
    }

    /** Runs a query; every row's values, separated by commas. The types must be those that the plan promised. */
    private List<String> rows(OfflineQuery.Builder query) throws Exception {
        QueryPlan plan = plan(query);
        plan.prepare(connection);
        assertThat(PlanInputs.on(connection, List.of()).describe(plan.sql())).isEqualTo(plan.columns());
        List<String> found = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(plan.sql())) {
            while (rows.next()) {
                List<String> values = new ArrayList<>();
                for (int i = 1; i <= plan.columns().size(); i++) {
                    values.add(String.valueOf(rows.getObject(i)));
                }
                found.add(String.join(",", values));
            }
        }
        return found;
    }

    private void copy(String name, String select) throws SQLException {
        run("COPY (" + select + ") TO '" + directory.resolve(name + ".parquet") + "' (FORMAT parquet)");
    }

    private void run(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
