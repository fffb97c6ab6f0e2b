package io.quarry.engine.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The bench over a sample of the demo's data: it must compare equal things and leave nothing behind. Its figures are no test. */
class QueryBenchTest {
    private static final Path DEMO =
            Path.of("../../deploy/demo").toAbsolutePath().normalize();
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.EPOCH);

    @TempDir
    Path root;

    @Test
    void theEngineGivesTheRowsOfTheSqlWrittenByHand() throws Exception {
        Path catalog = sample();
        Path scratch = Files.createDirectory(root.resolve("scratch"));
        List<String> news = new ArrayList<>();

        QueryBench.Report report = QueryBench.run(catalog, scratch, settings(), CLOCK, news::add);

        assertThat(report.results())
                .extracting(QueryBench.Result::name)
                .containsExactly("demo", "lookups", "latest", "windows");
        assertThat(report.results()).allSatisfy(result -> {
            assertThat(result.equal()).as(result.name()).isTrue();
            assertThat(result.rows()).as(result.name()).isPositive();
            assertThat(result.engineCpuMillis()).hasSize(1);
            assertThat(result.queryCpuMillis())
                    .hasSize(1)
                    .allSatisfy(millis -> assertThat(millis)
                            .isBetween(0L, result.engineCpuMillis().get(0)));
            assertThat(result.ratioMin()).isEqualTo(result.ratioMax()).isNotNegative();
            assertThat(result.notQueryShare()).isBetween(0.0, 1.0);
        });
        assertThat(news).contains("demo: round 1 of 1");
        try (var left = Files.list(scratch)) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void anotherCatalogThanTheDemosIsRefused() throws Exception {
        Path catalog = Files.writeString(
                root.resolve("catalog.yaml"),
                "version: 1\nentities: {user: {keys: {id: BIGINT}}}\nfeatures: {user.twice: {sql: \"id * 2\"}}\n");
        assertThatThrownBy(() -> QueryBench.run(catalog, root, settings(), CLOCK, line -> {}))
                .hasMessageContaining("flights");
    }

    private static QueryBench.Settings settings() {
        return new QueryBench.Settings(1, 2, Runtime.getRuntime().maxMemory() + (1L << 30), 1L << 30, List.of());
    }

    /** The demo's catalog over two airports of its data. */
    private Path sample() throws Exception {
        Path data = Files.createDirectory(root.resolve("data"));
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = connection.createStatement()) {
            statement.execute("COPY (SELECT * FROM read_parquet('" + DEMO + "/data/flights.parquet')"
                    + " WHERE origin IN ('ABE', 'ACV') AND date < TIMESTAMP '2001-05-05') TO '"
                    + data.resolve("flights.parquet") + "'");
        }
        Files.copy(DEMO.resolve("data/airports.csv"), data.resolve("airports.csv"));
        return Files.copy(DEMO.resolve("catalog.yaml"), root.resolve("catalog.yaml"));
    }
}
