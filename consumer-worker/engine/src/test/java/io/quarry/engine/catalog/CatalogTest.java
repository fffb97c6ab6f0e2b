package io.quarry.engine.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class CatalogTest {
    private static final String GOOD = """
            version: 1
            sources:
              flights:
                files: flights.csv
                event_time: date
              airports:
                files: [airports.csv]
            entities:
              airport:
                keys: {iata: VARCHAR}
              route:
                keys: {origin: VARCHAR, destination: VARCHAR}
            features:
              airport.city: {source: airports, column: city}
              airport.delay: {source: flights, on: {iata: origin}, aggregate: mean, column: delay, over: P7D}
              route.last: {source: flights, latest: delay, ttl: PT6H}
              route.delay: {feature: airport.delay, through: {iata: origin}}
              route.worse: {sql: "last > delay"}
            """;

    @TempDir
    private Path directory;

    @BeforeEach
    void data() throws IOException {
        Files.writeString(
                directory.resolve("flights.csv"), "origin,destination,date,delay\nA,B,2001-01-01 10:00:00,5\n");
        Files.writeString(directory.resolve("airports.csv"), "iata,city,runways\nA,Aton,2\n");
    }

    @Test
    void aGoodCatalogHasTypedFeatures() throws IOException, CatalogException {
        Catalog catalog = load(GOOD);
        assertThat(catalog.features().values().stream()
                        .map(feature -> feature.fullName() + " " + feature.type())
                        .toList())
                .containsExactly(
                        "airport.city VARCHAR",
                        "airport.delay DOUBLE",
                        "route.last BIGINT",
                        "route.delay DOUBLE",
                        "route.worse BOOLEAN");
        assertThat(catalog.files())
                .containsExactly(directory.resolve("flights.csv"), directory.resolve("airports.csv"));
    }

    @Test
    void theHashIsOfTheContentAlone() throws IOException, CatalogException {
        String hash = load(GOOD).hash();
        assertThat(load("# a comment\n"
                                + GOOD.replace(
                                        "{source: airports, column: city}", "{column: city, source:   airports}"))
                        .hash())
                .isEqualTo(hash);
        assertThat(load(GOOD.replace("P7D", "P8D")).hash()).isNotEqualTo(hash);
    }

    @Test
    void everyErrorIsReportedAtItsLine() throws IOException {
        String bad = GOOD.replace("files: flights.csv", "files: nowhere.csv")
                .replace("column: city", "column: town")
                .replace("PT6H", "6 hours")
                .replace("last > delay", "last >");
        assertThatThrownBy(() -> load(bad))
                .isInstanceOfSatisfying(
                        CatalogException.class,
                        e -> assertThat(e.problems().stream().map(Problem::line).toList())
                                .containsExactly(4, 14, 16, 18));
    }

    @Test
    void aMissingFileSaysSo() {
        assertThatThrownBy(() -> Catalog.load(directory.resolve("none.yaml")))
                .isInstanceOf(CatalogException.class)
                .hasMessageContaining("there is no such file");
    }

    @Test
    void ofACsvFileThatCannotBeReadTheFileTheLineAndTheReasonAreSaid() throws IOException {
        Files.write(directory.resolve("good.csv"), "k,v\na,1\n".getBytes(StandardCharsets.UTF_8));
        Path bad = directory.resolve("latin.csv");
        Files.write(bad, "k,v\n\u00e9,1\n".getBytes(StandardCharsets.ISO_8859_1));
        Path file = Files.writeString(directory.resolve("csv.yaml"), """
                version: 1
                sources:
                  s: {files: [good.csv, latin.csv]}
                entities:
                  e: {keys: {k: VARCHAR}}
                features:
                  e.v: {source: s, column: v}
                """);

        assertThatThrownBy(() -> Catalog.load(file))
                .isInstanceOf(CatalogException.class)
                .hasMessageContaining(
                        "csv.yaml:3:14: the files of source s cannot be read: " + bad + ", line 2: Invalid unicode");
    }

    @Test
    void nestingThatWouldOverflowTheStackIsRefused() throws IOException {
        Path deep = Files.writeString(directory.resolve("deep.yaml"), "sources: " + "[".repeat(100_000));

        assertThatThrownBy(() -> Catalog.load(deep))
                .isInstanceOf(CatalogException.class)
                .hasMessageContaining("too deep");
    }

    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            version: 1 | version: 2 | 1:10 | version 2 is not known
            version: 1 | versoin: 1 | 1:1 | unknown field versoin
            files: flights.csv | files: flights.cvs | 4:12 | does not exist
            files: flights.csv | files: '*.nothing' | 4:12 | does not exist
            event_time: date | event_time: when | 5:17 | has no column when
            event_time: date | event_time: origin | 5:17 | must be a DATE or TIMESTAMP column; origin is VARCHAR
            event_time: date | created_at: date | 5:17 | needs an event_time
            event_time: date | event_tme: date | 5:5 | unknown field event_tme
            files: [airports.csv] | `files: [airports.csv]\\n    format: orc` | 8:13 | must be parquet or csv
            files: [airports.csv] | `files: [airports.csv]\\n    columns: {town: VARCHAR}` | 8:14 | has no column town
            files: [airports.csv] | `files: [airports.csv]\\n    columns: {city: TEXTUAL}` | 8:21 | is not known to DuckDB
            keys: {iata: VARCHAR} | keys: {iata: DOUBLE} | 10:18 | cannot be DOUBLE
            keys: {iata: VARCHAR} | keys: {iata: INTEGER} | 14:3 | is INTEGER, but column iata of source airports is VARCHAR
            keys: {iata: VARCHAR} | keys: {} | 10:11 | needs at least one key
            keys: {iata: VARCHAR} | `keys: {iata: VARCHAR, iata: VARCHAR}` | 10:27 | duplicate name iata
            airport.city: | Airport.city: | 14:3 | must be entity.feature
            airport.city: | airpor.city: | 14:3 | entity airpor, which is not defined; did you mean airport?
            airport.city: | airport.iata: | 14:3 | is a key of entity airport already
            airport.city: | airport.delay: | 15:3 | duplicate name airport.delay in features, first on line 14
            source: airports | source: airprots | 14:26 | which is not defined; did you mean airports?
            source: airports, column: city | source: flights, column: delay | 14:35 | has an event_time: say latest or aggregate
            `, column: city` | `` | 14:3 | needs one of column, latest, aggregate, feature, sql
            `column: city` | `column: city, over: P1D` | 14:50 | unknown field over
            `on: {iata: origin}` | `on: {iata: orign}` | 15:47 | has no column orign
            `on: {iata: origin}` | `on: {code: origin}` | 15:41 | has no key code
            `on: {iata: origin}, ` | `` | 15:3 | say on: {iata: <column>}
            aggregate: mean | aggregate: median | 15:67 | must be one of count, sum, mean
            aggregate: mean, column: delay | aggregate: mean, column: origin | 15:81 | needs a column of numbers
            over: P7D | over: P0D | 15:94 | must be a positive ISO 8601 duration
            over: P7D | over: week | 15:94 | must be a positive ISO 8601 duration
            `, over: P7D` | `` | 15:18 | needs the field over
            ttl: PT6H | `ttl: PT6H, as_of: now` | 16:66 | must be at (rows up to the instant) or before
            source: flights, latest: delay | source: airports, latest: runways | 16:34 | needs a source with an event_time
            feature: airport.delay, | feature: airport.dealy, | 17:26 | which is not defined; did you mean airport.delay or
            through: {iata: origin} | through: {iata: source} | 17:57 | entity route has no such key or feature
            through: {iata: origin} | through: {iata: last} | 17:50 | is VARCHAR, but route.last is BIGINT
            `, through: {iata: origin}` | `` | 17:3 | say through: {iata: <key or feature>}
            last > delay | last > dealy | 18:22 | did you mean delay?
            last > delay | airport.city | 18:22 | may use keys and features of route alone
            last > delay | last + | 18:22 | sql of feature route.worse
            last > delay | (SELECT 1) > last | 18:22 | a subquery is not allowed
            last > delay | sum(last) | 18:22 | an aggregate is not allowed
            last > delay | row_number() OVER () | 18:22 | a window function is not allowed
            last > delay | 1) FROM flights WHERE (1 = 1 | 18:22 | one expression is allowed
            last > delay | worse + 1 | 18:3 | cycle: route.worse -> route.worse
            entities: | 'entities: [' | 9:0 | not YAML
            """)
    void anErrorIsNamed(String good, String bad, String place, String message) throws IOException {
        String text = GOOD.replace(good, bad.replace("\\n", "\n"));
        assertThat(text).isNotEqualTo(GOOD);
        assertThatThrownBy(() -> load(text)).isInstanceOfSatisfying(CatalogException.class, e -> {
            assertThat(e.problems()).anySatisfy(problem -> {
                assertThat(problem.message()).contains(message);
                if (!place.endsWith(":0")) {
                    assertThat(problem.line() + ":" + problem.column()).isEqualTo(place);
                }
            });
        });
    }

    @Test
    void aCycleIsNamedInFull() {
        String bad = GOOD + "  route.a: {sql: b + 1}\n  route.b: {sql: c}\n  route.c: {sql: a + delay}\n";
        assertThatThrownBy(() -> load(bad))
                .isInstanceOfSatisfying(
                        CatalogException.class,
                        e -> assertThat(e.problems())
                                .extracting(Problem::message)
                                .isEqualTo(List.of("cycle: route.a -> route.b -> route.c -> route.a")));
    }

    private Catalog load(String text) throws IOException, CatalogException {
        Path file = directory.resolve("catalog.yaml");
        Files.writeString(file, text);
        return Catalog.load(file);
    }
}
