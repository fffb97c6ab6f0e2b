package io.quarry.worker;

import io.quarry.avro.Job;
import io.quarry.avro.Progress;
import io.quarry.engine.JobContext;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What one attempt may use; its directories are made when they are first asked for. The handler's threads call it, and the worker's to stop the attempt and to read its progress. */
final class AttemptContext implements JobContext {
    private static final Logger LOG = LoggerFactory.getLogger(AttemptContext.class);
    private static final int LONGEST_LINE = 500;
    private static final Progress NOTHING = Progress.newBuilder().build();

    private final Claim claim;
    private final Instant startedAt;
    private final Directories directories;
    private @Nullable Path scratch;
    private @Nullable Path output;
    private final WorkerSize size;
    private final ProcessMemory memory;
    private final Runnable abandon;
    private volatile Progress reported = NOTHING;
    private final List<Runnable> interrupts = new ArrayList<>();
    private volatile @Nullable String lastLine;
    private volatile boolean stopping;

    AttemptContext(
            Claim claim,
            Instant startedAt,
            Directories directories,
            WorkerSize size,
            ProcessMemory memory,
            Runnable abandon) {
        this.claim = claim;
        this.startedAt = startedAt;
        this.directories = directories;
        this.size = size;
        this.memory = memory;
        this.abandon = abandon;
    }

    @Override
    public Job job() {
        return claim.job();
    }

    @Override
    public int attempt() {
        return claim.attempt();
    }

    @Override
    public UUID claim() {
        return claim.id();
    }

    @Override
    public Instant startedAt() {
        return startedAt;
    }

    @Override
    public synchronized Path scratch() {
        Path known = scratch;
        if (known == null) {
            known = directories.createScratch(claim);
            scratch = known;
        }
        return known;
    }

    @Override
    public synchronized Path output() {
        Path known = output;
        if (known == null) {
            known = directories.createOutput(claim);
            output = known;
        }
        return known;
    }

    @Override
    public long memoryBytes() {
        return size.memoryBytes();
    }

    @Override
    public long spillBytes() {
        return size.spillBytes();
    }

    @Override
    public int threads() {
        return size.threads();
    }

    @Override
    public void progress(Progress progress) {
        // Made good on the handler's thread: what cannot be written would end the heartbeats.
        Progress whole = Progress.newBuilder(progress).build();
        reported = whole.getPhase().length() > LONGEST_LINE
                ? Progress.newBuilder(whole).setPhase(cut(whole.getPhase())).build()
                : whole;
    }

    @Override
    public boolean stopping() {
        return stopping;
    }

    @Override
    public void onStop(Runnable interrupt) {
        synchronized (interrupts) {
            if (!stopping) {
                interrupts.add(interrupt);
                return;
            }
        }
        interrupt.run();
    }

    @Override
    public void abandon() {
        abandon.run();
    }

    @Override
    public void log(String line) {
        lastLine = cut(line);
        LOG.atInfo()
                .addKeyValue("jobId", claim.job().getId())
                .addKeyValue("attempt", claim.attempt())
                .log("handler: {}", lastLine);
    }

    /**
     * Tells the handler to stop.
     *
     * @return what it registered, to be called in this order; nothing the second time
     */
    List<Runnable> stop() {
        synchronized (interrupts) {
            if (stopping) {
                return List.of();
            }
            stopping = true;
            return List.copyOf(interrupts);
        }
    }

    /** What the handler reported last, with the process's memory and the last line of the log where it said nothing of them. */
    Progress progress() {
        Progress said = reported;
        ProcessMemory.Sample sample = memory.sample();
        String line = said.getLogLine() == null ? lastLine : said.getLogLine();
        return new Progress(
                said.getPhase(),
                said.getFraction(),
                said.getRows(),
                said.getMemoryBytes() == 0 ? sample.now() : said.getMemoryBytes(),
                Math.max(said.getPeakMemoryBytes(), sample.peak()),
                said.getSpillBytes(),
                line == null ? null : cut(line));
    }

    private static String cut(String text) {
        return text.length() > LONGEST_LINE ? text.substring(0, LONGEST_LINE) : text;
    }
}
