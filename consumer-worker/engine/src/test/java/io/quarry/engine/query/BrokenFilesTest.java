package io.quarry.engine.query;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.InlineColumn;
import io.quarry.avro.OfflineQuery;
import io.quarry.avro.QueryInput;
import io.quarry.engine.HandlerSettings;
import io.quarry.engine.JobFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Files that were good when the worker or the job looked at them first, and are not any more when the attempt runs. */
class BrokenFilesTest {
    private static final String CATALOG = """
            version: 1
            sources:
              users: {files: users.parquet}
              orders: {files: orders.csv, event_time: at}
              parts: {files: "parts/*.parquet"}
            entities:
              user: {keys: {user_id: BIGINT}}
            features:
              user.name: {source: users, column: name}
              user.orders: {source: orders, aggregate: count, over: P30D}
              user.amount: {source: orders, aggregate: sum, column: amount, over: P30D}
              user.part: {source: parts, column: name}
              user.twice: {sql: "user_id * 2"}
            """;

    @TempDir
    Path root;

    @SuppressWarnings("NullAway.Init")
    private Path inputs;

    private final OfflineQueryHandler handler = new OfflineQueryHandler();

    /** What becomes of a file. */
    enum Fate {
        MISSING {
            @Override
            void strike(Path file) throws IOException {
                Files.delete(file);
            }
        },
        DIRECTORY {
            @Override
            void strike(Path file) throws IOException {
                Files.delete(file);
                Files.createDirectory(file);
            }
        },
        EMPTY {
            @Override
            void strike(Path file) throws IOException {
                Files.write(file, new byte[0]);
            }
        },
        TRUNCATED {
            @Override
            void strike(Path file) throws IOException {
                byte[] bytes = Files.readAllBytes(file);
                Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
            }
        },
        TORN {
            @Override
            void strike(Path file) throws IOException {
                byte[] bytes = Files.readAllBytes(file);
                Arrays.fill(bytes, 8, bytes.length / 2, (byte) 7);
                Files.write(file, bytes);
            }
        },
        UNREADABLE {
            @Override
            void strike(Path file) throws IOException {
                Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
                Assumptions.assumeFalse(Files.isReadable(file), "this user may read everything");
            }
        };

        abstract void strike(Path file) throws IOException;
    }

    @BeforeEach
    void data() throws IOException, SQLException {
        root = root.toRealPath();
        inputs = Files.createDirectory(root.resolve("inputs"));
        Files.createDirectory(root.resolve("parts"));
        sql("COPY (SELECT range AS user_id, md5(range::VARCHAR) AS name FROM range(20000)) TO '%s/users.parquet'");
        sql("COPY (SELECT range AS user_id, md5(range::VARCHAR) AS name FROM range(20000)) TO '%s/parts/a.parquet'");
        sql("COPY (SELECT range AS user_id FROM range(20000)) TO '%s/inputs/ids.parquet'");
        StringBuilder orders = new StringBuilder("user_id,at,amount\n");
        for (int row = 0; row < 50_000; row++) {
            orders.append(row % 100).append(",2024-03-09 10:00:00,").append(row).append('\n');
        }
        Files.writeString(root.resolve("orders.csv"), orders);
        Files.writeString(root.resolve("catalog.yaml"), CATALOG);
        handler.open(new HandlerSettings(Map.of(
                "engine.catalog", root.resolve("catalog.yaml").toString(), "engine.input.dirs", inputs.toString())));
    }

    @ParameterizedTest
    @EnumSource(Fate.class)
    void aSourceOfAFeatureIsInvalidInputNamedWithItsFile(Fate fate) throws Exception {
        Path file = root.resolve("users.parquet");
        fate.strike(file);
        named(failure(ids("user.name")), file, "users");
    }

    @ParameterizedTest
    @EnumSource(Fate.class)
    void aSourceOfASpineIsInvalidInputNamedWithItsFile(Fate fate) throws Exception {
        Path file = root.resolve("users.parquet");
        fate.strike(file);
        named(failure(spine("SELECT user_id, name FROM users", "user.twice")), file, "users");
    }

    @ParameterizedTest
    @EnumSource(names = {"MISSING", "DIRECTORY", "EMPTY", "UNREADABLE"})
    void aCsvSourceOfAFeatureIsInvalidInputNamedWithItsFile(Fate fate) throws Exception {
        Path file = root.resolve("orders.csv");
        fate.strike(file);
        named(failure(ids("user.orders")), file, "orders");
    }

    @ParameterizedTest
    @EnumSource(names = {"MISSING", "DIRECTORY", "EMPTY", "UNREADABLE"})
    void aCsvSourceOfASpineIsInvalidInputNamedWithItsFile(Fate fate) throws Exception {
        Path file = root.resolve("orders.csv");
        fate.strike(file);
        named(failure(spine("SELECT user_id FROM orders", "user.twice")), file, "orders");
    }

