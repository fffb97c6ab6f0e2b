package io.quarry.local.audit;

import io.quarry.local.audit.Excuses.FirstClaim;
import io.quarry.local.audit.StartOrder.Start;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Consumer;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;
import org.jspecify.annotations.Nullable;

/**
 * The facts of all topics, brought together by job: a DuckDB database on disk, whose sorts and joins spill there too, so that
 * memory stays the same however many jobs there are. Not safe for use by several threads.
 */
final class FactStore implements AutoCloseable {
    private static final String SCHEMA = """
            CREATE TABLE facts (job1 BIGINT, job2 BIGINT, topic TINYINT, kind TINYINT, part INTEGER, off BIGINT,
              attempt INTEGER, claim BIGINT, code INTEGER, id VARCHAR);
            CREATE TABLE starts (queue VARCHAR, off BIGINT, made BIGINT, logged BIGINT, worker BIGINT,
              deliveries INTEGER);
            CREATE TABLE results (job1 BIGINT, job2 BIGINT, claim BIGINT, off BIGINT, id VARCHAR, location VARCHAR,
              files VARCHAR, bytes BIGINT);
            CREATE TABLE disk (job1 BIGINT, job2 BIGINT, claim BIGINT, place VARCHAR);
            CREATE TABLE unreadable (topic VARCHAR, off BIGINT);
            CREATE TABLE kept (topic VARCHAR, off BIGINT);
            """;

    private static final List<Fact.Kind> KINDS = List.of(Fact.Kind.values());

    /** What a fact takes while it is sorted, and twice that. */
    private static final long SORTED_ROW_BYTES = 1_000;

    private final long memoryBytes;
    private final Instant made;
    private final DuckDBConnection connection;
    private final DuckDBAppender facts;
    private final DuckDBAppender starts;
    private final DuckDBAppender results;
    private final DuckDBAppender disk;
    private final DuckDBAppender unreadable;
    private final DuckDBAppender kept;
    private final Hashes hashes = new Hashes();

    /** Receives rows one after the other. */
    @FunctionalInterface
    interface Rows {
        void row(ResultSet row) throws SQLException;
    }

    FactStore(Path scratch, long memoryBytes) throws SQLException {
        this.memoryBytes = memoryBytes;
        Path spill = scratch.resolve("spill");
        try {
            Files.createDirectories(spill);
            this.made = Files.getLastModifiedTime(spill).toInstant();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Properties settings = new Properties();
        settings.setProperty("memory_limit", memoryBytes / (1 << 20) + "MiB");
        settings.setProperty("threads", "2");
        settings.setProperty("preserve_insertion_order", "false");
        settings.setProperty("jdbc_stream_results", "true");
        connection =
                (DuckDBConnection) DriverManager.getConnection("jdbc:duckdb:" + scratch.resolve("facts.db"), settings);
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET temp_directory = '" + spill.toString().replace("'", "''") + "'");
            for (String table : SCHEMA.split(";", -1)) {
                if (!table.isBlank()) {
                    statement.execute(table);
                }
            }
        }
        facts = connection.createAppender("facts");
        starts = connection.createAppender("starts");
        results = connection.createAppender("results");
        disk = connection.createAppender("disk");
        unreadable = connection.createAppender("unreadable");
        kept = connection.createAppender("kept");
    }

    /** When it was made, by the clock that files are dated by. */
    Instant made() {
        return made;
    }

    /** Stores what a record says about a job; the id stands with what makes a job known, which is enough to name it. */
    void add(String job, Fact fact) throws SQLException {
        long[] hash = hashes.of(job);
        boolean named = fact.kind() == Fact.Kind.APPENDED
                || fact.kind() == Fact.Kind.SUBMITTED
                || fact.kind() == Fact.Kind.CLAIMED
                || fact.kind() == Fact.Kind.ROW;
        facts.beginRow();
        facts.append(hash[0]);
        facts.append(hash[1]);
        facts.append((byte) fact.kind().topic());
        facts.append((byte) KINDS.indexOf(fact.kind()));
        facts.append(fact.partition());
        facts.append(fact.offset());
        facts.append(fact.attempt());
        facts.append(fact.claim());
        facts.append(fact.code());
        facts.append(named ? job : null);
        facts.endRow();
    }

