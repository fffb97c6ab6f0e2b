package io.quarry.engine.reference;

import io.quarry.avro.InlineColumn;
import io.quarry.avro.IntegerRange;
import io.quarry.avro.OfflineQuery;
import io.quarry.avro.QueryInput;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A generated offline query over a world, with the rows that it asks about.
 *
 * @param query the query
 * @param columns names of the input's columns in order
 * @param rows the input's rows
 * @param times instant of each row in microseconds
 */
record Question(
        OfflineQuery query,
        List<String> columns,
        List<Map<String, @Nullable Object>> rows,
        List<@Nullable Long> times) {
    static final Instant STARTED = Instant.parse("2024-03-10T18:00:00Z");

    static Question of(World world, int number, Path inputs, Connection connection) throws SQLException {
        Random random = world.random();
        boolean places = random.nextInt(3) == 0;
        Map<String, String> types = new LinkedHashMap<>();
        types.put("uid", "BIGINT");
        if (places) {
            types.put("city", "VARCHAR");
            types.put("nr", "INTEGER");
        }
        if (random.nextInt(5) == 0) {
            types.put("note", "VARCHAR");
        }
        // A feature that the caller knows already is taken as given.
        boolean given = random.nextInt(6) == 0;
        if (given) {
            types.put("person.score", "DOUBLE");
        }
        List<Map<String, @Nullable Object>> rows = new ArrayList<>();
        int size = random.nextInt(12) == 0 ? 0 : 1 + random.nextInt(15);
        for (int i = 0; i < size; i++) {
            Map<String, @Nullable Object> row = new HashMap<>();
            row.put("uid", world.uid());
            if (places) {
                row.put("city", world.city());
                row.put("nr", world.nr());
            }
            if (types.containsKey("note")) {
                row.put("note", "n" + random.nextInt(3));
            }
            if (given) {
                row.put("person.score", random.nextInt(4) == 0 ? null : random.nextInt(8) / 4.0);
            }
            rows.add(row);
        }
        OfflineQuery.Builder query = OfflineQuery.newBuilder();
        List<@Nullable Long> times = new ArrayList<>();
        int kind = random.nextInt(4);
        switch (kind) {
            case 0 -> inline(world, types, rows, times, query);
            case 1 -> {
                rows = range(world, query, times);
                types.keySet().removeIf(column -> !column.equals("uid"));
                places = false;
            }
            case 2 -> file(world, number, inputs, connection, types, rows, times, query);
            default -> {
                rows = spine(world, query, times);
                types.keySet().removeIf(column -> !column.equals("uid"));
                places = false;
            }
        }
        outputs(world, places, query);
        bounds(random, query);
        if (random.nextInt(8) == 0 && kind != 3) {
            query.setMaxRows(1L + random.nextInt(8));
        }
        return new Question(query.build(), List.copyOf(types.keySet()), rows, times);
    }

    private static void outputs(World world, boolean places, OfflineQuery.Builder query) {
        Set<String> outputs = new LinkedHashSet<>();
        for (int i = 2 + world.random().nextInt(10); i > 0; i--) {
            outputs.add(world.pick(world.personFeatures));
            if (places) {
                outputs.add(world.pick(world.placeFeatures));
            }
        }
        query.setOutputs(List.copyOf(outputs));
        if (world.random().nextInt(4) == 0) {
            query.setRequiredOutputs(List.of(world.pick(world.personFeatures)));
        }
    }

    private static void bounds(Random random, OfflineQuery.Builder query) {
        if (random.nextInt(6) == 0) {
            query.setLowerBound(Table.instant(World.START + random.nextInt(30) * World.HOUR));
        }
        if (random.nextInt(6) == 0) {
            query.setUpperBound(Table.instant(World.START + (20L + random.nextInt(30)) * World.HOUR));
        }
    }

    private static void inline(
            World world,
            Map<String, String> types,
            List<Map<String, @Nullable Object>> rows,
            List<@Nullable Long> times,
            OfflineQuery.Builder query) {
        List<InlineColumn> columns = new ArrayList<>();
        boolean column = world.random().nextBoolean();
        if (column) {
            types.put("ts", "TIMESTAMP WITH TIME ZONE");
            query.setTimeColumn("ts");
            for (Map<String, @Nullable Object> row : rows) {
                Long time = world.time("TIMESTAMP");
                times.add(time);
                row.put("ts", time);
            }
        } else {
            inputTimes(world, rows.size(), times, query);
        }
        types.keySet().forEach(name -> {
            List<Object> values = new ArrayList<>();
            for (Map<String, @Nullable Object> row : rows) {
                Object value = row.get(name);
                values.add(
                        name.equals("ts") && value != null
                                ? Table.instant((Long) value)
                                        .atOffset(ZoneOffset.ofHours(
                                                world.random().nextInt(24) - 12))
                                        .toString()
                                : value);
            }
            columns.add(new InlineColumn(name, values));
        });
        query.setInput(QueryInput.newBuilder().setColumns(columns).build());
    }

    /** None, one for all, or one per row. */
    private static void inputTimes(World world, int size, List<@Nullable Long> times, OfflineQuery.Builder query) {
        int kind = world.random().nextInt(3);
        if (kind == 0 || size < 2) {
            long started = STARTED.getEpochSecond() * 1_000_000L;
            times.addAll(Collections.nCopies(size, started));
            return;
        }
        List<Instant> instants = new ArrayList<>();
        for (int i = 0; i < (kind == 1 ? 1 : size); i++) {
            Long time = world.time("TIMESTAMP");
            long micros = time == null ? World.START : time;
            instants.add(Table.instant(micros));
            times.add(micros);
        }
        if (kind == 1) {
            times.addAll(Collections.nCopies(size - 1, times.get(0)));
        }
        query.setInputTimes(instants);
    }

    private static List<Map<String, @Nullable Object>> range(
            World world, OfflineQuery.Builder query, List<@Nullable Long> times) {
        long start = world.random().nextInt(2);
        long step = 1L + world.random().nextInt(2);
        long end = start + world.random().nextInt(6);
        List<Map<String, @Nullable Object>> rows = new ArrayList<>();
        for (long uid = start; uid < end; uid += step) {
            Map<String, @Nullable Object> row = new HashMap<>();
            row.put("uid", uid);
            rows.add(row);
        }
        query.setInput(QueryInput.newBuilder()
                .setRange(new IntegerRange("uid", start, end, step))
                .build());
        inputTimes(world, rows.size(), times, query);
        return rows;
    }

    private static void file(
            World world,
            int number,
            Path inputs,
            Connection connection,
            Map<String, String> types,
            List<Map<String, @Nullable Object>> rows,
            List<@Nullable Long> times,
            OfflineQuery.Builder query)
            throws SQLException {
        String type = world.pick(List.of("TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "DATE"));
        Map<String, String> quoted = new LinkedHashMap<>();
        types.put("ts", type);
        for (Map<String, @Nullable Object> row : rows) {
            Long time = world.time(type);
            times.add(time);
            row.put("ts", time);
            row.put("\"person.score\"", row.get("person.score"));
        }
        types.forEach((name, column) -> quoted.put(name.contains(".") ? "\"" + name + "\"" : name, column));
        Path file = inputs.resolve("input-" + number + ".parquet");
        new Table(quoted, rows).write(connection, file);
        rows.forEach(row -> row.remove("\"person.score\""));
        query.setInput(
                QueryInput.newBuilder().setFiles(List.of(file.toString())).build());
        query.setTimeColumn("ts");
    }

    private static List<Map<String, @Nullable Object>> spine(
            World world, OfflineQuery.Builder query, List<@Nullable Long> times) {
        query.setInput(QueryInput.newBuilder()
                .setSql("SELECT uid FROM people WHERE uid > 0 UNION ALL SELECT uid FROM events WHERE label = 'l1'")
                .build());
        List<Map<String, @Nullable Object>> rows = new ArrayList<>();
        for (String table : List.of("people", "events")) {
            Table source = world.tables.get(table);
            if (source == null) {
                throw new IllegalStateException(table);
            }
            for (Map<String, @Nullable Object> row : source.rows()) {
                Object uid = row.get("uid");
                boolean taken = table.equals("people") ? uid != null && (Long) uid > 0 : "l1".equals(row.get("label"));
                if (taken) {
                    Map<String, @Nullable Object> asked = new HashMap<>();
                    asked.put("uid", uid);
                    rows.add(asked);
                }
            }
        }
        inputTimesForAll(world, rows.size(), times, query);
        return rows;
    }

    private static void inputTimesForAll(
            World world, int size, List<@Nullable Long> times, OfflineQuery.Builder query) {
        Long time = world.time("TIMESTAMP");
        long micros = time == null ? World.START : time;
        query.setInputTimes(List.of(Table.instant(micros)));
        times.addAll(Collections.nCopies(size, micros));
    }
}
