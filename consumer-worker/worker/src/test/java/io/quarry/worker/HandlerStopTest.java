package io.quarry.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.quarry.avro.Job;
import io.quarry.avro.JobEventType;
import io.quarry.avro.Manifest;
import io.quarry.avro.Source;
import io.quarry.engine.JobContext;
import io.quarry.engine.JobHandler;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Handlers whose onStop never returns, and who does not wait for it. */
class HandlerStopTest {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final Deadlines DEADLINES =
            new Deadlines(Duration.ofSeconds(1), Duration.ofSeconds(10), Duration.ofSeconds(30));

    @TempDir
    private Path dir;

    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    private final CountDownLatch began = new CountDownLatch(1);
    private final CountDownLatch called = new CountDownLatch(1);
    private final CountDownLatch testIsOver = new CountDownLatch(1);
    private final AtomicLong now = new AtomicLong();
    private final RecordingLog log = new RecordingLog();
    private final List<Integer> halted = new CopyOnWriteArrayList<>();
    private Directories directories;

    @BeforeEach
    void openDirectories() {
        directories = new Directories(dir.resolve("scratch"), dir.resolve("datasets"), "w");
        directories.open();
    }

    @AfterEach
    void end() {
        testIsOver.countDown();
        thread.shutdownNow();
    }

    @Test
    void aHandlerWhoseOnStopNeverReturnsHasItsHeartbeatsAndItsDeadlinesAllTheSame() throws Exception {
        Attempt attempt = attempt(context -> {
            context.onStop(() -> {
                called.countDown();
                neverReturn();
            });
            began.countDown();
            neverReturn();
        });
        attempt.start();
        began.await();
        Pulse pulse =
                new Pulse(attempt, 0, log, new Events("w", () -> Instant.EPOCH), DEADLINES, now::get, halted::add);

        tickAt(pulse, 4);
        assertThat(attempt.stopReason()).isEqualTo(StopReason.RUN_DEADLINE);
        assertThat(called.await(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
        tickAt(pulse, 5);
        assertThat(log.of(JobEventType.HEARTBEAT)).hasSize(1);
        tickAt(pulse, 14);
        assertThat(halted).isEmpty();
        tickAt(pulse, 15);

        assertThat(halted).containsExactly(ExitCode.STUCK);
    }

    @Test
    void itsThreadIsInterruptedMeanwhile() throws Exception {
        Attempt attempt = attempt(context -> {
            context.onStop(this::neverReturn);
            began.countDown();
            testIsOver.await();
        });
        attempt.start();
        began.await();

        assertTimeoutPreemptively(SOON, () -> attempt.stop(StopReason.CANCELLED));

        assertThat(attempt.awaitEnd(SOON)).isTrue();
        assertThat(attempt.awaitEnd()).isInstanceOf(Ending.Result.Interrupted.class);
    }

    @Test
    void whatWasRegisteredComesFirstAndOneThatFailsKeepsNoOtherAway() throws Exception {
        List<String> order = new CopyOnWriteArrayList<>();
        Attempt attempt = attempt(context -> {
            context.onStop(() -> {
                throw new IllegalStateException("onStop is broken");
            });
            context.onStop(() -> order.add("registered"));
            began.countDown();
            try {
                testIsOver.await();
            } catch (InterruptedException e) {
                order.add("interrupted");
            }
        });
        attempt.start();
        began.await();

        attempt.stop(StopReason.FENCED);

        assertThat(attempt.awaitEnd(SOON)).isTrue();
        assertThat(order).containsExactly("registered", "interrupted");
    }

    private void tickAt(Pulse pulse, long second) {
        now.set(TimeUnit.SECONDS.toNanos(second));
        assertTimeoutPreemptively(SOON, pulse::tick);
    }

    /** Until the test is over, whoever interrupts. */
    private void neverReturn() {
        while (testIsOver.getCount() > 0) {
            try {
                testIsOver.await();
            } catch (InterruptedException e) {
                // That is what it is about.
            }
        }
    }

    private interface Work {
        void on(JobContext context) throws InterruptedException;
    }

    private Attempt attempt(Work work) {
        Job job = Job.newBuilder(Jobs.scripted("a", "ok")).setTimeoutMs(1000L).build();
        Claim claim = new Claim(UUID.randomUUID(), job, new Source("jobs.default", 0L));
        JobHandler handler = new JobHandler() {
            @Override
            public String kind() {
                return ScriptedHandler.KIND;
            }

            @Override
            public Optional<Manifest> run(JobContext context) throws InterruptedException {
                work.on(context);
                return Optional.empty();
            }
        };
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
