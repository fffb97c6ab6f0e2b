package io.quarry.engine.bench;

import com.sun.management.OperatingSystemMXBean;
import io.quarry.avro.Job;
import io.quarry.engine.HandlerSettings;
import io.quarry.engine.JobFailure;
import io.quarry.engine.catalog.Catalog;
import io.quarry.engine.catalog.CatalogException;
import io.quarry.engine.query.Engine;
import io.quarry.engine.query.EngineBudget;
import io.quarry.engine.query.OfflineQueryHandler;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Compares whole offline queries (plan, query, statistics, manifest) with SQL written by hand, which DuckDB copies to Parquet
 * under the same settings. The two alternate, A B A B, in one process, and what is compared is the process's CPU time: on a
 * machine that does other things too, wall time says nothing. Both results are compared for equality first.
 */
public final class QueryBench {
    /** Most CPU time that the engine may take for each second of the SQL written by hand. */
    public static final double LIMIT = 1.10;

    private final Catalog catalog;
    private final Path scratch;
    private final Settings settings;
    private final OfflineQueryHandler handler = new OfflineQueryHandler();
    private final EngineBudget budget;
    private final OperatingSystemMXBean system;
    private int runs;

    private QueryBench(Catalog catalog, Path scratch, Settings settings) {
        this.catalog = catalog;
        this.scratch = scratch;
        this.settings = settings;
        this.budget = EngineBudget.of(
                settings.memoryBytes(), Runtime.getRuntime().maxMemory(), settings.spillBytes(), settings.threads());
        this.system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    }

    /**
     * How to measure.
     *
     * @param rounds measured runs of each side, at least 1
     * @param threads threads of both sides
     * @param memoryBytes memory of the process, as a worker would have it
     * @param spillBytes most bytes spilled
     * @param only names of the queries to run; empty for all
     */
    public record Settings(int rounds, int threads, long memoryBytes, long spillBytes, List<String> only) {
        public Settings {
            if (rounds < 1) {
                throw new IllegalArgumentException("rounds is " + rounds + ": must be at least 1");
            }
            only = List.copyOf(only);
        }

        /** Five rounds with two threads and 3 GiB beside the heap. */
        public static Settings standard() {
            return new Settings(5, 2, Runtime.getRuntime().maxMemory() + (3L << 30), 10L << 30, List.of());
        }
    }

    /**
     * One query's figures. Times are of the measured rounds, in order.
     *
     * @param name name of the query
     * @param rows rows of the result
     * @param equal whether both sides gave the same rows
     * @param engineCpuMillis CPU time of the whole offline query
     * @param queryCpuMillis CPU time of the query phase within it
     * @param handCpuMillis CPU time of the SQL written by hand
     * @param engineMillis wall time of the whole offline query
     * @param handMillis wall time of the SQL written by hand
     * @param queryMillis wall time of the query phase within the offline query
     * @param ratioMin least ratio of CPU times, query phase to SQL written by hand, of a round
     * @param ratioMedian middle one
     * @param ratioMax greatest one
     * @param notQueryShare share of the offline query's wall time that is not its query phase, the middle one
     */
    public record Result(
            String name,
            long rows,
            boolean equal,
            List<Long> engineCpuMillis,
            List<Long> queryCpuMillis,
            List<Long> handCpuMillis,
            List<Long> engineMillis,
            List<Long> handMillis,
            List<Long> queryMillis,
            double ratioMin,
            double ratioMedian,
            double ratioMax,
            double notQueryShare) {}

    /**
     * All figures.
     *
     * @param threads threads of both sides
     * @param engineBytes DuckDB's memory limit of both sides
     * @param rounds rounds measured
     * @param limit what the median ratio is allowed to be
     * @param passed whether all results are equal and all median ratios within the limit
     * @param results figures by query
     */
    public record Report(
            int threads, long engineBytes, int rounds, double limit, boolean passed, List<Result> results) {}

    /**
     * Runs the bench.
     *
     * @param catalogFile the demo's catalog, with the sources flights and airports
     * @param scratch empty directory for everything that is written; left empty
     * @param clock what queries without times are as of
     * @param news told a line before each step, for a person who waits
     * @throws IllegalArgumentException when the catalog is another one or the memory too small
     */
    public static Report run(
            Path catalogFile, Path scratch, Settings settings, InstantSource clock, Consumer<String> news)
            throws CatalogException, IOException, SQLException, JobFailure, InterruptedException {
        QueryBench bench = new QueryBench(Catalog.load(catalogFile), scratch, settings);
        if (!bench.budget.sufficient()) {
            throw new IllegalArgumentException("memoryBytes is " + settings.memoryBytes()
                    + ": leaves the engine no room beside a heap of "
                    + Runtime.getRuntime().maxMemory());
        }
        BenchQuery.all().forEach(query -> query.handSql(bench.catalog));
        bench.handler.open(new HandlerSettings(Map.of("engine.catalog", catalogFile.toString())));
        List<Result> results = new ArrayList<>();
        for (BenchQuery query : BenchQuery.all()) {
            if (settings.only().isEmpty() || settings.only().contains(query.name())) {
                results.add(bench.measure(query, clock, news));
            }
        }
        boolean passed = results.stream().allMatch(result -> result.equal() && result.ratioMedian() <= LIMIT);
        return new Report(settings.threads(), bench.budget.engineBytes(), settings.rounds(), LIMIT, passed, results);
    }

    private record Run(Path output, long rows, long cpuMillis, long queryCpuMillis, long millis, long queryMillis) {}

