package io.quarry.engine.query;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * A statement over storage that does not answer: a pipe that nobody writes to, which DuckDB waits for within the operating system
 * while it plans. No interrupt gets it out of there.
 */
final class SilentStorage implements AutoCloseable {
    private final Path pipe;
    private final Connection connection;
    private final Statement statement;
    private final Thread thread;

    SilentStorage(Path directory) throws IOException, InterruptedException, SQLException {
        this.pipe = directory.resolve("silent.parquet");
        Process made = new ProcessBuilder("mkfifo", pipe.toString()).inheritIO().start();
        if (made.waitFor() != 0) {
            throw new IOException("mkfifo does not make " + pipe);
        }
        this.connection = DriverManager.getConnection("jdbc:duckdb:");
        this.statement = connection.createStatement();
        this.thread = new Thread(this::read, "reads-silent-storage");
        thread.start();
        while (!isWithinTheEngine()) {
            Thread.onSpinWait();
        }
    }

    private void read() {
        try {
            boolean unused = statement.execute("SELECT * FROM read_parquet('" + pipe + "')");
        } catch (SQLException end) {
            // What else: it is no Parquet file.
            return;
        }
    }

    private boolean isWithinTheEngine() {
        StackTraceElement[] stack = thread.getStackTrace();
        return stack.length > 0
                && stack[0].isNativeMethod()
                && stack[0].getClassName().contains("DuckDBNative");
    }

    Statement statement() {
        return statement;
    }

    boolean waits() {
        return thread.isAlive();
    }

    /** Answers at last. */
    @Override
    public void close() throws IOException, SQLException {
        // A pipe that is opened once more is closed by its reader: the engine does so when it finds no Parquet file.
        Files.newOutputStream(pipe).close();
        statement.close();
        connection.close();
    }
}