    /** Stores a claim, from whatever queue. */
    void start(String queue, Start start, @Nullable String worker, int deliveries) throws SQLException {
        starts.beginRow();
        starts.append(queue);
        starts.append(start.offset());
        starts.append(start.made());
        starts.append(start.logged());
        starts.append(hashes.shortOf(worker));
        starts.append(deliveries);
        starts.endRow();
    }

    void result(String job, @Nullable String claim, long offset, String location, List<String> files, long bytes)
            throws SQLException {
        long[] hash = hashes.of(job);
        results.beginRow();
        results.append(hash[0]);
        results.append(hash[1]);
        results.append(hashes.shortOf(claim));
        results.append(offset);
        results.append(job);
        results.append(location);
        results.append(String.join("\n", files));
        results.append(bytes);
        results.endRow();
    }

    void onDisk(String job, String claim, Path place) throws SQLException {
        long[] hash = hashes.of(job);
        disk.beginRow();
        disk.append(hash[0]);
        disk.append(hash[1]);
        disk.append(hashes.shortOf(claim));
        disk.append(place.toString());
        disk.endRow();
    }

    void unreadable(String topic, long offset) throws SQLException {
        place(unreadable, topic, offset);
    }

    void kept(String topic, long offset) throws SQLException {
        place(kept, topic, offset);
    }

    private static void place(DuckDBAppender table, String topic, long offset) throws SQLException {
        table.beginRow();
        table.append(topic);
        table.append(offset);
        table.endRow();
    }

    long hash(@Nullable String text) {
        return hashes.shortOf(text);
    }

    /** Hands over every job's facts, and its name before them. */
    void eachJob(Consumer<Trail> judged) throws SQLException {
        long[] rows = {0};
        query("SELECT count(*) FROM facts", row -> rows[0] = row.getLong(1));
        // A part at a time, so small that its sort needs no disk: one that spilled was seen to give a job's facts in
        // two places.
        long parts = rows[0] / Math.max(1, memoryBytes / SORTED_ROW_BYTES) + 1;
        for (long part = 0; part < parts; part++) {
            eachJobOf(part, parts, judged);
        }
    }

    private void eachJobOf(long part, long parts, Consumer<Trail> judged) throws SQLException {
        String sql = "SELECT job1, job2, kind, part, off, attempt, claim, code, id FROM facts"
                + " WHERE (job2 & 1048575) % ? = ? ORDER BY job1, job2, topic, part, off";
        List<Fact> ofJob = new ArrayList<>();
        @Nullable String[] name = {null};
        long[] current = new long[2];
        query(
                sql,
                row -> {
                    if (!ofJob.isEmpty() && (row.getLong(1) != current[0] || row.getLong(2) != current[1])) {
                        judged.accept(trail(name[0], ofJob));
                        ofJob.clear();
                        name[0] = null;
                    }
                    current[0] = row.getLong(1);
                    current[1] = row.getLong(2);
                    String id = row.getString(9);
                    name[0] = id == null ? name[0] : id;
                    ofJob.add(new Fact(
                            KINDS.get(row.getInt(3)),
                            row.getInt(4),
                            row.getLong(5),
                            row.getInt(6),
                            row.getLong(7),
                            row.getInt(8)));
                },
                parts,
                part);
        if (!ofJob.isEmpty()) {
            judged.accept(trail(name[0], ofJob));
        }
    }

    private static Trail trail(@Nullable String name, List<Fact> facts) {
        Trail trail = new Trail(name == null ? "(unknown)" : name);
        facts.forEach(trail::add);
        return trail;
    }

    /** The queues that were claimed from. */
    List<String> queues() throws SQLException {
        List<String> queues = new ArrayList<>();
        query("SELECT DISTINCT queue FROM starts ORDER BY queue", row -> queues.add(row.getString(1)));
        return queues;
    }

    int workers(String queue) throws SQLException {
        int[] workers = {0};
        query("SELECT count(DISTINCT worker) FROM starts WHERE queue = ?", row -> workers[0] = row.getInt(1), queue);
        return workers[0];
    }

    /** Records of a queue that were claimed. */
    int claimedRecords(String queue) throws SQLException {
        int[] records = {0};
        query("SELECT count(DISTINCT off) FROM starts WHERE queue = ?", row -> records[0] = row.getInt(1), queue);
        return records[0];
    }

