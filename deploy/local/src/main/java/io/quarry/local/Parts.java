package io.quarry.local;

import java.util.Map;

/**
 * What local mode puts together besides broker and registry. The parts are started from flat settings by the same roots
 * that production uses.
 *
 * @param topics makes the topics; what it returns is closed at once
 * @param scheduler starts the scheduler in this JVM
 * @param workerMain main class of a worker process
 */
record Parts(Part topics, Part scheduler, String workerMain) {
    /** Starts one part. */
    @FunctionalInterface
    interface Part {
        AutoCloseable start(Map<String, String> settings) throws Exception;
    }

    static Parts ofProduction() {
        return new Parts(settings -> () -> {}, settings -> () -> {}, "io.quarry.worker.WorkerMain");
    }
}
