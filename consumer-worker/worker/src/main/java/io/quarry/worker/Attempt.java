package io.quarry.worker;

import io.quarry.avro.Progress;
import io.quarry.engine.JobFailure;
import io.quarry.engine.JobHandler;
import io.quarry.schemas.Violation;
import io.quarry.worker.Ending.Result;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * One try at a job, in a thread that it has to itself until it has ended. A pure handler runs from {@link #start()} on, an effectful one from
 * {@link #grant()} on. May be stopped by any thread, any number of times: the first reason counts, and
 * none waits for the handler.
 */
final class Attempt {
    private static final Logger LOG = LoggerFactory.getLogger(Attempt.class);

    private final Claim claim;
    private final JobHandler handler;
    private final boolean effectful;
    private final AttemptContext context;
    private final InHand inHand;
    private final Executor thread;
    private final CountDownLatch granted = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);
    private final AtomicReference<@Nullable StopReason> stop = new AtomicReference<>();
    private volatile @Nullable Result result;
    private volatile boolean handlerStarted;
    private @Nullable Thread handlerThread;

    Attempt(Claim claim, JobHandler handler, AttemptContext context, Executor thread, InHand inHand) {
        this.claim = claim;
        this.handler = handler;
        this.effectful = handler.effectful();
        this.context = context;
        this.inHand = inHand;
        this.thread = thread;
    }

    Claim claim() {
        return claim;
    }

    /** As the handler said once: it is asked no more by the thread that keeps the deadlines. */
    boolean effectful() {
        return effectful;
    }

    void start() {
        thread.execute(this::run);
    }

    /** The claim owns the attempt. */
    void grant() {
        granted.countDown();
    }

    void stop(StopReason reason) {
        if (stop.compareAndSet(null, reason)) {
            inHand.stopping(claim.id(), reason);
            LOG.atInfo()
                    .addKeyValue("jobId", claim.job().getId())
                    .addKeyValue("attempt", claim.attempt())
                    .addKeyValue("claim", claim.id())
                    .addKeyValue("reason", reason)
                    .log("attempt is stopped");
            new HandlerStop(claim, context.stop(), this::interrupt).begin();
        }
    }

    @Nullable StopReason stopReason() {
        return stop.get();
    }

    /** Whether the handler runs or has run. */
    boolean handlerStarted() {
        return handlerStarted;
    }

    Progress progress() {
        return context.progress();
    }

    boolean awaitEnd(Duration longest) throws InterruptedException {
        return ended.await(longest.toNanos(), TimeUnit.NANOSECONDS);
    }

    Result awaitEnd() throws InterruptedException {
        ended.await();
        Result known = result;
        if (known == null) {
            throw new IllegalStateException("an attempt ended without a result");
        }
        return known;
    }

    boolean hasEnded() {
        return ended.getCount() == 0;
    }

    private synchronized void interrupt() {
        Thread running = handlerThread;
        if (running != null) {
            running.interrupt();
        }
    }

    private synchronized void begin() {
        handlerThread = Thread.currentThread();
        if (stop.get() != null) {
            handlerThread.interrupt();
        }
    }

    /** From here on the thread is somebody else's: no interrupt that was meant for this attempt may reach it. */
    private synchronized void leaveThread() {
        handlerThread = null;
        boolean unused = Thread.interrupted();
        MDC.clear();
    }

    private void run() {
        begin();
        Thread.currentThread().setName("job-" + claim.job().getId());
        MDC.put("jobId", claim.job().getId());
        MDC.put("attempt", String.valueOf(claim.attempt()));
        MDC.put("claim", claim.id().toString());
        Result become = new Result.Interrupted();
        try {
            become = work();
        } finally {
            leaveThread();
            result = become;
            ended.countDown();
        }
    }

    // The one catch for whatever a handler throws, errors included: it becomes the job's cause.
    @SuppressWarnings("CatchingUnchecked")
    private Result work() {
        try {
            if (effectful) {
                granted.await();
            }
            if (stop.get() != null) {
                return new Result.Interrupted();
            }
            handlerStarted = true;
            List<Violation> broken = handler.check(claim.job());
            if (!broken.isEmpty()) {
                throw JobFailure.refused(
                        broken,
                        Map.of(
                                "fields",
                                broken.stream().map(Violation::field).distinct().collect(Collectors.joining(", "))));
            }
            return new Result.Done(handler.run(context).orElse(null));
        } catch (InterruptedException e) {
            return new Result.Interrupted();
        } catch (JobFailure e) {
            return new Result.Failed(e.jobCause());
        } catch (RuntimeException | Error e) {
            if (stop.get() == null) {
                LOG.atWarn().setCause(e).log("handler threw what it did not declare; the attempt counts as failed");
            }
            return new Result.Crashed(e);
        }
    }
}
