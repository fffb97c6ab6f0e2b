package io.quarry.worker;

import io.quarry.avro.CauseType;
import io.quarry.avro.Job;
import io.quarry.avro.Manifest;
import io.quarry.avro.Progress;
import io.quarry.engine.HandlerSettings;
import io.quarry.engine.JobContext;
import io.quarry.engine.JobFailure;
import io.quarry.engine.JobHandler;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A handler that does what the job's payload says: ok, wait, fail, crash, full, oom, abandon, deaf, {@code until <file>}. Tests look at
 * what it did. Only the first word counts.
 */
public class ScriptedHandler implements JobHandler {
    static final String KIND = "scripted";

    /** Ids of the jobs that began, in order. */
    static final List<String> BEGAN = new CopyOnWriteArrayList<>();

    /** Ids of the jobs that were interrupted. */
    static final List<String> INTERRUPTED = new CopyOnWriteArrayList<>();

    private static final Map<String, CountDownLatch> GATES = new ConcurrentHashMap<>();

    /** Lets a job that waits go on. */
    static void open(String id) {
        gate(id).countDown();
    }

    /** Lets all go on, and forgets everything. */
    static void reset() {
        GATES.values().forEach(CountDownLatch::countDown);
        GATES.clear();
        BEGAN.clear();
        INTERRUPTED.clear();
    }

    static CountDownLatch gate(String id) {
        return GATES.computeIfAbsent(id, unused -> new CountDownLatch(1));
    }

    @Override
    public String kind() {
        return KIND;
    }

    /** A worker whose settings say so cannot start. */
    @Override
    public void open(HandlerSettings settings) {
        switch (settings.get("scripted.open").orElse("well")) {
            case "refuse" -> throw new IllegalArgumentException("scripted.open is refuse: must be anything else");
            case "break" -> throw new IllegalStateException("the handler is broken");
            default -> {}
        }
    }

    @Override
    public Optional<Manifest> run(JobContext context) throws JobFailure, InterruptedException {
        Job job = context.job();
        BEGAN.add(job.getId());
        context.onStop(() -> INTERRUPTED.add(job.getId()));
        context.log("began " + job.getId());
        context.progress(Progress.newBuilder().setPhase("scripted").setRows(1).build());
        String script = new String(job.getCustom().getBody().array(), StandardCharsets.UTF_8);
        String[] words = script.split(" ", 2);
        switch (words[0]) {
            case "until" -> awaitFile(Path.of(words[1]));
            case "wait" -> gate(job.getId()).await();
            case "deaf" -> deaf(gate(job.getId()));
            case "abandon" -> context.abandon();
            case "fail" -> throw JobFailure.of(CauseType.INVALID_INPUT, "column x is missing", Map.of("column", "x"));
            case "crash" -> throw new IllegalStateException("boom");
            case "full" -> throw new UncheckedIOException(new IOException("No space left on device"));
            case "oom" -> throw new OutOfMemoryError("Java heap space");
            default -> {}
        }
        return Optional.of(written(context));
    }

    /** For a worker in another process. */
    private static void awaitFile(Path file) throws InterruptedException {
        CountDownLatch never = new CountDownLatch(1);
        while (!Files.exists(file)) {
            boolean unused = never.await(20, TimeUnit.MILLISECONDS);
        }
    }

    private static void deaf(CountDownLatch gate) {
        while (gate.getCount() > 0) {
            try {
                gate.await();
            } catch (InterruptedException e) {
                INTERRUPTED.add("deaf");
            }
        }
    }

    private static Manifest written(JobContext context) {
        try {
            Files.writeString(context.scratch().resolve("spill"), "spill");
            Files.writeString(context.output().resolve("manifest.json"), "{}");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Manifest.newBuilder()
                .setLocation(context.output().toUri().toString())
                .setRows(1)
                .setBytes(2)
                .build();
    }
}
