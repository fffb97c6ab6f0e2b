package io.quarry.scheduler;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.ResourceGroup;
import io.quarry.scheduler.pool.PoolException;
import io.quarry.scheduler.pool.PoolWorker;
import io.quarry.scheduler.pool.WorkerDeath;
import io.quarry.scheduler.pool.WorkerPool;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** A pool that can hold no workers and tells of those that a test says are dead. */
final class TellingPool implements WorkerPool {
    private final CompletableFuture<Consumer<WorkerDeath>> listener = new CompletableFuture<>();

    private final Set<String> missing = ConcurrentHashMap.newKeySet();

    private final AtomicInteger watches = new AtomicInteger();

    /** Tells it, once somebody listens. */
    void died(WorkerDeath death) {
        listener.join().accept(death);
    }

    /** How often somebody began to listen: each who leads it does once. */
    int watches() {
        return watches.get();
    }

    /** From now on it says that nobody of that name is there, when it is asked. */
    void misses(String worker) {
        missing.add(worker);
    }

    @Override
    public List<WorkerDeath> missing(Set<String> workers, Collection<ResourceGroup> groups) {
        return workers.stream()
                .filter(missing::contains)
                .map(worker -> new WorkerDeath(
                        worker, Instant.MAX, new Cause(CauseType.POD_FAILED, "Its pod was gone.", Map.of())))
                .toList();
    }

    @Override
    public Watch watch(Consumer<WorkerDeath> told) {
        watches.incrementAndGet();
        listener.complete(told);
        return () -> {};
    }

    @Override
    public List<String> groups() {
        return List.of();
    }

    @Override
    public List<PoolWorker> workers(String group) {
        return List.of();
    }

    @Override
    public Optional<String> obstacle(ResourceGroup group) {
        return Optional.of("workers are the test's");
    }

    @Override
    public Optional<String> add(ResourceGroup group) {
        throw new PoolException("workers are the test's");
    }

    @Override
    public void remove(String group, String worker) {}
}
