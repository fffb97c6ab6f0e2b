package io.quarry.engine;

import io.quarry.avro.Job;
import io.quarry.avro.Manifest;
import io.quarry.schemas.Violation;
import java.util.List;
import java.util.Optional;

/**
 * Runs the jobs of one kind. Found by {@link java.util.ServiceLoader}; one instance serves a worker for its whole life, one
 * job at a time. A job may be run twice, also at the same time in two processes: a handler writes only below the directories
 * of its context, or says that it is {@link #effectful()}.
 */
public interface JobHandler extends AutoCloseable {
    /** Kind that jobs name, such as {@code offline_query}. */
    String kind();

    /** Called once before the first job, with the settings of the worker. Throws IllegalArgumentException naming the setting. */
    default void open(HandlerSettings settings) {}

    /**
     * Whether running has effects outside the context's directories. Such a handler is started only once the claim is
     * granted, gets attempt and claim as its fencing token, and is stopped before its lease could have run out.
     */
    default boolean effectful() {
        return false;
    }

    /** What is wrong with the payload, without running it; empty when nothing is. */
    default List<Violation> check(Job job) {
        return List.of();
    }

    /**
     * Does the work.
     *
     * @return what was written below {@link JobContext#output()}, or empty when the kind makes no dataset
     * @throws JobFailure for every failure that can be named; any other exception counts as a transient failure
     * @throws InterruptedException when stopped through {@link JobContext#onStop}
     */
    Optional<Manifest> run(JobContext context) throws JobFailure, InterruptedException;

    @Override
    default void close() {}
}
