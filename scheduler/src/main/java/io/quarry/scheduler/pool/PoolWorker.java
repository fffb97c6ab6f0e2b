package io.quarry.scheduler.pool;

import java.util.OptionalLong;

/**
 * A worker as its pool sees it.
 *
 * @param name its name, as it claims jobs by it
 * @param shape what it was started with, see {@link Shape}
 * @param pid its process as it says so itself; empty when the pool does not know, or none is there at the moment
 */
public record PoolWorker(String name, String shape, OptionalLong pid) {}
