package io.quarry.engine.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EngineTest {
    @TempDir
    Path root;

    @SuppressWarnings("NullAway.Init")
    private Engine engine;

    @SuppressWarnings("NullAway.Init")
    private Path allowed;

    @BeforeEach
    void open() throws IOException, SQLException {
        allowed = Files.createDirectory(root.resolve("allowed"));
        Files.writeString(root.resolve("source.csv"), "a\n1\n");
        Files.writeString(root.resolve("secret.csv"), "a\n2\n");
        engine = Engine.open(
                new EngineBudget(1L << 30, 256L << 20, 64L << 20, 2),
                root.resolve("spill"),
                List.of(allowed),
                List.of(root.resolve("source.csv")));
    }

    @AfterEach
    void close() throws SQLException {
        engine.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT * FROM read_text('/etc/passwd')",
                "SELECT * FROM read_blob('/proc/self/environ')",
                "SELECT * FROM glob('/etc/*')",
                "SELECT * FROM read_csv('%root/secret.csv')",
                "SELECT * FROM read_csv('%root/*.csv')",
                "SELECT * FROM read_csv('%root/allowed/../secret.csv')",
                "SELECT * FROM '%root/secret.csv'",
                "SELECT * FROM sniff_csv('/etc/passwd')",
                "SELECT getenv('HOME')",
                "ATTACH '%root/other.db'",
                "COPY (SELECT 1) TO '%root/stolen.csv'",
                "COPY (SELECT 1) TO '%root/allowed/../stolen.csv'",
                "EXPORT DATABASE '%root/export'",
                "INSTALL httpfs",
                "LOAD httpfs",
                "SET threads = 64",
                "SET memory_limit = '100GB'",
                "SET enable_external_access = true",
                "SET temp_directory = '/tmp'",
                "RESET lock_configuration",
                "PRAGMA enable_profiling",
                "CALL enable_logging(storage = 'file', storage_path = '%root/log')",
            })
    void whatALockedDownDatabaseMustNotDoIsRefused(String sql) throws IOException {
        List<Path> before = files();

        assertThatThrownBy(() -> execute(sql.replace("%root", root.toString()))).isInstanceOf(SQLException.class);

        assertThat(files()).isEqualTo(before);
    }

    @Test
    void allowedFilesAndDirectoriesStayUsable() throws SQLException {
        assertThat(number("SELECT a FROM read_csv('" + root.resolve("source.csv") + "')"))
                .isEqualTo(1);
        execute("COPY (SELECT 5 AS a) TO '" + allowed.resolve("a.parquet") + "'");
        assertThat(number("SELECT a FROM read_parquet('" + allowed.resolve("a.parquet") + "')"))
                .isEqualTo(5);
    }

    @Test
    void theTimeZoneIsUtcWhereverTheProcessRuns() throws SQLException {
        assertThat(number("SELECT hour(TIMESTAMPTZ '2024-01-01 05:00:00+02')")).isEqualTo(3);
    }

    @Test
    void theLimitsAreTheBudgets() throws SQLException {
        assertThat(number("SELECT current_setting('threads')")).isEqualTo(2);
        assertThat(text("SELECT current_setting('memory_limit')")).startsWith("256.0 MiB");
        assertThat(text("SELECT current_setting('max_temp_directory_size')")).startsWith("64.0 MiB");
        assertThat(text("SELECT current_setting('temp_directory')"))
                .isEqualTo(root.resolve("spill").toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT 1; SELECT 2",
                "SELECT 1) TO '/tmp/x'; --",
                "COPY (SELECT 1) TO '/tmp/x'",
                "DROP TABLE flights",
                "WITH gone AS (DELETE FROM flights RETURNING *) SELECT * FROM gone",
                "WITH more AS (INSERT INTO flights VALUES (1) RETURNING *) SELECT * FROM more",
                "SELECT * FROM read_csv('/etc/passwd')",
                "SELECT * FROM (SELECT * FROM read_text('/etc/passwd'))",
                "SELECT 1 WHERE 1 IN (SELECT 1 FROM glob('/*'))",
                "SELECT * FROM '/etc/passwd'",
                "SELECT * FROM 'flights.parquet'",
                "SELECT * FROM duckdb_settings()",
                "SELECT * FROM query('SELECT 1')",
                "SELECT current_setting('temp_directory')",
                "SELECT getenv('HOME')",
                "FROM enable_logging()",
                "SELEC 1",
                "",
            })
    void aSpineThatIsNotOnePlainSelectIsRefused(String sql) throws SQLException {
        assertThat(SpineGuard.check(engine.connection(), sql)).hasValueSatisfying(violation -> {
            assertThat(violation.field()).isEqualTo("offline_query.input.sql");
            assertThat(violation.rule()).startsWith("must ");
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT origin, date AS ts FROM flights WHERE delay > 10 ORDER BY date LIMIT 10",
                "WITH a AS (SELECT * FROM flights) SELECT * FROM a UNION ALL SELECT * FROM a",
                "SELECT * FROM range(10) t(i), (VALUES (1), (2)) v(x)",
                "FROM flights SELECT unnest([1, 2])",
                "SELECT max(delay) OVER (PARTITION BY origin) FROM flights -- as of now",
            })
    void anOrdinarySpineIsAccepted(String sql) throws SQLException {
        assertThat(SpineGuard.check(engine.connection(), sql)).isEmpty();
    }

    @Test
    void aSpineThatIsNoSelectIsRefusedInWordsOfItsWriter() throws SQLException {
        assertThat(SpineGuard.check(engine.connection(), "DROP TABLE flights"))
                .hasValueSatisfying(
                        violation -> assertThat(violation.rule()).isEqualTo("must be one SELECT, which only reads"));
    }

    @Test
    void aSyntaxErrorOfASpineSaysWhere() throws SQLException {
        assertThat(SpineGuard.check(engine.connection(), "SELECT a FRM flights b"))
                .hasValueSatisfying(violation -> {
                    assertThat(violation.rule())
                            .contains("syntax error at or near")
                            .contains("at character");
                });
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = engine.connection().createStatement()) {
            statement.execute(sql);
        }
    }

    private long number(String sql) throws SQLException {
        return Long.parseLong(text(sql));
    }

    private String text(String sql) throws SQLException {
        try (Statement statement = engine.connection().createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            assertThat(rows.next()).isTrue();
            return rows.getString(1);
        }
    }

    private List<Path> files() throws IOException {
        try (var walk = Files.walk(root)) {
            // What lies in the spill directory goes with the attempt.
            return walk.filter(path -> !path.startsWith(root.resolve("spill")))
                    .sorted()
                    .toList();
        }
    }
}
