package io.quarry.worker;

import io.quarry.avro.Cause;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.Progress;
import io.quarry.avro.Source;
import io.quarry.worker.JobQueue.Settlement;
import io.quarry.worker.JobQueue.Taken;
import io.quarry.worker.RecordReader.Reading;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes one record at a time: claim, accept, run, finish. Run by one thread. It never waits for an acknowledgement: the claim
 * in the log is what counts. It holds no second record: it does not poll while it has a job, and leaves the queue during a
 * long one.
 */
final class ClaimLoop {
    private static final Logger LOG = LoggerFactory.getLogger(ClaimLoop.class);

    /**
     * How long a poll waits; what the worker is told to do meanwhile it does after at most this. Not longer: the consumer asks
     * for records once a poll, and a poll whose answer holds nothing but the mark of a transaction waits in vain until its end.
     */
    private static final Duration POLL = Duration.ofMillis(250);

    /** The lock on a record lasts 30 s: a claim that takes longer than this is given up well before. */
    private static final Duration CLAIM = Duration.ofSeconds(10);

    /**
     * The acceptance of a job that takes no longer than this travels with the next poll: a request of its own costs the broker
     * as much as all the rest of a small job.
     */
    private static final Duration SHORT_JOB = Duration.ofMillis(20);

    /** During a job that takes longer than this, the worker leaves its queue, and comes back afterwards. */
    private static final Duration LONG_JOB = Duration.ofSeconds(1);

    /** What one round of the loop did. */
    enum Round {
        /** There was no record. */
        IDLE,
        /** A job was claimed and its attempt came to its end. */
        RAN,
        /** The record is no job: rejected. */
        REJECTED,
        /** The record went back and the queue was left, since the registry cannot be asked. */
        REGISTRY_DOWN,
        /** The claim was not durable in time: the record went back. */
        CLAIM_LOST,
    }

    private final JobQueue queue;
    private final EventLog log;
    private final RecordReader reader;
    private final Admission admission;
    private final Attempts attempts;
    private final Current current;
    private final Events events;
    private final Finishes finishes;
    private final Supplier<UUID> claimIds;
    private @Nullable Taken unread;

    ClaimLoop(
            JobQueue queue,
            EventLog log,
            RecordReader reader,
            Admission admission,
            Attempts attempts,
            Current current,
            Events events,
            Finishes finishes,
            Supplier<UUID> claimIds) {
        this.queue = queue;
        this.log = log;
        this.reader = reader;
        this.admission = admission;
        this.attempts = attempts;
        this.current = current;
        this.events = events;
        this.finishes = finishes;
        this.claimIds = claimIds;
    }

    Round runOnce() throws InterruptedException {
        return runOnce(() -> {});
    }

    /**
     * One round.
     *
     * @param joined told when the queue has handed out a job, before that is claimed: the round lasts as long as the job
     */
    Round runOnce(Runnable joined) throws InterruptedException {
        if (unread != null) {
            // The record went back when the queue was left: reading our copy costs no delivery of the ten that it has.
            if (reader.read(unread) instanceof Reading.Unknown) {
                return Round.REGISTRY_DOWN;
            }
            unread = null;
        }
        if (finishes.stuck()) {
            // Another job would be claimed behind a result that is not logged yet.
            queue.send();
            finishes.awaitProgress(POLL);
            return Round.IDLE;
        }
        Optional<Taken> next = queue.poll(POLL);
        if (next.isEmpty()) {
            return Round.IDLE;
        }
        Taken taken = next.get();
        if (!current.takesJobs()) {
            // The poll was under way when the worker was told to take no more.
            giveBack(taken);
            return Round.IDLE;
        }
        Reading reading = reader.read(taken);
        if (reading instanceof Reading.AJob readable) {
            joined.run();
            return claim(taken, readable.job());
        }
        if (reading instanceof Reading.Unknown unknown) {
            warn(
                    taken,
                    unknown.why(),
                    "record cannot be read while the registry is away; the worker leaves the queue until it answers");
            queue.settle(taken, Settlement.RELEASE);
            queue.close();
            unread = taken;
            return Round.REGISTRY_DOWN;
        }
        if (reading instanceof Reading.Unreadable unreadable) {
            warn(
                    taken,
                    unreadable.why(),
                    "record is no job that can be run; it is skipped, and kept in jobs.invalid by the lifecycle");
        }
        queue.settle(taken, Settlement.REJECT);
        queue.send();
        return Round.REJECTED;
    }

    private Round claim(Taken taken, Job job) throws InterruptedException {
        Claim claim = new Claim(claimIds.get(), job, new Source(taken.topic(), taken.offset()), taken.deliveries());
        Optional<Cause> refusal = admission.refusal(job);
        if (refusal.isPresent()) {
            long began = attempts.now();
            if (!durable(log.append(events.claimed(claim, false)), claim)) {
                giveBack(taken);
                finishes.send(events.finished(
                        claim,
                        Ending.unclaimed(attempts.circumstances(claim, began)),
                        Progress.newBuilder().build()));
                return Round.CLAIM_LOST;
            }
            accept(taken);
            info(claim, "job is refused: {}", refusal.get().getMessage());
            finishes.send(events.finished(
                    claim, Ending.refused(refusal.get()), Progress.newBuilder().build()));
            return Round.RAN;
        }
        Attempt attempt = attempts.of(claim);
        current.set(attempt);
        try {
            return run(taken, claim, attempt);
        } finally {
            current.clear();
            attempts.unwatch();
        }
    }

