package io.quarry.engine.query;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Says something to the engine from a thread of its own. While DuckDB plans a statement, which opens its files, its JDBC driver
 * keeps whoever interrupts the statement or asks for its progress waiting: for ever, where storage does not answer. What is
 * said while the one before still waits is left out. Safe for use by several threads.
 */
final class Aside {
    private final String name;
    private final AtomicBoolean busy = new AtomicBoolean();

    Aside(String name) {
        this.name = name;
    }

    /** Returns at once. */
    void say(Runnable words) {
        if (!busy.compareAndSet(false, true)) {
            return;
        }
        Thread thread = new Thread(
                () -> {
                    try {
                        words.run();
                    } finally {
                        busy.set(false);
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
    }
}
