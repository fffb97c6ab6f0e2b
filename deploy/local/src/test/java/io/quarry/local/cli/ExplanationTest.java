package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExplanationTest {
    @TempDir
    private Path home;

    private CommandRun explain(String query, String... more) throws Exception {
        Path file = Files.writeString(home.resolve("query.yaml"), query);
        String[] arguments = new String[more.length + 2];
        arguments[0] = "explain-query";
        arguments[1] = file.toString();
        System.arraycopy(more, 0, arguments, 2, more.length);
        return CommandRun.of(home, Map.of(), "", arguments);
    }

    private static final String QUERY = """
            input: {columns: {route.origin: [BOS, LAX], route.destination: [JFK, JFK]}}
            input_times: [2001-03-01T00:00:00Z]
            outputs: [route.delay_trend, route.last_delay, route.origin_city]
            max_rows: 10
            """;

    @Test
    void aPlanSaysItsRowsInstantsFeaturesAndAsOfRulesBeforeTheSql() throws Exception {
        CommandRun run = explain(QUERY);

        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out())
                .contains("-- input    2 inline rows of route.origin, route.destination")
                .contains("-- as of    all rows as of 2001-03-01T00:00:00Z")
                .contains("-- limit    at most 10 rows")
                .containsPattern("--   route.last_delay +as of: flights.delay of the last row where origin = origin and"
                        + " destination = destination, before the row's instant, at most 2d old")
                .containsPattern("--   route.origin_mean_delay_1d +join: airport.mean_delay_1d by iata = origin")
                .containsPattern(
                        "--   airport.mean_delay_1d +window: mean of flights.delay where origin = iata, over 1d"
                                + " before the row's instant")
                .containsPattern("--   airport.city +look-up: airports.city where iata = iata, whatever the instant")
                .contains("-- engine:")
                .contains("\nWITH ");
    }

    @Test
    void theExplanationWithItsCommentsIsSqlThatRuns() throws Exception {
        String sql = explain("""
                input: {sql: "SELECT origin, destination, date FROM flights LIMIT 3"}
                time_column: date
                outputs: [route.delay_trend]
                """).out();

        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = connection.createStatement()) {
            assertThat(statement.executeQuery(sql).next()).isTrue();
        }
    }

    @Test
    void forProgramsThePlanHasItsHashesAndColumns() throws Exception {
        CommandRun run = explain(QUERY, "-o", "json");

        JsonNode answer = new ObjectMapper().readTree(run.out());
        assertThat(answer.path("sql").asText()).startsWith("WITH ");
        assertThat(answer.path("plan_hash").asText()).hasSize(64);
        assertThat(answer.path("catalog_hash").asText()).hasSize(64);
        assertThat(answer.path("columns").findValuesAsText("name")).contains("route.origin", "route.delay_trend");
        assertThat(answer.path("features").path("route.delay_trend").asText()).startsWith("expression: ");
        assertThat(answer.path("as_of").asText()).contains("2001-03-01");
    }
}
