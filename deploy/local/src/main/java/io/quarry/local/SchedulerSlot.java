package io.quarry.local;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The scheduler's place in local mode: it may stop and start again while everything else goes on. */
final class SchedulerSlot implements AutoCloseable {
    private final Start start;
    private final Consumer<AutoCloseable> started;
    private @Nullable AutoCloseable running;
    private boolean closed;

    /** Starts a scheduler and returns when it works. */
    @FunctionalInterface
    interface Start {
        AutoCloseable run() throws Exception;
    }

    /**
     * An empty place.
     *
     * @param started told of each scheduler that has started
     */
    SchedulerSlot(Start start, Consumer<AutoCloseable> started) {
        this.start = start;
        this.started = started;
    }

    /** Starts the scheduler and returns when it works; nothing when it runs already. */
    synchronized void start() {
        if (closed) {
            throw new LocalModeException("Local mode was closed while it started", null);
        }
        if (running != null) {
            return;
        }
        try {
            AutoCloseable scheduler = start.run();
            running = scheduler;
            started.accept(scheduler);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw failure("start", e);
        }
    }

    /** Stops the scheduler in order and returns when it has; nothing when none runs. */
    synchronized void stop() {
        AutoCloseable scheduler = running;
        running = null;
        try {
            if (scheduler != null) {
                scheduler.close();
            }
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw failure("stop", e);
        }
    }

    private static LocalModeException failure(String what, Exception e) {
        if (e instanceof InterruptedException) {
            Thread.currentThread().interrupt();
        }
        return new LocalModeException("The scheduler's " + what + " failed: " + e, e);
    }

    @Override
    public synchronized void close() {
        closed = true;
        stop();
    }
}
