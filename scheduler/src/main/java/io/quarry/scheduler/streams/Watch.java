package io.quarry.scheduler.streams;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Looks at something once an interval, in a thread of its own, until it is closed. */
public final class Watch implements AutoCloseable {
    private static final long CLOSE_SECONDS = 2;

    private final Look look;
    private final long intervalMs;
    private final Thread thread;

    /** One look. What it cannot see it says itself: the next look is an interval later. */
    @FunctionalInterface
    public interface Look {
        void look() throws InterruptedException;
    }

    /** Looks from the start on. */
    public Watch(String threadName, Duration interval, Look look) {
        this.look = look;
        this.intervalMs = interval.toMillis();
        this.thread = new Thread(this::run, threadName);
        this.thread.setDaemon(true);
    }

    public void start() {
        thread.start();
    }

    private void run() {
        try {
            while (!Thread.interrupted()) {
                look.look();
                TimeUnit.MILLISECONDS.sleep(intervalMs);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(CLOSE_SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
