package io.quarry.engine.reference;

import io.quarry.engine.catalog.Catalog;
import io.quarry.engine.catalog.CatalogException;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A small generated catalog with its data. Keys and times come from small ranges, so that duplicates, ties and rows exactly on
 * the edge of a window are common; everything may be null.
 */
final class World {
    static final long HOUR = 3_600_000_000L;
    static final long START = Instant.parse("2024-03-09T22:00:00Z").getEpochSecond() * 1_000_000L;
    private static final List<String> WINDOWS = List.of("PT1H", "PT6H", "P1D", "P2D");
    private static final List<String> TIME_TYPES =
            List.of("TIMESTAMP", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "DATE", "TIMESTAMP_NS");
    private static final List<String> NUMBER_TYPES =
            List.of("SMALLINT", "INTEGER", "BIGINT", "DOUBLE", "DECIMAL(10,2)", "DECIMAL(30,2)");

    /** The expressions that catalogs here use, in SQL and in Java. */
    static final Map<String, Function<Map<String, @Nullable Object>, @Nullable Object>> EXPRESSIONS = expressions();

    final Map<String, Table> tables = new LinkedHashMap<>();
    final List<String> personFeatures = new ArrayList<>();
    final List<String> placeFeatures = new ArrayList<>();
    final Catalog catalog;
    final Reference reference;
    private final Random random;

    World(long seed, Path directory, Connection connection) throws IOException, SQLException, CatalogException {
        random = new Random(seed);
        StringBuilder yaml = new StringBuilder("version: 1\nsources:\n");
        people(yaml);
        places(yaml);
        timed(yaml, "events", List.of(Map.entry("uid", "BIGINT")));
        timed(yaml, "visits", List.of(Map.entry("city", "VARCHAR"), Map.entry("nr", "INTEGER")));
        for (Map.Entry<String, Table> table : tables.entrySet()) {
            table.getValue().write(connection, directory.resolve(file(table.getKey())));
        }
        yaml.append(
                "entities:\n  person:\n    keys: {uid: BIGINT}\n  place:\n    keys: {city: VARCHAR, nr: INTEGER}\n");
        yaml.append("features:\n");
        features(yaml);
        Path file = Files.writeString(directory.resolve("catalog.yaml"), yaml.toString());
        catalog = Catalog.load(file);
        reference = new Reference(catalog, tables, EXPRESSIONS);
    }

    private static String file(String table) {
        return table.equals("places") ? table + ".csv" : table + ".parquet";
    }

    private void people(StringBuilder yaml) {
        Map<String, String> types = new LinkedHashMap<>();
        types.put("uid", "BIGINT");
        types.put("home", "VARCHAR");
        types.put("home_nr", "INTEGER");
        types.put("score", "DOUBLE");
        List<Map<String, @Nullable Object>> rows = new ArrayList<>();
        for (int i = random.nextInt(8); i > 0; i--) {
            Map<String, @Nullable Object> row = new HashMap<>();
            row.put("uid", uid());
            row.put("home", city());
            row.put("home_nr", nr());
            row.put("score", maybe(random.nextInt(9) / 4.0));
            rows.add(row);
        }
        tables.put("people", new Table(types, rows));
        yaml.append("  people:\n    files: people.parquet\n");
    }

    private void places(StringBuilder yaml) {
        Map<String, String> types = new LinkedHashMap<>();
        types.put("city", "VARCHAR");
        types.put("nr", "INTEGER");
        types.put("size", "BIGINT");
        List<Map<String, @Nullable Object>> rows = new ArrayList<>();
        for (int i = random.nextInt(8); i > 0; i--) {
            Map<String, @Nullable Object> row = new HashMap<>();
            row.put("city", city());
            row.put("nr", nr());
            row.put("size", maybe((long) random.nextInt(100)));
            rows.add(row);
        }
        tables.put("places", new Table(types, rows));
        yaml.append("  places:\n    files: places.csv\n    columns: {city: VARCHAR, nr: INTEGER, size: BIGINT}\n");
    }

    private void timed(StringBuilder yaml, String name, List<Map.Entry<String, String>> keys) {
        String timeType = pick(TIME_TYPES);
        String numberType = pick(NUMBER_TYPES);
        boolean created = random.nextBoolean();
        Map<String, String> types = new LinkedHashMap<>();
        keys.forEach(key -> types.put(key.getKey(), key.getValue()));
        types.put("at", timeType);
        types.put("amount", numberType);
        types.put("label", "VARCHAR");
        if (created) {
            types.put("known", random.nextBoolean() ? "TIMESTAMP" : "TIMESTAMP WITH TIME ZONE");
        }
        List<Map<String, @Nullable Object>> rows = new ArrayList<>();
        for (int i = random.nextInt(10) == 0 ? 0 : random.nextInt(40); i > 0; i--) {
            Map<String, @Nullable Object> row = new HashMap<>();
            if (types.containsKey("uid")) {
                row.put("uid", uid());
            } else {
                row.put("city", city());
                row.put("nr", nr());
            }
            Long at = time(timeType);
            row.put("at", at);
            row.put("amount", number(numberType));
            row.put("label", maybe("l" + random.nextInt(4)));
            if (created) {
                long late = at == null ? 0 : random.nextInt(3) * (random.nextInt(20) * HOUR);
                row.put("known", maybe((at == null ? START : at) + late));
            }
            rows.add(row);
        }
        tables.put(name, new Table(types, rows));
        yaml.append("  ").append(name).append(":\n    files: [").append(name).append(".parquet]\n    event_time: at\n");
        if (created) {
            yaml.append("    created_at: known\n");
        }
    }

