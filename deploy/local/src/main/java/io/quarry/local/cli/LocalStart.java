package io.quarry.local.cli;

import io.quarry.local.StartListener;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/** Shows how far the start of local mode is, and remembers how long each part of it took. */
final class LocalStart implements StartListener {
    private final ProgressView view;
    private final Map<Phase, Duration> took = new EnumMap<>(Phase.class);

    LocalStart(ProgressView view) {
        this.view = view;
    }

    @Override
    public void began(Phase phase) {
        view.waiting("starting: " + phase.name().toLowerCase(Locale.ROOT));
    }

    @Override
    public void ended(Phase phase, Duration duration) {
        took.put(phase, duration);
    }

    /** Seconds from the start until the end of a phase. */
    double secondsUntil(Phase last) {
        return took.entrySet().stream()
                        .filter(entry -> entry.getKey().compareTo(last) <= 0)
                        .mapToLong(entry -> entry.getValue().toMillis())
                        .sum()
                / 1000.0;
    }
}
