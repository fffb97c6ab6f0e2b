package io.quarry.engine.bench;

import io.quarry.avro.Job;
import io.quarry.avro.Progress;
import io.quarry.engine.JobContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.UUID;
import java.util.function.LongSupplier;

/** What a query of the bench runs in: directories below one, nobody who listens or stops it. */
final class BenchContext implements JobContext {
    private static final UUID CLAIM = new UUID(0, 0);

    private final Job job;
    private final QueryBench.Settings settings;
    private final Instant startedAt;
    private final Path scratch;
    private final Path output;

    /** Nanoseconds of CPU time of this process, so far. */
    private final LongSupplier cpu;

    private volatile long queryBegan;
    private volatile long queryEnded;

    BenchContext(Path root, Job job, QueryBench.Settings settings, Instant startedAt, LongSupplier cpu)
            throws IOException {
        this.cpu = cpu;
        this.job = job;
        this.settings = settings;
        this.startedAt = startedAt;
        this.scratch = Files.createDirectory(root.resolve("scratch"));
        this.output = Files.createDirectory(root.resolve("output"));
    }

    @Override
    public Job job() {
        return job;
    }

    @Override
    public int attempt() {
        return 1;
    }

    @Override
    public UUID claim() {
        return CLAIM;
    }

    @Override
    public Instant startedAt() {
        return startedAt;
    }

    @Override
    public Path scratch() {
        return scratch;
    }

    @Override
    public Path output() {
        return output;
    }

    @Override
    public long memoryBytes() {
        return settings.memoryBytes();
    }

    @Override
    public long spillBytes() {
        return settings.spillBytes();
    }

    @Override
    public int threads() {
        return settings.threads();
    }

    @Override
    public void progress(Progress progress) {
        boolean querying = "query".equals(progress.getPhase());
        if (querying && queryBegan == 0) {
            queryBegan = cpu.getAsLong();
        } else if (!querying && queryBegan > 0 && queryEnded == 0) {
            queryEnded = cpu.getAsLong();
        }
    }

    /** CPU time of the query phase, once the run is over. */
    long queryCpuMillis() {
        return (queryEnded - queryBegan) / 1_000_000;
    }

    @Override
    public boolean stopping() {
        return false;
    }

    @Override
    public void onStop(Runnable interrupt) {}

    @Override
    public void log(String line) {}
}
