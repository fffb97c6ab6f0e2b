package io.quarry.worker;

import io.quarry.schemas.provision.StuckShareGroup;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks, while there is no job, whether one of its share groups hands out nothing because its epoch is not above that of its assignment
 * (a broker that lost what it had written of the group leaves it so): then nobody gets anything, however much waits. Every join
 * and every leave raises the epoch by one, so the worker leaves and joins until it is above. Ticks on the worker's timer.
 */
final class Standstill implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Standstill.class);
    private static final Duration LOOK = Duration.ofSeconds(10);
    private static final Duration STUCK_LOOK = Duration.ofSeconds(2);
    /** Looks at equal epochs after which nothing can be on its way any more. */
    private static final int DOUBTS = 2;

    private static final Duration ANSWER = Duration.ofSeconds(5);

    private final Supplier<Admin> admins;
    private final List<String> shareGroups;
    private final Current current;
    private final Runnable comeBack;
    private final ScheduledExecutorService timer;
    private @Nullable Admin admin;
    private boolean stuck;
    private int doubts;
    private boolean closed;

    /**
     * For one worker.
     *
     * @param comeBack has the queue left and joined anew; called by the timer
     */
    Standstill(
            Supplier<Admin> admins,
            List<String> shareGroups,
            Current current,
            Runnable comeBack,
            ScheduledExecutorService timer) {
        this.admins = admins;
        this.shareGroups = List.copyOf(shareGroups);
        this.current = current;
        this.comeBack = comeBack;
        this.timer = timer;
    }

    void start() {
        again(LOOK);
    }

    private void again(Duration in) {
        try {
            ScheduledFuture<?> unused = timer.schedule(this::tick, in.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("worker is gone; its share groups are looked at no more");
        }
    }

    private synchronized void tick() {
        if (closed || current.will() != Current.Will.WORK) {
            return;
        }
        try {
            // A job in hand was handed out: the group works.
            if (current.get() == null) {
                look();
            }
        } catch (RuntimeException e) {
            LOG.atDebug().addKeyValue("reason", e.toString()).log("share groups could not be looked at");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        again(stuck ? STUCK_LOOK : LOOK);
    }

    private void look() throws InterruptedException {
        Admin asked = admin;
        if (asked == null) {
            asked = admins.get();
            admin = asked;
        }
        List<StuckShareGroup> found = StuckShareGroup.among(asked, shareGroups, ANSWER);
        if (found.isEmpty()) {
            if (stuck) {
                LOG.atInfo().addKeyValue("groups", shareGroups).log("share groups hand out records again");
            }
            stuck = false;
            doubts = 0;
            return;
        }
        StuckShareGroup group =
                found.stream().filter(StuckShareGroup::certain).findFirst().orElse(found.get(0));
        if (!group.certain() && ++doubts < DOUBTS) {
            return;
        }
        if (!stuck) {
            LOG.atWarn()
                    .addKeyValue("group", group.name())
                    .addKeyValue("epoch", group.epoch())
                    .addKeyValue("assignmentEpoch", group.assignmentEpoch())
                    .log("share group hands out nothing, since its epoch is not above that of an assignment for others;"
                            + " the worker leaves and joins it until it is");
        }
        doubts = 0;
        // Above it in a moment where both were equal: what comes then takes its time.
        stuck = group.certain();
        comeBack.run();
    }

    @Override
    public synchronized void close() {
        closed = true;
        Admin open = admin;
        admin = null;
        if (open != null) {
            open.close(Duration.ofSeconds(1));
        }
    }
}
