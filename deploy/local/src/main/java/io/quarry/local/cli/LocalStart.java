package io.quarry.local.cli;

import io.quarry.local.StartListener;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shows how far the start of local mode is, and remembers how long each part of it took. */
final class LocalStart implements StartListener {
    private final ProgressView view;
    private @Nullable Phase began;
    private final Map<Phase, Duration> took = new EnumMap<>(Phase.class);

    private final Interruption interruption;

    LocalStart(ProgressView view, Interruption interruption) {
        this.view = view;
        this.interruption = interruption;
    }

    @Override
    public void began(Phase phase) {
        interruption.check();
        began = phase;
        view.waiting("starting: " + phase.name().toLowerCase(Locale.ROOT));
    }

    @Override
    public void ended(Phase phase, Duration duration) {
        took.put(phase, duration);
        interruption.check();
    }

    @Override
    public void workerDied(String worker, String how, int jobsInHand, Duration again) {
        view.note(worker + " died (" + how + ") "
                + (jobsInHand == 0 ? "without a job" : "with a job in hand, which is tried again") + "; "
                + (again.isZero() ? "it is started again" : "it is started again in " + Text.duration(again)));
    }

    /** Whether so much was begun that the logs are worth reading. */
    boolean reached(Phase phase) {
        return began != null && began.compareTo(phase) >= 0;
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
