package io.quarry.worker;

import io.quarry.avro.JobEvent;
import java.util.concurrent.CompletableFuture;

/** The topic job-events as a worker writes it. Safe for use by several threads; events of one job keep their order. */
interface EventLog {
    /** Appends the event. Done when the event is durable; failed when it may not be. Never throws. */
    CompletableFuture<Void> append(JobEvent event);

    /** Sends what waits for company, and returns when all appended so far is durable or failed. */
    void flush();
}
