package io.quarry.engine.query;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Causes of failures that DuckDB really raises: its messages are no contract, so each is provoked. */
class EngineFailuresTest {
    private static final EngineBudget BUDGET = new EngineBudget(1L << 30, 100L << 20, 20L << 20, 2);

    @TempDir
    Path root;

    @Test
    void tooLittleMemoryIsAMemoryLimitWithLimitAndPeak() throws SQLException {
        Cause cause = cause("query", "SELECT list(range ORDER BY hash(range)) FROM range(50000000)", "");
        assertThat(cause.getType()).isEqualTo(CauseType.MEMORY_LIMIT);
        assertThat(cause.getEvidence())
                .containsEntry("limit_bytes", "104857600")
                .containsEntry("peak_bytes", "77")
                .containsEntry("limited_by", "engine")
                .containsKeys("operation", "used");
    }

    @Test
    void aFullSpillDirectoryIsSpillFull() throws SQLException {
        Cause cause = cause(
                "query",
                "SELECT count(*) FROM (SELECT range r, md5(range::VARCHAR) m FROM range(20000000) ORDER BY m, r OFFSET 1)",
                root.toString());
        assertThat(cause.getType()).isEqualTo(CauseType.SPILL_FULL);
        assertThat(cause.getEvidence()).containsEntry("spill_limit_bytes", "20971520");
    }

    @Test
    void aFullDiskIsDiskFull() throws SQLException {
        Assumptions.assumeTrue(Files.exists(Path.of("/dev/full")), "this machine has no /dev/full");
        Cause cause = cause("query", "COPY (SELECT * FROM range(100000)) TO '/dev/full' (FORMAT parquet)", "");
        assertThat(cause.getType()).isEqualTo(CauseType.DISK_FULL);
    }

    @Test
    void aFullDiskUnderTheManifestIsDiskFull() {
        assertThat(EngineFailures.of(new IOException("No space left on device"), "publish")
                        .jobCause()
                        .getType())
                .isEqualTo(CauseType.DISK_FULL);
        assertThat(EngineFailures.of(new IOException("Input/output error"), "publish")
                        .jobCause()
                        .getType())
                .isEqualTo(CauseType.TRANSIENT_FAILURE);
    }

    @Test
    void anUnknownColumnIsTheUsersErrorWithItsPosition() throws SQLException {
        Cause cause = cause("plan", "SELECT 1,\n  fo FROM range(3)", "");
        assertThat(cause.getType()).isEqualTo(CauseType.USER_ERROR);
        assertThat(cause.getEvidence()).containsEntry("line", "2").containsEntry("column", "3");
    }

    @Test
    void aSyntaxErrorIsTheUsersErrorWithItsPosition() throws SQLException {
        Cause cause = cause("plan", "SELEC 1", "");
        assertThat(cause.getType()).isEqualTo(CauseType.USER_ERROR);
        assertThat(cause.getEvidence()).containsEntry("line", "1").containsEntry("column", "1");
    }

    @Test
    void computationsThatFailEveryTimeAreDeterministic() throws SQLException {
        for (String expression :
                new String[] {"'x'::INTEGER", "9223372036854775807 + range", "range // 0", "error('no')"}) {
            assertThat(cause("query", "SELECT " + expression + " FROM range(1, 3)", "")
                            .getType())
                    .as(expression)
                    .isEqualTo(CauseType.DETERMINISTIC_FAILURE);
        }
    }

    @Test
    void filesThatAreMissingOrCorruptAreInvalidInput() throws SQLException, IOException {
        Path garbage = Files.writeString(root.resolve("garbage.parquet"), "PAR1 this is no Parquet file PAR0");
        Path empty = Files.createFile(root.resolve("empty.parquet"));
        Path torn = root.resolve("torn.parquet");
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = connection.createStatement()) {
            statement.execute("COPY (SELECT range, md5(range::VARCHAR) FROM range(100000)) TO '" + torn + "'");
        }
        byte[] bytes = Files.readAllBytes(torn);
        Arrays.fill(bytes, 100, bytes.length / 2, (byte) 7);
        Files.write(torn, bytes);
        for (Path file : new Path[] {garbage, empty, root.resolve("missing.parquet"), torn}) {
            assertThat(cause("query", "SELECT count(DISTINCT COLUMNS(*)) FROM read_parquet('" + file + "')", "")
                            .getType())
                    .as(file.getFileName().toString())
                    .isEqualTo(CauseType.INVALID_INPUT);
        }
    }

    @Test
    void aValueOfTheWrongTypeInTheInputIsInvalidInput() throws SQLException {
        assertThat(cause("input", "SELECT 'x'::INTEGER", "").getType()).isEqualTo(CauseType.INVALID_INPUT);
    }

    private static Cause cause(String phase, String sql, String spill) throws SQLException {
        Properties properties = new Properties();
        properties.put("threads", "2");
        properties.put("memory_limit", "100MiB");
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:", properties);
                Statement statement = connection.createStatement()) {
            statement.execute("SET temp_directory = '" + spill + "'");
            statement.execute("SET max_temp_directory_size = '20MiB'");
            @Nullable SQLException failure = null;
            try {
                statement.execute(sql);
            } catch (SQLException raised) {
                failure = raised;
            }
            if (failure == null) {
                throw new AssertionError("did not fail: " + sql);
            }
            return EngineFailures.of(failure, phase, BUDGET, 77).jobCause();
        }
    }
}