    /** Tells of the first claim of each record of a queue in the order of time: when it was made, and when it was logged. */
    void eachStep(String queue, StartOrder order) throws SQLException {
        query(
                "WITH claims AS (SELECT off, arg_min(made, logged) AS made, min(logged) AS logged,"
                        + " row_number() OVER (ORDER BY off) AS place FROM starts WHERE queue = ? GROUP BY off)"
                        + " SELECT place, off, made AS moment, 0 AS step FROM claims"
                        + " UNION ALL SELECT place, off, logged, 1 FROM claims ORDER BY moment, step",
                row -> {
                    if (row.getInt(4) == 0) {
                        order.made(row.getInt(1), row.getLong(2), row.getLong(3));
                    } else {
                        order.logged(row.getInt(1));
                    }
                },
                queue);
    }

    Optional<FirstClaim> firstClaim(String queue, long offset) throws SQLException {
        List<FirstClaim> found = new ArrayList<>();
        query(
                "SELECT logged, worker, deliveries FROM starts WHERE queue = ? AND off = ? ORDER BY logged LIMIT 1",
                row -> found.add(new FirstClaim(row.getLong(1), row.getLong(2), row.getInt(3))),
                queue,
                offset);
        return found.stream().findFirst();
    }

    /** When the first record behind one was claimed, of those whose claims were logged before a time. */
    long overtakenSince(String queue, long offset, long before) throws SQLException {
        long[] since = {before};
        query(
                "SELECT coalesce(min(logged), ?) FROM starts WHERE queue = ? AND off > ? AND logged < ?",
                row -> since[0] = row.getLong(1),
                before,
                queue,
                offset,
                before);
        return since[0];
    }

    /** Whether a worker claimed a record behind one of a queue, or more than one other record, between two times. */
    boolean wentOn(long worker, String queue, long offset, long from, long before) throws SQLException {
        boolean[] on = {false};
        query(
                "SELECT count(*), count_if(queue = ? AND off > ?) FROM starts"
                        + " WHERE worker = ? AND logged >= ? AND logged < ?",
                row -> on[0] = row.getLong(1) > 1 || row.getLong(2) > 0,
                queue,
                offset,
                worker,
                from,
                before);
        return on[0];
    }

    /** What is published: of each job the last row that names a result. */
    void eachResult(Rows rows) throws SQLException {
        query(
                "SELECT arg_max(id, off), arg_max(location, off), arg_max(files, off), arg_max(bytes, off) FROM results"
                        + " GROUP BY job1, job2",
                rows);
    }

    /** Directories on disk whose job has neither a record nor a row. */
    void eachOrphan(Rows rows) throws SQLException {
        query(
                "SELECT place FROM disk WHERE NOT EXISTS"
                        + " (SELECT 1 FROM facts f WHERE f.job1 = disk.job1 AND f.job2 = disk.job2)",
                rows);
    }

    /** Directories on disk whose job is known, and that no result names. */
    long uncollected() throws SQLException {
        long[] count = {0};
        query(
                "SELECT count(*) FROM disk WHERE EXISTS"
                        + " (SELECT 1 FROM facts f WHERE f.job1 = disk.job1 AND f.job2 = disk.job2) AND NOT EXISTS"
                        + " (SELECT 1 FROM results r WHERE r.job1 = disk.job1 AND r.job2 = disk.job2"
                        + " AND r.claim = disk.claim)",
                row -> count[0] = row.getLong(1));
        return count[0];
    }

    long invalid() throws SQLException {
        long[] count = {0};
        query("SELECT count(*) FROM unreadable", row -> count[0] = row.getLong(1));
        return count[0];
    }

    /** Unreadable records of the queues that nobody kept. */
    void eachUnkept(Rows rows) throws SQLException {
        query("SELECT topic, off FROM unreadable ANTI JOIN kept USING (topic, off) ORDER BY topic, off", rows);
    }

    private void query(String sql, Rows rows, Object... arguments) throws SQLException {
        for (DuckDBAppender table : List.of(facts, starts, results, disk, unreadable, kept)) {
            table.flush();
        }
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < arguments.length; i++) {
                statement.setObject(i + 1, arguments[i]);
            }
            try (ResultSet result = statement.executeQuery()) {
                while (result.next()) {
                    rows.row(result);
                }
            }
        }
    }

    @Override
    public void close() throws SQLException {
        for (DuckDBAppender table : List.of(facts, starts, results, disk, unreadable, kept)) {
            table.close();
        }
        connection.close();
    }
}
