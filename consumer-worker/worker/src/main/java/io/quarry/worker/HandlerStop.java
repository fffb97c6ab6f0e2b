package io.quarry.worker;

import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gets a handler to stop, from threads of its own. What a handler registered is its own code and may never return, and to interrupt
 * its thread closes the channel that it waits on, which may take as long: whoever keeps heartbeats and deadlines, hears commands or
 * takes signals must not wait for either.
 */
final class HandlerStop {
    private static final Logger LOG = LoggerFactory.getLogger(HandlerStop.class);

    /** How long what was registered may take until the thread is interrupted all the same. */
    private static final Duration ON_STOP = Duration.ofSeconds(1);

    private final Claim claim;
    private final List<Runnable> registered;
    private final Runnable interrupt;

    /**
     * Stops a handler.
     *
     * @param registered what it registered to be called; comes first, since it may end the work in better order
     * @param interrupt interrupts the handler's thread
     */
    HandlerStop(Claim claim, List<Runnable> registered, Runnable interrupt) {
        this.claim = claim;
        this.registered = List.copyOf(registered);
        this.interrupt = interrupt;
    }

    /** Returns at once. */
    void begin() {
        WorkerProcess.daemon(this::run, "job-stop").start();
    }

    private void run() {
        try {
            if (!registered.isEmpty()) {
                Thread calling = WorkerProcess.daemon(this::call, "job-on-stop");
                calling.start();
                calling.join(ON_STOP.toMillis());
                if (calling.isAlive()) {
                    LOG.atWarn()
                            .addKeyValue("jobId", claim.job().getId())
                            .addKeyValue("attempt", claim.attempt())
                            .log("handler's onStop takes its time; its thread is interrupted meanwhile");
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            interrupt.run();
        }
    }

    private void call() {
        for (Runnable each : registered) {
            try {
                each.run();
            } catch (RuntimeException | Error e) {
                LOG.atWarn()
                        .addKeyValue("jobId", claim.job().getId())
                        .addKeyValue("attempt", claim.attempt())
                        .setCause(e)
                        .log("handler's onStop failed; its thread is interrupted all the same");
            }
        }
    }
}
