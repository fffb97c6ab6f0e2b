package io.quarry.engine.query;

import io.quarry.avro.Progress;
import io.quarry.engine.JobContext;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.duckdb.DuckDBPreparedStatement;
import org.duckdb.QueryProgress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The small thread beside a running attempt: reports progress, repeats an interrupt until it is heeded, and stops the attempt
 * when the process outgrows its memory (DuckDB's own limit does not count what expressions allocate) or the dataset its
 * storage. Where an interrupt is not heeded and the memory stays above the limit, it has the process ended.
 */
final class AttemptWatch implements AutoCloseable {
    static final long INTERVAL_MILLIS = 200;

    /** How long an interrupt may go unheeded above the memory limit; far above it, only until the next look. */
    private static final long PATIENCE_LOOKS = 2000 / INTERVAL_MILLIS;

    private static final Logger LOG = LoggerFactory.getLogger(AttemptWatch.class);

    private final JobContext context;
    private final ProcessMemory memory;
    private final Interruption interruption;
    private final Path spill;
    private final ScheduledExecutorService thread;
    private final Aside engine = new Aside("offline-query-progress");
    private volatile @Nullable Answer answer;
    private volatile String phase = "open";
    private volatile long rows;
    private volatile long peak;
    private volatile long spillPeak;
    private int looksAbove;
    private @Nullable ScheduledFuture<?> looking;

    /** How far a statement was when it was asked. */
    private record Answer(Statement of, @Nullable Double share) {}

    private AttemptWatch(JobContext context, ProcessMemory memory, Interruption interruption, Path spill) {
        this.context = context;
        this.memory = memory;
        this.interruption = interruption;
        this.spill = spill;
        this.thread = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread daemon = new Thread(task, "offline-query-watch");
            daemon.setDaemon(true);
            return daemon;
        });
    }

    static AttemptWatch start(JobContext context, ProcessMemory memory, Interruption interruption, Path spill) {
        memory.resetPeak();
        AttemptWatch watch = new AttemptWatch(context, memory, interruption, spill);
        watch.looking =
                watch.thread.scheduleWithFixedDelay(watch::lookSafely, 0, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
        return watch;
    }

    /** Said at once, so that who looks sees a short phase too. */
    void phase(String name) {
        phase = name;
        thread.execute(() -> report(name, memory.resident()));
    }

    void rows(long written) {
        rows = written;
    }

    long peakBytes() {
        return Math.max(peak, memory.peak());
    }

    long spillPeakBytes() {
        return spillPeak;
    }

    private void lookSafely() {
        try {
            look();
        } catch (RuntimeException bug) {
            // Must not end the watch: it is what stops the attempt.
            LOG.error("progress could not be reported jobId={}", context.job().getId(), bug);
        }
    }

    private void look() {
        long resident = memory.resident();
        peak = Math.max(peak, resident);
        if (resident > context.memoryBytes()) {
            interruption.because(Interruption.Reason.OVER_MEMORY);
        } else if (context.stopping()) {
            interruption.because(Interruption.Reason.STOPPED);
        } else if (datasetBytes() > context.spillBytes()) {
            interruption.because(Interruption.Reason.OVER_STORAGE);
        }
        interruption.again();
        abandonWhenUnheeded(resident);
        report(phase, resident);
    }

    private void report(String name, long resident) {
        long spilled = size(spill);
        spillPeak = Math.max(spillPeak, spilled);
        context.progress(Progress.newBuilder()
                .setPhase(name)
                .setFraction(fraction())
                .setRows(rows)
                .setMemoryBytes(resident)
                .setPeakMemoryBytes(peakBytes())
                .setSpillBytes(spilled)
                .build());
    }

    private void abandonWhenUnheeded(long resident) {
        long limit = context.memoryBytes();
        looksAbove = resident > limit ? looksAbove + 1 : 0;
        boolean far = resident > limit + limit / 4;
        if (looksAbove > (far ? 1 : PATIENCE_LOOKS) && interruption.running() != null) {
            LOG.error(
                    "the engine does not heed its interrupt and outgrew the process's memory jobId={} bytes={} limit={}",
                    context.job().getId(),
                    resident,
                    limit);
            context.abandon();
        }
    }

    /** Bytes of the dataset so far, of which the parts lie one directory deeper while they are written. */
    long datasetBytes() {
        long bytes = 0;
        File[] entries = context.output().toFile().listFiles();
        for (File entry : entries == null ? new File[0] : entries) {
            bytes += entry.isDirectory() ? size(entry.toPath()) : entry.length();
        }
        return bytes;
    }

    /** What the running statement last said of itself, for its next answer may be long in coming. */
    private @Nullable Double fraction() {
        Statement statement = interruption.running();
        if (statement == null) {
            return null;
        }
        engine.say(() -> answer = new Answer(statement, share(statement)));
        Answer last = answer;
        return last != null && last.of == statement ? last.share : null;
    }

    private static @Nullable Double share(Statement statement) {
        try {
            QueryProgress progress =
                    statement.unwrap(DuckDBPreparedStatement.class).getQueryProgress();
            double percentage = progress.getPercentage();
            return percentage < 0 ? null : Math.min(1, percentage / 100);
        } catch (SQLException over) {
            return null;
        }
    }

    private static long size(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.mapToLong(file -> file.toFile().length()).sum();
        } catch (IOException absent) {
            return 0;
        }
    }

    @Override
    public void close() {
        if (looking != null) {
            looking.cancel(false);
        }
        thread.shutdownNow();
        try {
            if (!thread.awaitTermination(5, TimeUnit.SECONDS)) {
                interruption.end();
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }
}
