package io.quarry.engine.bench;

import io.quarry.avro.OfflineQuery;
import io.quarry.avro.QueryInput;
import io.quarry.engine.catalog.Catalog;
import io.quarry.engine.catalog.Source;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A query over the demo's catalog, and the same written by hand as well as we can.
 *
 * @param name name, also that of the resource with the SQL
 * @param query the query
 */
record BenchQuery(String name, OfflineQuery query) {
    private static final String DEMO_ROWS = """
            SELECT origin, destination, date, distance, delay
            FROM flights
            WHERE date >= TIMESTAMP '2001-02-01' AND date < TIMESTAMP '2001-04-15'
            ORDER BY date, origin, destination, distance, delay
            LIMIT 1000000""";
    private static final String ALL_ROWS = "SELECT origin, destination, date FROM flights";
    private static final String APRIL_ROWS = "SELECT origin, destination, date FROM flights"
            + " WHERE date >= TIMESTAMP '2001-04-01' AND date < TIMESTAMP '2001-05-01'";

    /** The demo's query and three that each lean on one kind of feature. */
    static List<BenchQuery> all() {
        return List.of(
                of(
                        "demo",
                        DEMO_ROWS,
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
                        "route.delay_trend"),
                of("lookups", ALL_ROWS, "route.origin_city", "route.origin_state", "route.destination_city"),
                of("latest", ALL_ROWS, "route.last_delay"),
                of("windows", APRIL_ROWS, "route.origin_mean_delay_7d", "route.destination_arrivals_1h"));
    }

    private static BenchQuery of(String name, String rows, String... outputs) {
        return new BenchQuery(
                name,
                OfflineQuery.newBuilder()
                        .setInput(QueryInput.newBuilder().setSql(rows).build())
                        .setTimeColumn("date")
                        .setOutputs(List.of(outputs))
                        .build());
    }

    /** The SQL written by hand, over the files of the catalog's sources flights and airports. */
    String handSql(Catalog catalog) {
        try (InputStream resource = BenchQuery.class.getResourceAsStream(name + ".sql")) {
            if (resource == null) {
                throw new IllegalStateException("no resource " + name + ".sql");
            }
            return new String(resource.readAllBytes(), StandardCharsets.UTF_8)
                    .replace("${flights}", scan(catalog, "flights"))
                    .replace("${airports}", scan(catalog, "airports"));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static String scan(Catalog catalog, String name) {
        Source source = catalog.sources().get(name);
        if (source == null) {
            throw new IllegalArgumentException("the catalog " + catalog.file() + " has no source " + name
                    + ": the bench needs the demo's catalog");
        }
        return source.scan();
    }
}
