package io.quarry.worker;

/**
 * What one worker has.
 *
 * @param cpuMillis thousandths of a core
 * @param memoryBytes memory of the whole process
 * @param spillBytes disk for spilling
 */
record WorkerSize(long cpuMillis, long memoryBytes, long spillBytes) {
    /** Threads that keep the worker's cores busy: a started core counts whole. */
    int threads() {
        return Math.toIntExact(Math.max(1, (cpuMillis + 999) / 1000));
    }
}
