package io.quarry.local.cli;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How fast something goes on and when it will be done, judged from samples. Not safe for use by several threads. */
final class Pace {
    private static final double LEAST_SHARE = 0.02;

    private @Nullable Instant began;
    private double firstFraction;
    private long firstRows;
    private Instant now = Instant.EPOCH;
    private double fraction;
    private long rows;

    /** Takes a sample. A step back, as by another attempt, begins anew. */
    void sample(Instant at, double newFraction, long newRows) {
        if (began == null || newFraction < fraction || newRows < rows) {
            began = at;
            firstFraction = newFraction;
            firstRows = newRows;
        }
        now = at;
        fraction = newFraction;
        rows = newRows;
    }

    /** Rows in a second, or empty while there is nothing to judge by. */
    Optional<Long> rowsPerSecond() {
        double seconds = elapsed();
        return rows > firstRows && seconds > 0
                ? Optional.of(Math.round((rows - firstRows) / seconds))
                : Optional.empty();
    }

    /** Time until the fraction is 1, or empty while there is nothing to judge by. */
    Optional<Duration> remaining() {
        double done = fraction - firstFraction;
        if (done < LEAST_SHARE || fraction >= 1) {
            return Optional.empty();
        }
        return Optional.of(Duration.ofMillis(Math.round(1000 * elapsed() * (1 - fraction) / done)));
    }

    private double elapsed() {
        return began == null ? 0 : Duration.between(began, now).toMillis() / 1000.0;
    }
}
