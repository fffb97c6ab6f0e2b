package io.quarry.engine.reference;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.OfflineQuery;
import io.quarry.engine.catalog.Catalog;
import io.quarry.engine.plan.PlanException;
import io.quarry.engine.plan.PlanInputs;
import io.quarry.engine.plan.PlannedColumn;
import io.quarry.engine.plan.Planner;
import io.quarry.engine.plan.QueryPlan;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** 200 generated queries, ten over each of 20 generated catalogs, answered by the planner and by nested loops. */
class ReferenceTest {
    private static final int QUESTIONS = 10;

    @TempDir
    Path root;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void plannedAnswersAreThoseOfNestedLoops(long seed) throws Exception {
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = connection.createStatement()) {
            statement.execute("SET threads = 2");
            statement.execute("SET TimeZone = 'UTC'");
            World world = new World(seed, root, connection);
            Path inputs = Files.createDirectory(root.resolve("inputs"));
            for (int number = 0; number < QUESTIONS; number++) {
                Question question = Question.of(world, number, inputs, connection);
                compare(
                        "world " + seed + " question " + number,
                        world.catalog,
                        world.reference,
                        question,
                        inputs,
                        connection);
            }
        }
    }

    static void compare(
            String name, Catalog catalog, Reference reference, Question question, Path inputs, Connection connection)
            throws SQLException {
        QueryPlan plan;
        try {
            plan = Planner.plan(
                    catalog, question.query(), Question.STARTED, PlanInputs.on(connection, List.of(inputs)));
        } catch (PlanException refused) {
            throw new AssertionError(name + " was refused: " + question.query(), refused);
        }
        plan.prepare(connection);
        List<List<@Nullable Object>> found = found(plan, connection);
        List<List<@Nullable Object>> expected = expected(reference, question, plan);
        if (!plan.ordered()) {
            found.sort(Comparator.comparing(Object::toString));
            expected.sort(Comparator.comparing(Object::toString));
        }
        assertThat(found).as("%s: rows of %s", name, question.query()).hasSameSizeAs(expected);
        for (int row = 0; row < found.size(); row++) {
            for (int column = 0; column < plan.columns().size(); column++) {
                String named = plan.columns().get(column).name();
                Object is = found.get(row).get(column);
                Object should = expected.get(row).get(column);
                assertThat(same(named, should, is))
                        .as(
                                "%s row %s %s: expected %s but was %s in %s; %s%n%s",
                                name,
                                row,
                                named,
                                should,
                                is,
                                found.get(row),
                                question,
                                catalog.feature(feature(named, plan)))
                        .isTrue();
            }
        }
    }

    private static String feature(String column, QueryPlan plan) {
        return column.contains(".")
                ? column
                : plan.columns().get(plan.columns().size() - 1).name();
    }

    private static List<List<@Nullable Object>> found(QueryPlan plan, Connection connection) throws SQLException {
        List<List<@Nullable Object>> found = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(plan.sql())) {
            while (rows.next()) {
                List<@Nullable Object> row = new ArrayList<>();
                for (int i = 1; i <= plan.columns().size(); i++) {
                    row.add(plain(rows.getObject(i)));
                }
                found.add(row);
            }
        }
        return found;
    }

    static @Nullable Object plain(@Nullable Object value) {
        if (value instanceof OffsetDateTime time) {
            return micros(time.toInstant());
        }
        if (value instanceof Timestamp time) {
            return micros(time.toLocalDateTime().toInstant(ZoneOffset.UTC));
        }
        if (value instanceof LocalDate day) {
            return micros(day.atStartOfDay().toInstant(ZoneOffset.UTC));
        }
        if (value instanceof Date day) {
            return micros(day.toLocalDate().atStartOfDay().toInstant(ZoneOffset.UTC));
        }
        if (value instanceof Integer || value instanceof Short) {
            return ((Number) value).longValue();
        }
        return value;
    }

    private static long micros(Instant instant) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, instant);
    }

    private static List<List<@Nullable Object>> expected(Reference reference, Question question, QueryPlan plan) {
        OfflineQuery query = question.query();
        List<List<@Nullable Object>> expected = new ArrayList<>();
        int taken = 0;
        for (int i = 0; i < question.rows().size(); i++) {
            Map<String, @Nullable Object> row = question.rows().get(i);
            Long time = question.times().get(i);
            if (!inBounds(query, time) || (query.getMaxRows() != null && taken >= query.getMaxRows())) {
                continue;
            }
            taken++;
            boolean complete = query.getRequiredOutputs().stream()
                    .allMatch(required -> reference.value(required, row, time) != null);
            if (complete) {
                List<@Nullable Object> values = new ArrayList<>();
                for (PlannedColumn column : plan.columns()) {
                    if (column.name().equals(QueryPlan.TIME_COLUMN)) {
                        values.add(time);
                    } else if (question.columns().contains(column.name())) {
                        values.add(row.get(column.name()));
                    } else {
                        values.add(reference.value(column.name(), row, time));
                    }
                }
                expected.add(values);
            }
        }
        return expected;
    }

    private static boolean inBounds(OfflineQuery query, @Nullable Long time) {
        Instant lower = query.getLowerBound();
        Instant upper = query.getUpperBound();
        return (lower == null || (time != null && time >= micros(lower)))
                && (upper == null || (time != null && time < micros(upper)));
    }

    private static boolean same(String column, @Nullable Object expected, @Nullable Object found) {
        if (expected == null || found == null) {
            return expected == found;
        }
        if (expected instanceof Number a && found instanceof Number b) {
            double difference = Math.abs(a.doubleValue() - b.doubleValue());
            // A sketch of few values is exact but for collisions of their hashes.
            double allowed = column.contains("approx_distinct")
                    ? 1 + a.doubleValue() / 10
                    : 1e-9 * Math.max(1, Math.abs(a.doubleValue()));
            return difference <= allowed;
        }
        return expected.equals(found);
    }
}
