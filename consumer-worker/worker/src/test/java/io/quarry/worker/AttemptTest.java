package io.quarry.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Manifest;
import io.quarry.avro.Progress;
import io.quarry.avro.Source;
import io.quarry.engine.JobContext;
import io.quarry.engine.JobHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Attempts that follow each other on one thread, and what they leave there and on disk. */
class AttemptTest {
    @TempDir
    private Path dir;

    private final ExecutorService thread = Executors.newSingleThreadExecutor();

    @AfterEach
    void end() {
        thread.shutdownNow();
    }

    @Test
    void theInterruptOfOneAttemptDoesNotReachTheNext() throws Exception {
        List<Boolean> interrupted = new ArrayList<>();
        JobHandler handler = handler(context -> {
            interrupted.add(Thread.currentThread().isInterrupted());
            // As by a stop that comes when the handler has nothing left to wait for.
            Thread.currentThread().interrupt();
        });

        for (int i = 0; i < 2; i++) {
            Attempt attempt = attempt(handler);
            attempt.start();
            assertThat(attempt.awaitEnd()).isInstanceOf(Ending.Result.Done.class);
            attempt.stop(StopReason.FENCED);
        }

        assertThat(interrupted).containsExactly(false, false);
    }

    @Test
    void anAttemptThatIsStoppedBeforeItStartsDoesNotRun() throws Exception {
        List<String> ran = new ArrayList<>();
        Attempt attempt = attempt(handler(context -> ran.add("ran")));
        attempt.stop(StopReason.HANDED_BACK);

        attempt.start();

        assertThat(attempt.awaitEnd()).isInstanceOf(Ending.Result.Interrupted.class);
        assertThat(ran).isEmpty();
    }

    @Test
    void whoeverWritesNothingLeavesNoDirectory() throws Exception {
        Attempt attempt = attempt(handler(context -> {}));

        attempt.start();
        attempt.awaitEnd();

        try (Stream<Path> scratch = Files.list(dir.resolve("scratch/w"));
                Stream<Path> datasets = Files.list(dir.resolve("datasets"))) {
            assertThat(scratch).isEmpty();
            assertThat(datasets).isEmpty();
        }
    }

    @Test
    void aDirectoryIsThereWhenItIsAskedFor() throws Exception {
        List<Path> asked = new ArrayList<>();
        Attempt attempt = attempt(handler(context -> {
            asked.add(context.scratch());
            asked.add(context.output());
            asked.add(context.output());
        }));

        attempt.start();
        attempt.awaitEnd();

        assertThat(asked).hasSize(3).allSatisfy(path -> assertThat(path).isEmptyDirectory());
        assertThat(asked.get(1)).isEqualTo(asked.get(2));
    }

    /** Heartbeats carry it, and must not end for it. */
    @Test
    void aProgressThatCannotBeWrittenIsMadeGood() throws Exception {
        Progress bad = Progress.newBuilder().setPhase("p".repeat(2 << 20)).build();
        Progress worse = new Progress(null, null, 7L, 0L, 0L, 0L, null);
        List<Progress> kept = new ArrayList<>();
        Attempt[] attempt = new Attempt[1];
        attempt[0] = attempt(handler(context -> {
            for (Progress each : List.of(bad, worse)) {
                context.progress(each);
                kept.add(attempt[0].progress());
            }
        }));

        attempt[0].start();
        attempt[0].awaitEnd();

        assertThat(kept).extracting(Progress::getPhase).containsExactly("p".repeat(500), "");
        assertThat(kept.get(1).getRows()).isEqualTo(7);
    }

    private interface Work {
        void on(JobContext context);
    }

    private static JobHandler handler(Work work) {
        return new JobHandler() {
            @Override
            public String kind() {
                return ScriptedHandler.KIND;
            }

            @Override
            public Optional<Manifest> run(JobContext context) {
                work.on(context);
                return Optional.empty();
            }
        };
    }

    private Attempt attempt(JobHandler handler) {
        Directories directories = new Directories(dir.resolve("scratch"), dir.resolve("datasets"), "w");
        directories.open();
        Claim claim = new Claim(UUID.randomUUID(), Jobs.scripted("a", "ok"), new Source("jobs.default", 0L));
        AttemptContext context = new AttemptContext(
                claim,
                Instant.EPOCH,
                directories,
                new WorkerSize(1000, 512L << 20, 1L << 30),
                new ProcessMemory(Path.of("/proc/self")),
                () -> {});
        return new Attempt(claim, handler, context, thread, InHand.open(InHand.file(dir.resolve("scratch"), "w")));
    }
}
