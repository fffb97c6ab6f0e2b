package io.quarry.engine.query;

import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The one way to stop what an attempt's connection is running, and why it was stopped. DuckDB raises the same exception for
 * every interrupt, so the reason is kept here. Whoever interrupts waits for nothing. Safe for use by several threads.
 */
final class Interruption {
    enum Reason {
        /** The context asked: cancelled, fenced, deadline, worker stopping. */
        STOPPED,
        /** The process outgrew its memory. */
        OVER_MEMORY,
        /** The dataset outgrew the attempt's storage. */
        OVER_STORAGE
    }

    private final AtomicReference<@Nullable Reason> reason = new AtomicReference<>();
    private final AtomicReference<@Nullable Statement> running = new AtomicReference<>();
    private final Aside engine = new Aside("offline-query-interrupt");

    /** Interrupts now; the first reason stays. */
    void because(Reason why) {
        reason.compareAndSet(null, why);
        again();
    }

    /** Interrupts once more when there is a reason: an interrupt that came before DuckDB had begun is lost. */
    void again() {
        Statement statement = running.get();
        if (reason.get() != null && statement != null) {
            engine.say(() -> cancel(statement));
        }
    }

    private static void cancel(Statement statement) {
        try {
            statement.cancel();
        } catch (SQLException closed) {
            // It ended on its own meanwhile; there is nothing left to interrupt.
            return;
        }
    }

    @Nullable Reason reason() {
        return reason.get();
    }

    @Nullable Statement running() {
        return running.get();
    }

    void begin(Statement statement) {
        running.set(statement);
    }

    void end() {
        running.set(null);
    }
}
