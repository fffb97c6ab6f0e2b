package io.quarry.scheduler.streams;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Looks at something now and then, in a thread of its own, until it is closed. */
public final class Watch implements AutoCloseable {
    private static final long CLOSE_SECONDS = 2;

    private final Look look;
    private final Supplier<Duration> pause;
    private final Thread thread;

    /** One look. What it cannot see it says itself: the next look comes after the pause all the same. */
    @FunctionalInterface
    public interface Look {
        void look() throws InterruptedException;
    }

    /** Looks from the start on, with an interval between two looks. */
    public Watch(String threadName, Duration interval, Look look) {
        this(threadName, () -> interval, look);
    }

    /**
     * Looks from the start on.
     *
     * @param pause how long until the next look, asked after each one in the watch's own thread
     */
    public Watch(String threadName, Supplier<Duration> pause, Look look) {
        this.look = look;
        this.pause = pause;
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
                TimeUnit.MILLISECONDS.sleep(pause.get().toMillis());
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
