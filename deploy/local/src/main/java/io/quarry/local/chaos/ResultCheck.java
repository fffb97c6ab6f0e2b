package io.quarry.local.chaos;

import io.quarry.avro.Manifest;
import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.stream.Collectors;

/** Reads published results as anybody would, and compares them with what the question has for an answer. */
final class ResultCheck implements AutoCloseable {
    private final Connection connection;

    ResultCheck() throws SQLException {
        this.connection = DriverManager.getConnection("jdbc:duckdb:");
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET threads = 1");
            statement.execute("SET memory_limit = '128MiB'");
        }
    }

    /** What is wrong with a result; empty when nothing is. */
    Optional<String> wrong(Question question, Manifest manifest) {
        Path place = Path.of(URI.create(manifest.getLocation()));
        String files = manifest.getFiles().stream()
                .map(file -> "'" + place.resolve(file).toString().replace("'", "''") + "'")
                .collect(Collectors.joining(", "));
        String work = question.heavy() ? "sum(\"number.work\")::BIGINT" : "0";
        String sql =
                "SELECT count(DISTINCT n), sum(n)::BIGINT, sum(\"number.square\")::BIGINT, count(\"number.name\"), "
                        + work + ", count(*), count_if(\"number.name\" <> 'n' || n) FROM read_parquet([" + files + "])";
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            Question.Sums found =
                    new Question.Sums(row.getLong(1), row.getLong(2), row.getLong(3), row.getLong(4), row.getLong(5));
            if (!found.equals(question.expected()) || row.getLong(6) != question.rows() || row.getLong(7) != 0) {
                return Optional.of("found " + found + ", expected " + question.expected());
            }
            return Optional.empty();
        } catch (SQLException e) {
            return Optional.of("cannot be read: " + e.getMessage());
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
