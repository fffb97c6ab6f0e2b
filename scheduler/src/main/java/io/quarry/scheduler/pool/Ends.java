package io.quarry.scheduler.pool;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps how workers' processes ended, by what is seen of their pods, and tells it to whoever listens: what is known already first.
 * Safe for use by several threads.
 */
final class Ends implements ResourceEventHandler<Pod> {
    private static final int KEPT = 10_000;

    /**
     * A node whose clock is further ahead of ours would have claims of the next process taken for those of the one before. What it
     * says of a process is judged when it is first seen, and not believed then; the lease of what it held runs out.
     */
    private static final Duration AHEAD = Duration.ofSeconds(2);

    private final InstantSource clock;
    private final Map<String, Instant> judged = bounded();
    private final Map<String, WorkerDeath> deaths = bounded();
    private @Nullable Consumer<WorkerDeath> told;

    Ends(InstantSource clock) {
        this.clock = clock;
    }

    /** Tells from now on. */
    synchronized void tell(Consumer<WorkerDeath> to) {
        deaths.values().forEach(to);
        told = to;
    }

    /** Tells no more. */
    synchronized void hush() {
        told = null;
    }

    @Override
    public void onAdd(Pod pod) {
        WorkerDeath.from(pod).ifPresent(this::seen);
    }

    @Override
    public void onUpdate(Pod before, Pod pod) {
        onAdd(pod);
    }

    @Override
    public void onDelete(Pod pod, boolean deletedFinalStateUnknown) {
        seen(WorkerDeath.ofRemoved(pod));
    }

    private synchronized void seen(WorkerDeath death) {
        if (death.until().equals(judged.put(death.worker(), death.until()))) {
            return;
        }
        boolean never = death.until().equals(Instant.MAX);
        if (!never && death.until().isAfter(clock.instant().plus(AHEAD))) {
            return;
        }
        deaths.put(death.worker(), death);
        Consumer<WorkerDeath> listens = told;
        if (listens != null) {
            listens.accept(death);
        }
    }

    private static <V> Map<String, V> bounded() {
        return new LinkedHashMap<>() {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, V> eldest) {
                return size() > KEPT;
            }
        };
    }
}