    private Round run(Taken taken, Claim claim, Attempt attempt) throws InterruptedException {
        boolean pure = !attempt.effectful();
        long began = attempts.now();
        attempts.hold(attempt);
        CompletableFuture<Void> logged = log.append(events.claimed(claim, pure));
        attempts.watch(attempt);
        // A pure handler loses nothing by running before its claim is durable: nobody sees what it wrote before
        // Finished.
        attempt.start();
        if (!durable(logged, claim)) {
            attempt.stop(StopReason.CLAIM_LOST);
            giveBack(taken);
            end(claim, attempt, began);
            return Round.CLAIM_LOST;
        }
        accept(taken);
        if (!attempt.awaitEnd(SHORT_JOB)) {
            info(claim, "job is claimed from {} offset {}", taken.topic(), taken.offset());
            sendAccepted(taken);
            if (!attempt.awaitEnd(LONG_JOB)) {
                // A fetch that was under way when the last poll returned may bring a second record, which nobody else
                // would get for the 30 s of its lock.
                leave();
            }
        }
        end(claim, attempt, began);
        return Round.RAN;
    }

    private void end(Claim claim, Attempt attempt, long began) throws InterruptedException {
        Ending.Result result = attempt.awaitEnd();
        Optional<Ending> ending = Ending.of(result, attempt.stopReason(), attempts.circumstances(claim, began));
        if (ending.isEmpty() || ending.get().cause() != null) {
            // Before anybody is told: once Finished is sent, only the collector removes.
            attempts.removeOutput(claim);
        }
        if (ending.isPresent()) {
            JobEvent finished = events.finished(claim, ending.get(), attempt.progress());
            info(
                    claim,
                    "attempt ended: {} {}",
                    ending.get().outcome(),
                    ending.get().cause() == null ? "" : ending.get().cause());
            finishes.send(finished);
        } else {
            info(claim, "attempt ended without a report: {}", String.valueOf(attempt.stopReason()));
            attempts.letGo(claim);
        }
        attempts.removeScratch(claim);
        if (result instanceof Ending.Result.Crashed crashed && crashed.thrown() instanceof OutOfMemoryError) {
            current.leaveExhausted();
        }
    }

    /** Accepts a record whose claim is logged; it is sent with the next poll, or by {@link #sendAccepted}. */
    private void accept(Taken taken) {
        decided(taken, () -> queue.settle(taken, Settlement.ACCEPT));
    }

    private void sendAccepted(Taken taken) {
        decided(taken, queue::send);
    }

    private void giveBack(Taken taken) {
        decided(taken, () -> {
            queue.settle(taken, Settlement.RELEASE);
            queue.send();
        });
    }

    /**
     * Says what becomes of a record whose claim is decided. A failure changes nothing: the claim is what counts, and thrown on
     * it would leave the attempt running without heartbeats beside the next one.
     */
    private void decided(Taken taken, Runnable acknowledgement) {
        try {
            acknowledgement.run();
        } catch (RuntimeException e) {
            warn(taken, e.toString(), "record could not be acknowledged; the claim counts all the same");
            leave();
        }
    }

    private void leave() {
        try {
            queue.close();
        } catch (RuntimeException e) {
            LOG.atWarn().addKeyValue("reason", e.toString()).log("queue could not be left in order");
        }
    }

    /** Whether the claim is in the log for certain. Waits for nothing else in the life of a job. */
    private boolean durable(CompletableFuture<Void> logged, Claim claim) throws InterruptedException {
        try {
            log.flush();
            logged.get(CLAIM.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (ExecutionException | TimeoutException e) {
            LOG.atWarn()
                    .addKeyValue("jobId", claim.job().getId())
                    .addKeyValue("attempt", claim.attempt())
                    .addKeyValue("topic", claim.source().getTopic())
                    .addKeyValue("offset", claim.source().getOffset())
                    .addKeyValue("reason", String.valueOf(e))
                    .log("claim could not be logged in time; the record goes back to the queue");
            return false;
        }
    }

    private static void warn(Taken taken, String why, String message) {
        LOG.atWarn()
                .addKeyValue("jobId", taken.key())
                .addKeyValue("topic", taken.topic())
                .addKeyValue("offset", taken.offset())
                .addKeyValue("reason", why)
                .log(message);
    }

    private static void info(Claim claim, String message, Object... arguments) {
        LOG.atInfo()
                .addKeyValue("jobId", claim.job().getId())
                .addKeyValue("attempt", claim.attempt())
                .addKeyValue("claim", claim.id())
                .log(message, arguments);
    }
}