    @ParameterizedTest
    @EnumSource(Fate.class)
    void aFileThatAGlobOfTheCatalogFoundIsInvalidInputNamedWithItsFile(Fate fate) throws Exception {
        Path file = root.resolve("parts/a.parquet");
        fate.strike(file);
        named(failure(ids("user.part")), file, "parts");
    }

    @ParameterizedTest
    @EnumSource(Fate.class)
    void anInputFileIsInvalidInputNamed(Fate fate) throws Exception {
        Path file = inputs.resolve("ids.parquet");
        fate.strike(file);
        Cause cause = failure(
                query(QueryInput.newBuilder().setFiles(List.of(file.toString())).build(), "user.twice"));
        assertThat(cause.getType()).isEqualTo(CauseType.INVALID_INPUT);
        assertThat(cause.getEvidence().get("path")).contains(file.toString());
        assertThat(cause.getMessage()).contains("ids.parquet");
    }

    /** What a CSV file may look like in its middle. */
    static Stream<UnaryOperator<String>> oddities() {
        return Stream.of(
                line -> "1,2024-03-09 10:00:00,many",
                line -> "1,yesterday,7",
                line -> "1,2024-03-09 10:00:00",
                line -> "1,2024-03-09 10:00:00,7,8,9",
                line -> "1,\"2024-03-09 10:00:00,7");
    }

    @ParameterizedTest
    @MethodSource("oddities")
    void aLineInTheMiddleOfACsvFileThatDoesNotFitIsInvalidInputNamedWithItsLine(UnaryOperator<String> oddity)
            throws Exception {
        Path file = root.resolve("orders.csv");
        List<String> lines = Files.readAllLines(file);
        lines.replaceAll(line -> line.endsWith(",30000") ? oddity.apply(line) : line);
        Files.write(file, lines);
        for (OfflineQuery query : List.of(
                ids("user.amount"),
                spine("SELECT user_id, sum(amount), max(\"at\") FROM orders GROUP BY ALL", "user.twice"))) {
            Cause cause = failure(query);
            named(cause, file, "orders");
            assertThat(cause.getEvidence()).containsEntry("line", "30002");
        }
    }

    @Test
    void columnsOfACsvFileAreTakenByTheirNamesWhateverTheirOrder() throws Exception {
        Path file = root.resolve("orders.csv");
        Files.writeString(file, "more,amount,at,user_id\nx,5,2024-03-09 10:00:00,1\n");
        Attempt attempt = Attempt.of(Files.createTempDirectory(root, "attempt"), ids("user.amount"));

        handler.run(attempt);

        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT \"user.amount\" FROM read_parquet('"
                        + attempt.output().resolve("part-00000.parquet") + "')")) {
            assertThat(rows.next()).isTrue();
            assertThat(rows.getLong(1)).isEqualTo(5);
        }
    }

    @Test
    void aCsvFileThatLostAColumnIsInvalidInputNamed() throws Exception {
        Path file = root.resolve("orders.csv");
        Files.writeString(file, "user_id,at,total\n1,2024-03-09 10:00:00,5\n");
        for (OfflineQuery query : List.of(ids("user.amount"), spine("SELECT user_id FROM orders", "user.twice"))) {
            Cause cause = failure(query);
            named(cause, file, "orders");
            assertThat(cause.getMessage()).contains("amount");
        }
    }

    @Test
    void aValueThatDoesNotFitIsToldWithItsColumn() throws Exception {
        Path file = root.resolve("orders.csv");
        Files.writeString(file, Files.readString(file).replace(",30000\n", ",many\n"));
        assertThat(failure(ids("user.amount")).getEvidence())
                .containsEntry("column", "amount")
                .containsEntry("value", "many");
    }

    private void named(Cause cause, Path file, String source) {
        assertThat(cause.getType()).as("%s", cause).isEqualTo(CauseType.INVALID_INPUT);
        assertThat(cause.getEvidence()).as("%s", cause).containsEntry("path", file.toString());
        assertThat(cause.getEvidence()).as("%s", cause).containsEntry("source", source);
        assertThat(cause.getMessage()).contains(file.getFileName().toString());
    }

    private static OfflineQuery ids(String feature) {
        return query(
                QueryInput.newBuilder()
                        .setColumns(List.of(new InlineColumn("user_id", List.of(1L, 2L))))
                        .build(),
                feature);
    }

    private static OfflineQuery spine(String sql, String feature) {
        return query(QueryInput.newBuilder().setSql(sql).build(), feature);
    }

    private static OfflineQuery query(QueryInput input, String feature) {
        return OfflineQuery.newBuilder()
                .setInput(input)
                .setOutputs(List.of(feature))
                .build();
    }

    private Cause failure(OfflineQuery query) throws IOException, InterruptedException {
        Attempt attempt = Attempt.of(Files.createTempDirectory(root, "attempt"), query);
        try {
            handler.run(attempt);
        } catch (JobFailure failure) {
            assertThat(attempt.output()).isEmptyDirectory();
            return failure.jobCause();
        }
        throw new AssertionError("the job did not fail");
    }

    private void sql(String template) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = connection.createStatement()) {
            statement.execute(template.replace("%s", root.toString()));
        }
    }
}
