package io.quarry.worker;

import io.quarry.avro.Command;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The attempt that a worker has in hand, if any, and whether the worker takes more. Safe for use by several threads: the loop
 * sets it, commands and signals act on it.
 */
final class Current {
    private static final Logger LOG = LoggerFactory.getLogger(Current.class);

    /** How far a worker is on its way out. */
    enum Will {
        /** Takes jobs. */
        WORK,
        /** Takes no more job, and stays to be collected. */
        DRAIN,
        /** Takes no more job and leaves after the one in hand. */
        LEAVE,
    }

    private final String worker;
    private volatile @Nullable Attempt attempt;
    private volatile Will will = Will.WORK;
    private volatile boolean paused;
    private final CountDownLatch leaving = new CountDownLatch(1);
    private volatile boolean handBack;
    private volatile boolean exhausted;

    Current(String worker) {
        this.worker = worker;
    }

    /** Puts an attempt in hand. A worker that already hands back stops it at once. */
    void set(Attempt started) {
        attempt = started;
        if (handBack) {
            started.stop(StopReason.HANDED_BACK);
        }
    }

    void clear() {
        attempt = null;
    }

    @Nullable Attempt get() {
        return attempt;
    }

    Will will() {
        return will;
    }

    /** Whether the worker takes the next job: its group is not paused, and it is not on its way out. */
    boolean takesJobs() {
        return will == Will.WORK && !paused;
    }

    boolean paused() {
        return paused;
    }

    /** Takes no more job until its group is not paused any more; the one in hand goes on. */
    void pause(boolean groupIsPaused) {
        if (groupIsPaused != paused) {
            paused = groupIsPaused;
            LOG.atInfo()
                    .addKeyValue("worker", worker)
                    .log(groupIsPaused ? "group is paused; no job is taken" : "group is not paused any more");
        }
    }

    /** Takes no more job; with {@link OnStop#HAND_BACK} also stops the one in hand. */
    synchronized void leave(OnStop how) {
        will = Will.LEAVE;
        handBack |= how == OnStop.HAND_BACK;
        Attempt inHand = attempt;
        LOG.atInfo()
                .addKeyValue("worker", worker)
                .addKeyValue(
                        "jobId", inHand == null ? "none" : inHand.claim().job().getId())
                .log(
                        inHand == null
                                ? "worker leaves; it has no job"
                                : how == OnStop.FINISH
                                        ? "worker leaves when its job is finished"
                                        : "worker hands its job back and leaves");
        leaving.countDown();
        if (inHand != null && handBack) {
            inHand.stop(StopReason.HANDED_BACK);
        }
    }

    /** Gives the job in hand back, if there is one; with {@code forGood} also one that is being taken. */
    synchronized void handBack(boolean forGood) {
        handBack |= forGood;
        Attempt inHand = attempt;
        if (inHand != null) {
            inHand.stop(StopReason.HANDED_BACK);
        }
    }

    /** Takes no more job, since the heap ran out: what is left in it cannot be trusted. */
    void leaveExhausted() {
        exhausted = true;
        leave(OnStop.FINISH);
    }

    boolean exhausted() {
        return exhausted;
    }

    /** Waits until the worker is to leave, at most as long as said. */
    boolean awaitLeave(Duration longest) throws InterruptedException {
        return leaving.await(longest.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Does what a command says, if it is for this worker or for the claim in hand. */
    synchronized void obey(Command command) {
        if (command.getClaim() != null) {
            Attempt inHand = attempt;
            if (inHand != null && command.getClaim().equals(inHand.claim().id().toString())) {
                switch (command.getType()) {
                    case GRANT -> inHand.grant();
                    case FENCE -> inHand.stop(StopReason.FENCED);
                    case CANCEL -> inHand.stop(StopReason.CANCELLED);
                    case DRAIN, UNKNOWN -> {}
                }
            }
        } else if (worker.equals(command.getWorker())) {
            switch (command.getType()) {
                case DRAIN -> {
                    if (will == Will.WORK) {
                        will = Will.DRAIN;
                        LOG.atInfo()
                                .addKeyValue("worker", worker)
                                .addKeyValue("reason", command.getReason())
                                .log("worker takes no more job; it was drained");
                    }
                }
                case GRANT, FENCE, CANCEL, UNKNOWN -> {}
            }
        }
    }
}
