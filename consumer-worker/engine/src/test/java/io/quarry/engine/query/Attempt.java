package io.quarry.engine.query;

import io.quarry.avro.Job;
import io.quarry.avro.OfflineQuery;
import io.quarry.avro.Progress;
import io.quarry.engine.JobContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A job context that records: directories below a temporary one, progress kept, stopped by hand. */
class Attempt implements JobContext {
    static final Instant STARTED = Instant.parse("2024-03-10T12:00:00Z");

    final List<Progress> progress = new CopyOnWriteArrayList<>();
    private final Job job;
    private final Path root;
    private final UUID claim = UUID.fromString("00000000-0000-4000-8000-000000000001");
    private long memoryBytes = 3L << 30;
    private long spillBytes = 1L << 30;
    private volatile boolean stopping;
    private volatile @Nullable Runnable interrupt;

    Attempt(Path root, Job job) {
        this.root = root;
        this.job = job;
        try {
            Files.createDirectories(scratch());
            Files.createDirectories(output());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Attempt of(Path root, OfflineQuery query) {
        return new Attempt(
                root, Job.newBuilder().setId("job-1").setOfflineQuery(query).build());
    }

    Attempt memory(long bytes) {
        memoryBytes = bytes;
        return this;
    }

    Attempt spill(long bytes) {
        spillBytes = bytes;
        return this;
    }

    synchronized void stop() {
        stopping = true;
        Runnable registered = interrupt;
        if (registered != null) {
            registered.run();
        }
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
        return claim;
    }

    @Override
    public Instant startedAt() {
        return STARTED;
    }

    @Override
    public Path scratch() {
        return root.resolve("scratch");
    }

    @Override
    public Path output() {
        return root.resolve("datasets/job-1/1-" + claim);
    }

    @Override
    public long memoryBytes() {
        return memoryBytes;
    }

    @Override
    public long spillBytes() {
        return spillBytes;
    }

    @Override
    public int threads() {
        return 2;
    }

    @Override
    public void progress(Progress news) {
        progress.add(news);
    }

    @Override
    public boolean stopping() {
        return stopping;
    }

    @Override
    public synchronized void onStop(Runnable registered) {
        interrupt = registered;
        if (stopping) {
            registered.run();
        }
    }

    @Override
    public void log(String line) {}
}
