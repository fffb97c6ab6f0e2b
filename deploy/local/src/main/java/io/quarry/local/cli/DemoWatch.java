package io.quarry.local.cli;

import io.quarry.local.WorkerView;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Decides when a demo has waited long enough for a worker that does not get well. */
final class DemoWatch {
    /** Longest wait for a worker to take the job; on a slow machine the first claim takes seconds. */
    static final Duration PATIENCE = Duration.ofMinutes(3);

    private static final int HOPELESS_DEATHS = 3;

    private DemoWatch() {}

    /**
     * Why it is of no use to wait on.
     *
     * @param waitedUnclaimed how long no worker has run the job
     */
    static Optional<Why> hopeless(List<WorkerView> workers, Duration waitedUnclaimed) {
        for (WorkerView worker : workers) {
            if (worker.deaths() >= HOPELESS_DEATHS) {
                return Optional.of(new Why(
                        "the process of " + worker.name() + " died " + worker.deaths() + " times in a row",
                        worker.name()));
            }
        }
        return waitedUnclaimed.compareTo(PATIENCE) >= 0
                ? Optional.of(new Why(
                        "no worker ran the job for " + Text.duration(waitedUnclaimed),
                        workers.isEmpty() ? "" : workers.get(0).name()))
                : Optional.empty();
    }

    /**
     * A reason to give up.
     *
     * @param text the reason
     * @param worker whose log says more, or empty
     */
    record Why(String text, String worker) {}
}