    private void features(StringBuilder yaml) {
        person(yaml, "home", "{source: people, column: home}");
        person(yaml, "home_nr", "{source: people, column: home_nr}");
        person(yaml, "score", "{source: people, column: score}");
        person(yaml, "last_label", "{source: events, latest: label" + ttl() + asOf() + "}");
        person(yaml, "last_amount", "{source: events, latest: amount" + ttl() + asOf() + "}");
        person(yaml, "times", "{source: events, aggregate: count, over: " + pick(WINDOWS) + asOf() + "}");
        place(yaml, "size", "{source: places, column: size}");
        place(yaml, "last_visit", "{source: visits, latest: amount" + ttl() + asOf() + "}");
        for (String function : List.of("count", "sum", "mean", "min", "max", "stddev", "approx_distinct", "last")) {
            String column = ", column: " + (numeric(function) || random.nextBoolean() ? "amount" : "label");
            String rest = column + ", over: " + pick(WINDOWS) + asOf() + "}";
            person(yaml, function + "_a", "{source: events, aggregate: " + function + rest);
            place(yaml, function + "_v", "{source: visits, aggregate: " + function + rest);
        }
        person(yaml, "place_size", "{feature: place.size, through: {city: home, nr: home_nr}}");
        person(yaml, "place_sum", "{feature: place.sum_v, through: {city: home, nr: home_nr}}");
        person(yaml, "place_visit", "{feature: place.last_visit, through: {city: home, nr: home_nr}}");
        int n = 0;
        for (String sql : EXPRESSIONS.keySet()) {
            person(yaml, "e" + ++n, "{sql: \"" + sql + "\"}");
        }
    }

    private static Map<String, Function<Map<String, @Nullable Object>, @Nullable Object>> expressions() {
        Map<String, Function<Map<String, @Nullable Object>, @Nullable Object>> known = new LinkedHashMap<>();
        known.put("upper(last_label)", names -> {
            Object label = names.get("last_label");
            return label == null ? null : label.toString().toUpperCase(Locale.ROOT);
        });
        known.put("CASE WHEN score IS NULL THEN 'none' WHEN score > 1 THEN 'high' ELSE 'low' END", names -> {
            Object score = names.get("score");
            return score == null ? "none" : (Double) score > 1 ? "high" : "low";
        });
        known.put("times * 10 + uid", names -> {
            Object times = names.get("times");
            Object uid = names.get("uid");
            return times == null || uid == null ? null : (Long) times * 10 + (Long) uid;
        });
        known.put("place_size IS NOT NULL AND person.times > 0", names -> {
            Object times = names.get("times");
            return names.get("place_size") != null && times != null && (Long) times > 0;
        });
        // An expression over an expression.
        known.put("coalesce(e3, -1) + coalesce(place_size, 0)", names -> {
            Object e3 = names.get("e3");
            Object size = names.get("place_size");
            return (e3 == null ? -1 : (Long) e3) + (size == null ? 0 : (Long) size);
        });
        return known;
    }

    private static boolean numeric(String function) {
        return List.of("sum", "mean", "stddev").contains(function);
    }

    private void person(StringBuilder yaml, String name, String definition) {
        personFeatures.add("person." + name);
        yaml.append("  person.").append(name).append(": ").append(definition).append('\n');
    }

    private void place(StringBuilder yaml, String name, String definition) {
        placeFeatures.add("place." + name);
        yaml.append("  place.").append(name).append(": ").append(definition).append('\n');
    }

    private String ttl() {
        return random.nextBoolean() ? "" : ", ttl: " + pick(WINDOWS);
    }

    private String asOf() {
        return random.nextBoolean() ? "" : ", as_of: before";
    }

    @Nullable Long uid() {
        return maybe((long) random.nextInt(4));
    }

    @Nullable String city() {
        return maybe(random.nextInt(2) == 0 ? "Oslo" : "Rome");
    }

    @Nullable Long nr() {
        return maybe((long) random.nextInt(2));
    }

    /** An instant that events may lie on exactly, a microsecond beside, or at midnight. */
    @Nullable Long time(String type) {
        long hours = START + random.nextInt(50) * HOUR;
        if (type.equals("DATE")) {
            return maybe(Math.floorDiv(hours, 24 * HOUR) * 24 * HOUR);
        }
        return maybe(hours + (random.nextInt(4) == 0 ? random.nextInt(3) - 1 : 0));
    }

    private @Nullable Object number(String type) {
        Object number = switch (type) {
            case "DOUBLE" -> random.nextInt(100) / 8.0 - 3;
            case "DECIMAL(10,2)", "DECIMAL(30,2)" -> BigDecimal.valueOf(random.nextInt(10_000) - 2_000, 2);
            default -> (long) random.nextInt(30) - 10;
        };
        return maybe(number);
    }

    <T> T pick(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    Random random() {
        return random;
    }

    private <T> @Nullable T maybe(T value) {
        return random.nextInt(10) == 0 ? null : value;
    }
}
