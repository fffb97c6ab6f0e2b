package io.quarry.engine.bench;

import io.quarry.avro.Job;
import io.quarry.avro.Progress;
import io.quarry.engine.JobContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.UUID;

/** What a query of the bench runs in: directories below one, nobody who listens or stops it. */
final class BenchContext implements JobContext {
    private static final UUID CLAIM = new UUID(0, 0);

    private final Job job;
    private final QueryBench.Settings settings;
    private final Instant startedAt;
    private final Path scratch;
    private final Path output;

    BenchContext(Path root, Job job, QueryBench.Settings settings, Instant startedAt) throws IOException {
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
    public void progress(Progress progress) {}

    @Override
    public boolean stopping() {
        return false;
    }

    @Override
    public void onStop(Runnable interrupt) {}

    @Override
    public void log(String line) {}
}
