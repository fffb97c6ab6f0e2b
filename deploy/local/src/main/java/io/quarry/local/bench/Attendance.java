package io.quarry.local.bench;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Who has to be there while something is measured. A part that has ended would otherwise be seen by nothing but the time that
 * passes. Used by one thread.
 */
final class Attendance {
    private final Map<String, Supplier<Optional<String>>> parts = new LinkedHashMap<>();

    /**
     * From now on it has to be there.
     *
     * @param name what a person knows it by
     * @param end how it ended; empty while it works
     */
    void enter(String name, Supplier<Optional<String>> end) {
        parts.put(name, end);
    }

    /** It may go. */
    void leave(String name) {
        parts.remove(name);
    }

    /**
     * Looks at all of them.
     *
     * @throws IllegalStateException when one has ended: which, how, and with which last words
     */
    void check() {
        parts.forEach((name, end) -> end.get().ifPresent(how -> {
            throw new IllegalStateException(name + " is gone in the middle of the measurement: " + how);
        }));
    }
}
