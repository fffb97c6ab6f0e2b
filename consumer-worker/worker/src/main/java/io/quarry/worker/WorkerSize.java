package io.quarry.worker;

/**
 * What one worker has.
 *
 * @param cpuMillis thousandths of a core
 * @param memoryBytes memory of the whole process
 * @param spillBytes disk for spilling
 */
record WorkerSize(long cpuMillis, long memoryBytes, long spillBytes) {
    /** Refuses no job for its size: of a process that was made for one. What it keeps for itself must not send its job away. */
    static final WorkerSize ANY = new WorkerSize(Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE);

    /** Threads that keep the worker's cores busy: a started core counts whole. */
    int threads() {
        return Math.toIntExact(Math.max(1, (cpuMillis + 999) / 1000));
    }
}
