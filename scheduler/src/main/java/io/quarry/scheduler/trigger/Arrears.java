package io.quarry.scheduler.trigger;

import java.time.Duration;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was written about a partition's schedules while no task looked after them. A new task asks for a mark behind all of it, and
 * decides nothing until it reads that: whoever paused or deleted a schedule in an outage did so before the ticks that came after.
 * No offsets are compared, so that an empty topic, the end of a transaction and a record that nobody can read are all the same.
 */
final class Arrears {
    /** Begins the key of a mark in the topic of the schedules: no schedule can have such a name. */
    static final String KEY = "mark:";

    private static final Logger LOG = LoggerFactory.getLogger(Arrears.class);
    private static final long NEVER = Long.MIN_VALUE;

    private final String mark;
    private final Duration patience;
    private final Consumer<String> ask;
    private final Runnable missed;
    private long asked = NEVER;
    private boolean read;

    /**
     * The arrears of one task.
     *
     * @param mark a name that no other task has
     * @param patience so long it is waited for
     * @param ask appends a mark under a key
     * @param missed told when the mark did not come in time
     */
    Arrears(String mark, Duration patience, Consumer<String> ask, Runnable missed) {
        this.mark = mark;
        this.patience = patience;
        this.ask = ask;
        this.missed = missed;
    }

    /** Whether all of them are read. */
    boolean read() {
        return read;
    }

    /** The same at a wake-up: the first one asks, and one that comes too late waits no longer. */
    boolean read(long millis) {
        if (read) {
            return true;
        }
        if (asked == NEVER) {
            asked = millis;
            ask.accept(KEY + mark);
        } else if (Math.abs(millis - asked) > patience.toMillis()) {
            read = true;
            missed.run();
            LOG.warn(
                    "Decides ticks although no mark has come for {}: what was written about schedules in an outage may come"
                            + " after them. Does another partition wait for the end of a transaction?",
                    patience);
        }
        return read;
    }

    /** A mark has come: this one's or another's. */
    void seen(String other) {
        if (!read && other.equals(mark)) {
            read = true;
        }
    }
}
