package io.quarry.scheduler.pool;

import io.quarry.avro.ResourceGroup;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Where workers are started and taken away: child processes, or pods. Every method may be called again for what is done
 * already. Called by one thread.
 */
public interface WorkerPool {
    /** Groups that have workers here, whether or not they still have a row. */
    List<String> groups();

    /** The workers of a group that are there or that are coming. Costs what they are, not what there is in all. */
    List<PoolWorker> workers(String group);

    /** Why no worker of this group can ever be started here as things are; empty when one can. */
    Optional<String> obstacle(ResourceGroup group);

    /** Why workers of this group that have a place do not come up there; empty when nothing is known against it. */
    default Optional<String> fault(ResourceGroup group) {
        return Optional.empty();
    }

    /**
     * Starts one more worker of a group and returns without waiting for it.
     *
     * @return its name, when that is known
     * @throws PoolException when it cannot be started now, saying why
     */
    Optional<String> add(ResourceGroup group);

    /**
     * Takes a worker away that holds no job and takes none.
     *
     * @throws PoolException when that cannot be done now, saying why
     */
    void remove(String group, String worker);

    /** Where it is told of workers that died, until it is closed. */
    interface Watch extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Begins to tell of workers' processes that ended, those that are still known included. Any thread may tell it, more than once,
     * and of workers that held nothing. A pool whose deaths somebody else reports tells nothing.
     */
    default Watch watch(Consumer<WorkerDeath> told) {
        return () -> {};
    }

    /**
     * Which of these workers are gone for good although nobody saw their end, as when no scheduler ran. It looks anew, so that whoever
     * had claimed something before the call, and lives, is found. Of those that are not its own by their names it says nothing.
     *
     * @param workers names by which jobs were claimed before the call
     * @param groups the groups' rows as they are now
     * @throws PoolException when that cannot be known now, saying why
     */
    default List<WorkerDeath> missing(Set<String> workers, Collection<ResourceGroup> groups) {
        return List.of();
    }
}
