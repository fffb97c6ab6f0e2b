package io.quarry.worker;

import java.time.Duration;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How long a worker that is told to go may go on with its job: the group's drain_ms, counted from when it was told, by a signal or
 * by a drain of its group; then the job is handed back, which costs it no attempt. Scaling never hands a job back: a worker that
 * the autoscaler drains finishes the one that it took in the meantime. Any thread.
 */
final class DrainTime {
    private static final Logger LOG = LoggerFactory.getLogger(DrainTime.class);

    /** Does something later. */
    interface Timer {
        Future<?> after(Duration wait, Runnable task);
    }

    private final Current current;
    private final Timer timer;
    private GroupWord word = GroupWord.SILENT;
    private boolean leaving;
    private @Nullable Future<?> end;

    DrainTime(Current current, Timer timer) {
        this.current = current;
        this.timer = timer;
    }

    /** Obeys what the group's row says now. */
    synchronized void group(GroupWord now) {
        GroupWord before = word;
        word = now;
        current.pause(now.paused());
        if (leaving || now.equals(before)) {
            return;
        }
        cancel();
        if (now.leave()) {
            begin();
        }
    }

    /** Has the worker leave. */
    synchronized void leave(OnStop how) {
        current.leave(how);
        if (how == OnStop.FINISH && !leaving) {
            leaving = true;
            cancel();
            begin();
        }
    }

    private void begin() {
        Duration limit = word.drain();
        if (limit != null) {
            boolean forGood = leaving;
            end = timer.after(limit, () -> over(limit, forGood));
        }
    }

    private void over(Duration limit, boolean forGood) {
        LOG.atInfo()
                .addKeyValue("drainMs", limit.toMillis())
                .log("time to finish is over; a job in hand is handed back");
        current.handBack(forGood);
    }

    private void cancel() {
        Future<?> pending = end;
        end = null;
        if (pending != null) {
            pending.cancel(false);
        }
    }
}
