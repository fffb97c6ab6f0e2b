package io.quarry.scheduler.pool;

import java.util.OptionalLong;

/**
 * A worker as its pool sees it.
 *
 * @param name its name, as it claims jobs by it
 * @param shape what it was started with, see {@link Shape}
 * @param pid its process as it says so itself; empty when the pool does not know, or none is there at the moment
 * @param begun whether its process may have begun: before that it cannot hold a job, and cannot say so either
 */
public record PoolWorker(String name, String shape, OptionalLong pid, boolean begun) {
    /** A worker that has begun. */
    public PoolWorker(String name, String shape, OptionalLong pid) {
        this(name, shape, pid, true);
    }
}