    private Result measure(BenchQuery query, InstantSource clock, Consumer<String> news)
            throws IOException, SQLException, JobFailure, InterruptedException {
        news.accept(query.name() + ": comparing the results");
        // The first run of each side warms code and file cache up, and is looked at instead of timed.
        Run engine = engine(query, clock);
        Run hand = hand(query);
        boolean equal = equal(engine.output(), hand.output());
        long rows = engine.rows();
        clear(engine.output(), hand.output());
        List<Run> engines = new ArrayList<>();
        List<Run> hands = new ArrayList<>();
        for (int round = 1; round <= settings.rounds(); round++) {
            news.accept(query.name() + ": round " + round + " of " + settings.rounds());
            engines.add(engine(query, clock));
            hands.add(hand(query));
            clear(engines.get(round - 1).output(), hands.get(round - 1).output());
        }
        List<Double> ratios = new ArrayList<>();
        List<Double> shares = new ArrayList<>();
        for (int round = 0; round < settings.rounds(); round++) {
            Run a = engines.get(round);
            ratios.add(
                    a.queryCpuMillis() / (double) Math.max(1, hands.get(round).queryCpuMillis()));
            shares.add((a.millis() - a.queryMillis()) / (double) Math.max(1, a.millis()));
        }
        return new Result(
                query.name(),
                rows,
                equal,
                engines.stream().map(Run::cpuMillis).toList(),
                engines.stream().map(Run::queryCpuMillis).toList(),
                hands.stream().map(Run::queryCpuMillis).toList(),
                engines.stream().map(Run::millis).toList(),
                hands.stream().map(Run::millis).toList(),
                engines.stream().map(Run::queryMillis).toList(),
                Collections.min(ratios),
                median(ratios),
                Collections.max(ratios),
                median(shares));
    }

    private Run engine(BenchQuery query, InstantSource clock) throws IOException, JobFailure, InterruptedException {
        Path root = Files.createDirectory(scratch.resolve("engine-" + ++runs));
        Job job = Job.newBuilder()
                .setId("bench-" + query.name())
                .setOfflineQuery(query.query())
                .build();
        BenchContext context = new BenchContext(root, job, settings, clock.instant(), system::getProcessCpuTime);
        long cpu = system.getProcessCpuTime();
        long began = System.nanoTime();
        var manifest = handler.run(context).orElseThrow();
        return new Run(
                context.output(),
                manifest.getRows(),
                (system.getProcessCpuTime() - cpu) / 1_000_000,
                context.queryCpuMillis(),
                (System.nanoTime() - began) / 1_000_000,
                manifest.getPhasesMs().getOrDefault("query", 0L));
    }

    private Run hand(BenchQuery query) throws IOException, SQLException {
        Path root = Files.createDirectory(scratch.resolve("hand-" + ++runs));
        Path output = Files.createDirectory(root.resolve("output"));
        String sql = query.handSql(catalog);
        long cpu = system.getProcessCpuTime();
        long began = System.nanoTime();
        long rows;
        long queryCpu;
        try (Engine engine = Engine.open(budget, root.resolve("spill"), List.of(output), catalog.files());
                Statement statement = engine.connection().createStatement()) {
            long before = system.getProcessCpuTime();
            rows = statement.executeLargeUpdate("COPY (" + sql + ") TO '"
                    + output.resolve("parts").toString().replace("'", "''")
                    + "' (FORMAT parquet, COMPRESSION zstd, PER_THREAD_OUTPUT true)");
            queryCpu = (system.getProcessCpuTime() - before) / 1_000_000;
        }
        return new Run(
                output.resolve("parts"),
                rows,
                (system.getProcessCpuTime() - cpu) / 1_000_000,
                queryCpu,
                (System.nanoTime() - began) / 1_000_000,
                0);
    }

    /** Whether two datasets hold the same rows, floating point numbers to nine decimals. */
    private static boolean equal(Path one, Path other) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = connection.createStatement()) {
            statement.execute("SET TimeZone = 'UTC'");
            String left = rounded(statement, one);
            String right = rounded(statement, other);
            String difference = "(SELECT count(*) FROM (" + left + " EXCEPT ALL " + right
                    + ")) + (SELECT count(*) FROM (" + right + " EXCEPT ALL " + left + "))";
            try (ResultSet rows = statement.executeQuery("SELECT " + difference)) {
                return rows.next() && rows.getLong(1) == 0;
            }
        }
    }

    private static String rounded(Statement statement, Path directory) throws SQLException {
        String from = "read_parquet('" + directory.toString().replace("'", "''") + "/*.parquet')";
        List<String> columns = new ArrayList<>();
        try (ResultSet none = statement.executeQuery("SELECT * FROM " + from + " LIMIT 0")) {
            ResultSetMetaData described = none.getMetaData();
            for (int i = 1; i <= described.getColumnCount(); i++) {
                String name = "\"" + described.getColumnName(i) + "\"";
                columns.add(
                        described.getColumnTypeName(i).equals("DOUBLE") ? "round(" + name + ", 9) AS " + name : name);
            }
        }
        return "SELECT " + String.join(", ", columns) + " FROM " + from;
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    private void clear(Path... outputs) throws IOException {
        for (Path output : outputs) {
            Path root = scratch.resolve(scratch.relativize(output).getName(0));
            try (Stream<Path> all = Files.walk(root)) {
                for (Path path : all.sorted((a, b) -> b.compareTo(a)).toList()) {
                    Files.delete(path);
                }
            }
        }
    }
}
