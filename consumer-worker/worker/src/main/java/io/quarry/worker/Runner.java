package io.quarry.worker;

import io.quarry.avro.WorkerPhase;
import java.time.Duration;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the loop until the worker is to leave: the one catch of platform faults, which leaves the queue, waits and comes back. */
final class Runner implements Work {
    private static final Logger LOG = LoggerFactory.getLogger(Runner.class);
    private static final Duration FIRST_WAIT = Duration.ofSeconds(1);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(15);
    private static final Duration LAST_WORDS = Duration.ofSeconds(30);
    private static final Duration SAID_AGAIN = Duration.ofSeconds(10);
    private static final Duration PAUSED_LOOK = Duration.ofMillis(250);

    private final ClaimLoop loop;
    private final JobQueue queue;
    private final Finishes finishes;
    private final Current current;
    private final Presence presence;
    private final Runnable ready;
    private boolean polled;
    private Duration wait = FIRST_WAIT;
    private volatile boolean failed;

    Runner(ClaimLoop loop, JobQueue queue, Finishes finishes, Current current, Presence presence, Runnable ready) {
        this.loop = loop;
        this.queue = queue;
        this.finishes = finishes;
        this.current = current;
        this.presence = presence;
        this.ready = ready;
    }

    @Override
    public int exitCode() {
        return failed ? ExitCode.FAULT : ExitCode.DONE;
    }

    @Override
    public void run() {
        try {
            while (current.will() == Current.Will.WORK) {
                if (current.paused()) {
                    rest();
                } else {
                    step();
                }
            }
            // A consumer that is merely not polled would take one more record and sit on it.
            queue.close();
            if (current.will() == Current.Will.DRAIN) {
                // What it had in hand is logged before it says that it holds nothing.
                while (!finishes.awaitAll(LAST_WORDS) && current.will() == Current.Will.DRAIN) {
                    LOG.warn("end of the last attempt is not logged yet; the worker stays until it is");
                }
                do {
                    presence.say(WorkerPhase.DRAINED);
                } while (!current.awaitLeave(SAID_AGAIN));
            }
            if (!finishes.awaitAll(LAST_WORDS)) {
                LOG.warn("worker stopped before the end of its last attempt was logged; the job runs again");
            }
        } catch (InterruptedException e) {
            LOG.warn("worker was interrupted and leaves");
        } catch (RuntimeException | Error e) {
            failed = true;
            LOG.atError().setCause(e).log("worker failed by a fault of its own and leaves; its job's lease runs out");
        } finally {
            leaveQueue();
            presence.gone();
        }
    }

    private void leaveQueue() {
        try {
            queue.close();
        } catch (RuntimeException e) {
            LOG.atWarn().addKeyValue("reason", e.toString()).log("queue could not be left in order");
        }
    }

    /** The group is paused: a consumer that is merely not polled would take one more record and sit on it. */
    private void rest() throws InterruptedException {
        leaveQueue();
        presence.say(WorkerPhase.PAUSED);
        if (!polled) {
            polled = true;
            ready.run();
        }
        boolean unused = current.awaitLeave(PAUSED_LOOK);
    }

    private void step() throws InterruptedException {
        try {
            ClaimLoop.Round round = loop.runOnce(this::joined);
            if (round == ClaimLoop.Round.REGISTRY_DOWN || round == ClaimLoop.Round.CLAIM_LOST) {
                pause();
                return;
            }
            wait = FIRST_WAIT;
            joined();
        } catch (KafkaException e) {
            LOG.atWarn()
                    .addKeyValue("reason", e.toString())
                    .addKeyValue("waitMs", wait.toMillis())
                    .log("queue could not be read; the worker leaves it and comes back");
            queue.close();
            pause();
        }
    }

    /** Said before its first job as well: that may take hours, and whoever waits behind it would be told of a cold start. */
    private void joined() {
        presence.say(WorkerPhase.READY);
        if (!polled) {
            polled = true;
            ready.run();
        }
    }

    private void pause() throws InterruptedException {
        boolean leaving = current.awaitLeave(wait);
        Duration longer = wait.multipliedBy(2);
        wait = leaving || longer.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : longer;
    }
}
