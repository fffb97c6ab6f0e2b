package io.quarry.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.quarry.avro.CauseType;
import io.quarry.avro.Command;
import io.quarry.avro.CommandType;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.Outcome;
import io.quarry.worker.ClaimLoop.Round;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One record's way through a worker, with queue and log in memory. */
class ClaimLoopTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    @TempDir
    private Path dir;

    private final List<Integer> halted = new CopyOnWriteArrayList<>();
    private final RecordingQueue queue = new RecordingQueue();
    private final RecordingLog log = new RecordingLog();
    private final Map<String, Job> jobs = new HashMap<>();
    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1);
    private final ExecutorService handlerThread = Executors.newSingleThreadExecutor();
    private final Current current = new Current("w");
    private InHand inHand;
    private Finishes finishes;
    private ClaimLoop loop;

    @BeforeEach
    void makeLoop() {
        Directories directories = new Directories(dir.resolve("scratch"), dir.resolve("datasets"), "w");
        directories.open();
        inHand = InHand.open(inHandFile());
        Events events = new Events("w", () -> Instant.EPOCH);
        finishes = new Finishes(
                log, timer, Duration.ofMillis(5), logged -> inHand.letGo(UUID.fromString(logged.getClaim())));
        WorkerSize size = new WorkerSize(1000, 512L << 20, 1L << 30);
        Attempts attempts = new Attempts(
                Map.of(ScriptedHandler.KIND, new ScriptedHandler(), EffectfulHandler.KIND, new EffectfulHandler()),
                size,
                directories,
                inHand,
                new ProcessMemory(Path.of("/proc/self")),
                () -> Instant.EPOCH,
                System::nanoTime,
                log,
                events,
                new Deadlines(Duration.ofMillis(5), Duration.ofSeconds(30), Duration.ofSeconds(30)),
                timer,
                handlerThread,
                halted::add);
        loop = new ClaimLoop(
                queue,
                log,
                new RecordReader((topic, bytes) -> jobs.get(new String(bytes, StandardCharsets.UTF_8))),
                new Admission(size, Set.of(ScriptedHandler.KIND, EffectfulHandler.KIND), "default"),
                attempts,
                current,
                events,
                finishes,
                UUID::randomUUID);
    }

    @AfterEach
    void end() {
        timer.shutdownNow();
        ScriptedHandler.reset();
        handlerThread.shutdownNow();
    }

    @Test
    void theRecordIsAcceptedOnceTheClaimIsDurableAndNotBefore() throws Exception {
        put(0, "a", "ok");
        CompletableFuture<Void> claimed = new CompletableFuture<>();
        log.answer =
                event -> event.getType() == JobEventType.CLAIMED ? claimed : CompletableFuture.completedFuture(null);
        FutureTask<Round> round = runInBackground();
        await().atMost(SOON).until(() -> ScriptedHandler.BEGAN.contains("a"));
        assertThat(queue.calls).containsExactly("poll");
        assertThat(log.of(JobEventType.FINISHED)).isEmpty();

        // The job has ended as well: one that takes longer has its acceptance sent at once.
        handlerThread.submit(() -> {}).get();
        claimed.complete(null);

        assertThat(round.get()).isEqualTo(Round.RAN);
        // It travels with the next poll.
        assertThat(queue.calls).containsExactly("poll", "ACCEPT 0");
        assertThat(log.of(JobEventType.FINISHED))
                .extracting(JobEvent::getOutcome)
                .containsExactly(Outcome.SUCCEEDED);
    }

    @Test
    void thatTheQueueWasJoinedIsToldBeforeTheFirstJobBeginsAndNotWhenItHasEnded() throws Exception {
        List<Boolean> begun = new ArrayList<>();
        Runnable joined = () -> begun.add(ScriptedHandler.BEGAN.contains("a"));
        assertThat(loop.runOnce(joined)).isEqualTo(Round.IDLE);
        assertThat(begun).isEmpty();
        put(0, "a", "ok");

        assertThat(loop.runOnce(joined)).isEqualTo(Round.RAN);

        assertThat(begun).containsExactly(false);
    }

    @Test
    void noHeartbeatGoesBeforeItsClaimHoweverLongThatTakesToWrite() throws Exception {
        put(0, "a", "ok");
        // The timer goes on to beat meanwhile, and exists from the first job on.
        put(1, "b", "ok");
        log.before = event -> {
            if (event.getType() == JobEventType.CLAIMED) {
                afterTenHeartbeats();
            }
        };

        assertThat(loop.runOnce()).isEqualTo(Round.RAN);
        assertThat(loop.runOnce()).isEqualTo(Round.RAN);

        for (String job : List.of("a", "b")) {
            assertThat(log.events.stream()
                            .filter(event -> event.getJobId().equals(job))
                            .findFirst()
                            .map(JobEvent::getType))
                    .as(job)
                    .contains(JobEventType.CLAIMED);
        }
    }

    private void afterTenHeartbeats() {
        try {
            timer.schedule(() -> {}, 50, TimeUnit.MILLISECONDS).get();
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void acceptFailsButTheClaimRuns() throws Exception {
        put(0, "a", "ok");
        put(1, "b", "ok");
        queue.acknowledgementsFail = true;
        queue.closeFails = true;

        assertThat(loop.runOnce()).isEqualTo(Round.RAN);
        assertThat(loop.runOnce()).isEqualTo(Round.RAN);

        assertThat(log.of(JobEventType.FINISHED))
                .extracting(JobEvent::getJobId, JobEvent::getOutcome)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("a", Outcome.SUCCEEDED),
                        org.assertj.core.groups.Tuple.tuple("b", Outcome.SUCCEEDED));
        // A job that was not short also has what it acknowledged sent while it runs.
        assertThat(queue.calls)
                .filteredOn(call -> !call.equals("send"))
                .containsExactly("poll", "ACCEPT 0", "close", "poll", "ACCEPT 1", "close");
    }

    @Test
    void aClaimThatIsNotDurableInTimeStopsTheHandlerAndGivesTheRecordBack() throws Exception {
        put(0, "a", "wait");
        CompletableFuture<Void> claimed = new CompletableFuture<>();
        log.answer =
                event -> event.getType() == JobEventType.CLAIMED ? claimed : CompletableFuture.completedFuture(null);
        FutureTask<Round> round = runInBackground();
        await().atMost(SOON).until(() -> ScriptedHandler.BEGAN.contains("a"));

        claimed.completeExceptionally(new TimeoutException("not delivered in 9 s"));

        assertThat(round.get()).isEqualTo(Round.CLAIM_LOST);
        assertThat(ScriptedHandler.INTERRUPTED).containsExactly("a");
        assertThat(queue.calls).containsExactly("poll", "RELEASE 0", "send");
        assertThat(dir.resolve("datasets/a")).doesNotExist();
    }

    @Test
    void aClaimOfUnknownOutcome() throws Exception {
        put(0, "a", "ok");
        // The answer was lost, or the claim: the worker cannot know.
        log.answer = event -> event.getType() == JobEventType.CLAIMED
                ? CompletableFuture.failedFuture(new TimeoutException("no answer"))
                : CompletableFuture.completedFuture(null);

        assertThat(loop.runOnce()).isEqualTo(Round.CLAIM_LOST);

        // If it landed after all, this ends it behind it in the same partition; nothing waits for a lease of nobody.
        JobEvent claimed = log.of(JobEventType.CLAIMED).get(0);
        assertThat(log.events.get(log.events.size() - 1)).satisfies(end -> {
            assertThat(end.getType()).isEqualTo(JobEventType.FINISHED);
            assertThat(end.getClaim()).isEqualTo(claimed.getClaim());
            assertThat(end.getOutcome()).isEqualTo(Outcome.HANDED_BACK);
            assertThat(end.getManifest()).isNull();
        });
        assertThat(inHand()).isEmpty();
    }

    @Test
    void finishedIsSentAgainAfterAnOutageAndNoFurtherJobIsTaken() throws Exception {
        put(0, "a", "ok");
        put(1, "b", "ok");
        AtomicInteger refusals = new AtomicInteger(Integer.MAX_VALUE);
        log.answer = event -> event.getType() == JobEventType.FINISHED && refusals.getAndDecrement() > 0
                ? CompletableFuture.failedFuture(new TimeoutException("the broker is away"))
                : CompletableFuture.completedFuture(null);
        assertThat(loop.runOnce()).isEqualTo(Round.RAN);

        for (int i = 0; i < 3; i++) {
            assertThat(loop.runOnce()).isEqualTo(Round.IDLE);
        }

        assertThat(queue.calls).containsOnlyOnce("poll");
        assertThat(inHand()).containsExactly("a");
        refusals.set(0);
        await().atMost(SOON).until(() -> !finishes.stuck());
        assertThat(inHand()).isEmpty();
        assertThat(loop.runOnce()).isEqualTo(Round.RAN);
        assertThat(ScriptedHandler.BEGAN).containsExactly("a", "b");
        assertThat(log.of(JobEventType.FINISHED))
                .extracting(JobEvent::getClaim)
                .doesNotContainNull()
                .hasSizeGreaterThan(2);
    }

    @Test
    void theNextPollDoesNotWaitForFinished() throws Exception {
        put(0, "a", "ok");
        put(1, "b", "ok");
        CompletableFuture<Void> never = new CompletableFuture<>();
        log.answer =
                event -> event.getType() == JobEventType.FINISHED ? never : CompletableFuture.completedFuture(null);

        assertThat(loop.runOnce()).isEqualTo(Round.RAN);
        assertThat(loop.runOnce()).isEqualTo(Round.RAN);

        assertThat(ScriptedHandler.BEGAN).containsExactly("a", "b");
        // Both would be reported if the worker died now.
        assertThat(inHand()).containsExactly("a", "b");
    }

    @Test
    void noSecondRecordIsHeld() throws Exception {
        put(0, "a", "wait");
        put(1, "b", "ok");
        FutureTask<Round> round = runInBackground();

        // A consumer that is merely not polled would get one more record and sit on it.
        await().atMost(SOON).until(() -> queue.calls.contains("close"));

        assertThat(queue.calls).containsExactly("poll", "ACCEPT 0", "send", "close");
        assertThat(inHand()).containsExactly("a");
        ScriptedHandler.open("a");
        assertThat(round.get()).isEqualTo(Round.RAN);
        assertThat(queue.calls).containsOnlyOnce("poll");
    }

    @Test
    void aHandlerThatOutgrewItsMemoryAndCannotBeInterruptedHaltsTheProcessWithACodeOfItsOwn() throws Exception {
        put(0, "a", "abandon");

        assertThat(loop.runOnce()).isEqualTo(Round.RAN);

        assertThat(halted).containsExactly(ExitCode.OVER_MEMORY);
    }

    @Test
    void aLateFenceDeletesNothing() throws Exception {
        put(0, "a", "ok");
        log.answer = event -> {
            if (event.getType() == JobEventType.FINISHED) {
                // Comes as late as it can: the attempt is still in hand, its result is on its way into the log.
                current.obey(command(CommandType.FENCE, event.getClaim()));
                current.obey(command(CommandType.CANCEL, event.getClaim()));
            }
            return CompletableFuture.completedFuture(null);
        };

        assertThat(loop.runOnce()).isEqualTo(Round.RAN);

        String claim = log.of(JobEventType.CLAIMED).get(0).getClaim();
        assertThat(dir.resolve("datasets/a/1-" + claim + "/manifest.json")).exists();
        current.obey(command(CommandType.FENCE, claim));
        assertThat(dir.resolve("datasets/a/1-" + claim + "/manifest.json")).exists();
    }

    @Test
    void everyCommandMayBeLost() throws Exception {
        Job effectful = Jobs.of(EffectfulHandler.KIND, "a", "wait");
        jobs.put("a", effectful);
        queue.put(taken(0, "a"));
        Random chance = new Random(3);
        AtomicBoolean owner = new AtomicBoolean(true);
        log.answer = event -> {
            // Every heartbeat is answered, and nine answers of ten are lost.
            if (event.getType() == JobEventType.HEARTBEAT && chance.nextInt(10) == 0) {
                current.obey(command(owner.get() ? CommandType.GRANT : CommandType.FENCE, event.getClaim()));
            }
            return CompletableFuture.completedFuture(null);
        };
        FutureTask<Round> round = runInBackground();
        await().atMost(SOON).until(() -> ScriptedHandler.BEGAN.contains("a"));

        owner.set(false);

        assertThat(round.get()).isEqualTo(Round.RAN);
        assertThat(ScriptedHandler.INTERRUPTED).containsExactly("a");
    }

    @Test
    void anAttemptThatWasFencedIsNotInHandAnyMore() throws Exception {
        put(0, "a", "wait");
        FutureTask<Round> round = runInBackground();
        await().atMost(SOON).until(() -> ScriptedHandler.BEGAN.contains("a"));

        current.obey(
                command(CommandType.FENCE, log.of(JobEventType.CLAIMED).get(0).getClaim()));

        assertThat(round.get()).isEqualTo(Round.RAN);
        assertThat(log.of(JobEventType.FINISHED)).isEmpty();
        assertThat(inHand()).isEmpty();
    }

    @Test
    void whyAnAttemptIsStoppedIsNotedBeforeItEnds() throws Exception {
        aDeafJobIsHandedBackBy(() -> current.leave(OnStop.HAND_BACK));

        assertThat(log.of(JobEventType.FINISHED))
                .extracting(JobEvent::getOutcome)
                .containsExactly(Outcome.SUCCEEDED);
    }

    @Test
    void aJobThatIsHandedBackSinceItsGroupDrainsLeavesItsWorkerInPlace() throws Exception {
        aDeafJobIsHandedBackBy(() -> current.handBack(false));

        assertThat(current.takesJobs()).isTrue();
    }

    /** Runs a job that does not heed its stop, and lets it end once the reason is noted. */
    private void aDeafJobIsHandedBackBy(Runnable handingBack) throws Exception {
        put(0, "a", "deaf");
        FutureTask<Round> round = runInBackground();
        await().atMost(SOON).until(() -> ScriptedHandler.BEGAN.contains("a"));

        handingBack.run();

        assertThat(InHand.read(inHandFile()))
                .singleElement()
                .extracting(InHand.Held::stop)
                .isEqualTo(StopReason.HANDED_BACK);
        ScriptedHandler.open("a");
        assertThat(round.get()).isEqualTo(Round.RAN);
    }

    @Test
    void aRecordThatComesAfterTheDrainGoesBack() throws Exception {
        put(0, "a", "ok");
        current.obey(Command.newBuilder()
                .setType(CommandType.DRAIN)
                .setWorker("w")
                .setAt(Instant.EPOCH)
                .build());

        assertThat(loop.runOnce()).isEqualTo(Round.IDLE);

        assertThat(queue.calls).containsExactly("poll", "RELEASE 0", "send");
        assertThat(log.events).isEmpty();
    }

    @Test
    void aRefusedJobWhoseClaimIsUncertainIsGivenBack() throws Exception {
        Job job = Jobs.of("nobodys", "a", "ok");
        jobs.put("a", job);
        queue.put(taken(0, "a"));
        log.answer = event -> event.getType() == JobEventType.CLAIMED
                ? CompletableFuture.failedFuture(new TimeoutException("no answer"))
                : CompletableFuture.completedFuture(null);

        assertThat(loop.runOnce()).isEqualTo(Round.CLAIM_LOST);

        assertThat(queue.calls).containsExactly("poll", "RELEASE 0", "send");
        assertThat(log.of(JobEventType.FINISHED))
                .extracting(event -> event.getCause().getType())
                .containsExactly(CauseType.BROKER_UNREACHABLE);
    }

    private void put(long offset, String id, String script) {
        jobs.put(id, Jobs.scripted(id, script));
        queue.put(taken(offset, id));
    }

    private static JobQueue.Taken taken(long offset, String id) {
        return new JobQueue.Taken("jobs.default", offset, id, id.getBytes(StandardCharsets.UTF_8), Map.of(), 1);
    }

    private static Command command(CommandType type, String claim) {
        return Command.newBuilder()
                .setType(type)
                .setClaim(claim)
                .setAt(Instant.EPOCH)
                .build();
    }

    private Path inHandFile() {
        return InHand.file(dir.resolve("scratch"), "w");
    }

    private List<String> inHand() {
        return InHand.read(inHandFile()).stream().map(InHand.Held::jobId).toList();
    }

    private FutureTask<Round> runInBackground() {
        FutureTask<Round> round = new FutureTask<>(loop::runOnce) {
            @Override
            public Round get() throws InterruptedException, ExecutionException {
                try {
                    return get(SOON.toSeconds(), TimeUnit.SECONDS);
                } catch (java.util.concurrent.TimeoutException e) {
                    throw new AssertionError("the round does not end", e);
                }
            }
        };
        Thread thread = new Thread(round, "loop");
        thread.setDaemon(true);
        thread.start();
        return round;
    }
}
