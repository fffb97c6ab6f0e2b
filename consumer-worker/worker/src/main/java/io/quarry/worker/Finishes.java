package io.quarry.worker;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.JobEvent;
import io.quarry.avro.Outcome;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finished events on their way into the log. One that does not get through is sent again until it does: an attempt that ended
 * while the broker was away keeps its result.
 */
final class Finishes {
    private static final Logger LOG = LoggerFactory.getLogger(Finishes.class);

    private final EventLog log;
    private final ScheduledExecutorService timer;
    private final Duration again;
    private final Consumer<JobEvent> logged;
    private int pending;
    private int failing;

    /**
     * Sends to the log.
     *
     * @param logged told of each event that is durable, by any thread
     */
    Finishes(EventLog log, ScheduledExecutorService timer, Duration again, Consumer<JobEvent> logged) {
        this.log = log;
        this.timer = timer;
        this.again = again;
        this.logged = logged;
    }

    /** Sends the event, without waiting for it. */
    void send(JobEvent finished) {
        synchronized (this) {
            pending++;
        }
        attempt(finished, false);
    }

    /** Whether one of them failed and is being sent again. */
    synchronized boolean stuck() {
        return failing > 0;
    }

    /** Waits until none is failing any more, at most as long as said. */
    synchronized void awaitProgress(Duration longest) throws InterruptedException {
        long end = System.nanoTime() + longest.toNanos();
        while (failing > 0 && end - System.nanoTime() > 0) {
            wait(Math.max(1, (end - System.nanoTime()) / 1_000_000));
        }
    }

    /** Waits until all are durable, at most as long as said; says whether they are. */
    synchronized boolean awaitAll(Duration longest) throws InterruptedException {
        long end = System.nanoTime() + longest.toNanos();
        while (pending > 0 && end - System.nanoTime() > 0) {
            wait(Math.max(1, (end - System.nanoTime()) / 1_000_000));
        }
        return pending == 0;
    }

    private void attempt(JobEvent finished, boolean failedBefore) {
        CompletableFuture<Void> unused = log.append(finished).whenComplete((done, failure) -> {
            if (failure == null) {
                logged.accept(finished);
                settled(failedBefore);
                return;
            }
            LOG.atWarn()
                    .addKeyValue("jobId", finished.getJobId())
                    .addKeyValue("attempt", finished.getAttempt())
                    .addKeyValue("reason", failure.toString())
                    .log("end of an attempt could not be logged; it is sent again");
            if (!failedBefore) {
                failed();
            }
            JobEvent next = failure instanceof RecordTooLargeException ? tooLarge(finished) : finished;
            try {
                ScheduledFuture<?> unusedTimer =
                        timer.schedule(() -> attempt(next, true), again.toMillis(), TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException closed) {
                LOG.atWarn()
                        .addKeyValue("jobId", finished.getJobId())
                        .addKeyValue("attempt", finished.getAttempt())
                        .log("worker stopped before the end of the attempt was logged; the job runs again");
            }
        });
    }

    private static JobEvent tooLarge(JobEvent finished) {
        return JobEvent.newBuilder(finished)
                .setOutcome(Outcome.FAILED)
                .setManifest(null)
                .setCause(new Cause(
                        CauseType.INTERNAL_ERROR,
                        "The report of the attempt is larger than a record may be: make fewer files or columns.",
                        Map.of()))
                .build();
    }

    private synchronized void failed() {
        failing++;
    }

    private synchronized void settled(boolean failedBefore) {
        pending--;
        if (failedBefore) {
            failing--;
        }
        notifyAll();
    }
}
