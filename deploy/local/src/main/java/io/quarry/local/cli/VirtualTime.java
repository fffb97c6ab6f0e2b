package io.quarry.local.cli;

import io.quarry.scheduler.trigger.ScheduleTime;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A time that stands until it is let go, and then runs faster than real time. */
final class VirtualTime implements ScheduleTime {
    private static final Duration DAY = Duration.ofDays(1);

    private final Instant first;
    private final Duration day;
    private volatile @Nullable Instant begun;

    /**
     * A time that stands.
     *
     * @param first where it stands
     * @param day how long one of its days takes
     */
    VirtualTime(Instant first, Duration day) {
        this.first = first;
        this.day = day;
    }

    /** Lets it go; from then on it never stands again. */
    void begin(Instant real) {
        begun = real;
    }

    @Override
    public Instant at(Instant real) {
        Instant since = begun;
        if (since == null || real.isBefore(since)) {
            return first;
        }
        double days = (double) Duration.between(since, real).toNanos() / day.toNanos();
        return first.plusMillis((long) (days * DAY.toMillis()));
    }
}
