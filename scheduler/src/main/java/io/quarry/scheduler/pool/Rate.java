package io.quarry.scheduler.pool;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** How often something happens, the last few minutes counting most. For one thread. */
final class Rate {
    private static final double SECONDS = Duration.ofMinutes(5).toSeconds();

    private double weight;
    private @Nullable Instant last;

    /** Counts one, at any instant. */
    void count(Instant at) {
        if (last == null || at.isAfter(last)) {
            weight = at(at) + 1;
            last = at;
        } else {
            weight += Math.exp(-Duration.between(at, last).toMillis() / 1000.0 / SECONDS);
        }
    }

    double perSecond(Instant now) {
        return at(now) / SECONDS;
    }

    private double at(Instant now) {
        if (last == null) {
            return 0;
        }
        double passed = Math.max(0, Duration.between(last, now).toMillis() / 1000.0);
        return weight * Math.exp(-passed / SECONDS);
    }
}
