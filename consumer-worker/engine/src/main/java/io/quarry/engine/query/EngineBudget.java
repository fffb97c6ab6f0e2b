package io.quarry.engine.query;

import io.quarry.schemas.JobRules;

/**
 * How the memory of one process is shared between the JVM and DuckDB.
 *
 * @param processBytes memory that the whole process may use
 * @param engineBytes DuckDB's memory limit
 * @param spillBytes most bytes that DuckDB may spill to disk
 * @param threads threads that DuckDB uses
 */
public record EngineBudget(long processBytes, long engineBytes, long spillBytes, int threads) {
    /** Smallest process that an offline query runs in: 512 MiB. */
    public static final long MINIMUM_PROCESS_BYTES = JobRules.OFFLINE_QUERY_MEMORY_BYTES;

    /** What the process needs beside the Java heap and DuckDB's accounted memory: metaspace, code, stacks, allocator slack. */
    private static final long OVERHEAD_BYTES = 200L << 20;

    /** DuckDB with less than this cannot even sort the rows of one vector per thread. */
    private static final long MINIMUM_ENGINE_BYTES = 32L << 20;

    /**
     * Splits a process's memory: DuckDB gets 0.85 of what the heap and 200 MiB of overhead leave.
     *
     * @param heapBytes the JVM's largest heap (-Xmx)
     */
    public static EngineBudget of(long processBytes, long heapBytes, long spillBytes, int threads) {
        long left = Math.max(0, processBytes - heapBytes - OVERHEAD_BYTES);
        // 85 % in integer arithmetic: exact, and equal on every machine.
        return new EngineBudget(processBytes, left / 100 * 85, spillBytes, Math.max(1, threads));
    }

    /**
     * The same with another limit for DuckDB: a share of the process's memory, as far as heap and overhead leave it.
     *
     * @param heapBytes the JVM's largest heap (-Xmx)
     */
    public EngineBudget withShare(double share, long heapBytes) {
        long left = Math.max(0, processBytes - heapBytes - OVERHEAD_BYTES);
        return new EngineBudget(processBytes, Math.min(left, (long) (processBytes * share)), spillBytes, threads);
    }

    /** Whether a query can run with it. */
    public boolean sufficient() {
        return processBytes >= MINIMUM_PROCESS_BYTES && engineBytes >= MINIMUM_ENGINE_BYTES;
    }
}
