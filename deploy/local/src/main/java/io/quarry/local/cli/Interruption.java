package io.quarry.local.cli;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * Lets Ctrl-C and SIGTERM end a long command in order: the thread that runs the command is interrupted, and the process
 * stays until that thread has tidied up. Closed by that thread once it has. An interrupt may be swallowed by what the thread
 * waits for, so {@link #check} is to be called between its steps.
 */
final class Interruption implements AutoCloseable {
    private final CountDownLatch tidy = new CountDownLatch(1);
    private final CompletableFuture<Void> stop = new CompletableFuture<>();
    private final Thread hook;

    /** Held while a request is made: whoever sees it sees the interrupt that comes with it, too. */
    private final Object asking = new Object();

    private Interruption(Thread running, Duration longest) {
        this.hook = new Thread(
                () -> {
                    if (tidy.getCount() == 0) {
                        return;
                    }
                    synchronized (asking) {
                        stop.complete(null);
                        running.interrupt();
                    }
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

    /** What the runtime runs when the process is to end. */
    Thread hook() {
        return hook;
    }

    /**
     * Waits until the process is asked to end, or until what runs meanwhile has ended. What follows may wait again: the
     * thread is not left interrupted.
     *
     * @return the fault that ended what runs; empty when the process was asked to end
     */
    Optional<Throwable> await(CompletableFuture<Void> running) {
        try {
            CompletableFuture.anyOf(stop, running).get();
            return Optional.empty();
        } catch (InterruptedException e) {
            return Optional.empty();
        } catch (ExecutionException e) {
            return asked() ? Optional.empty() : Optional.of(e);
        } finally {
            // Set by the hook, with the request: nobody else interrupts this thread.
            synchronized (asking) {
                Thread.interrupted();
            }
        }
    }

    /** Ends the step that was about to begin when the process was asked to end. */
    void check() {
        if (asked()) {
            throw new Stopped();
        }
    }

    /** Whether the process was asked to end. */
    boolean asked() {
        synchronized (asking) {
            return stop.isDone();
        }
    }

    @Override
    public void close() {
        tidy.countDown();
        if (!asked()) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // The end has begun in this very moment; the hook sees that all is tidy.
                stop.complete(null);
            }
        }
    }

    /** The command ends because its process was asked to. */
    static final class Stopped extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private Stopped() {
            super("stopped");
        }
    }
}
