package io.quarry.local.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets Ctrl-C and SIGTERM end a long command in order: the thread that runs the command is interrupted, and the process
 * stays until that thread has tidied up. Closed by that thread once it has.
 */
final class Interruption implements AutoCloseable {
    private final CountDownLatch tidy = new CountDownLatch(1);
    private final Thread hook;
    private volatile boolean asked;

    private Interruption(Thread running, Duration longest) {
        this.hook = new Thread(
                () -> {
                    if (tidy.getCount() == 0) {
                        return;
                    }
                    asked = true;
                    running.interrupt();
                    try {
                        if (!tidy.await(longest.toMillis(), TimeUnit.MILLISECONDS)) {
                            System.err.println("quarry: it did not stop in time; processes may be left");
                        }
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "quarry-stop");
    }

    /** Watches over the thread that calls. */
    static Interruption ofThisThread(Duration longest) {
        Interruption interruption = new Interruption(Thread.currentThread(), longest);
        Runtime.getRuntime().addShutdownHook(interruption.hook);
        return interruption;
    }

    /** Waits until the process is asked to end. What follows may wait again: the thread is not left interrupted. */
    void await() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.interrupted();
        }
    }

    /** Whether the process was asked to end. */
    boolean asked() {
        return asked;
    }

    @Override
    public void close() {
        tidy.countDown();
        if (!asked) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // The end has begun in this very moment; the hook sees that all is tidy.
                asked = true;
            }
        }
    }
}
