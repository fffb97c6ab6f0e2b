package io.quarry.scheduler.streams;

import io.quarry.schemas.serde.RegistryUnavailableException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.RetriableException;

/** What a fault of a topology's thread is, told by its causes. */
final class Faults {
    private static final String CONSUMER = "org.apache.kafka.clients.consumer.";

    private Faults() {}

    /** RocksDB and the JDK tell of it in the system's words alone. */
    static boolean isDiskFull(Throwable fault) {
        for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
            if (String.valueOf(cause.getMessage()).contains("No space left on device")) {
                return true;
            }
        }
        return false;
    }

    /** Whether another thread that begins at the last commit does not meet it again. */
    static boolean passes(Throwable fault) {
        for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
            // The broker has ended the transaction of a process that slept: nothing of it counts, as with any that is
            // fenced.
            if (cause instanceof RegistryUnavailableException
                    || cause instanceof RetriableException
                    || cause instanceof InvalidTxnStateException
                    || isOfADeletedTopic(cause)) {
                return true;
            }
        }
        return false;
    }

    /**
     * A queue's topic was deleted: the consumer knows that it is gone before Kafka Streams has taken the partition from its
     * task, and refuses to say how far it was read.
     */
    private static boolean isOfADeletedTopic(Throwable cause) {
        StackTraceElement[] trace = cause.getStackTrace();
        return cause instanceof IllegalStateException
                && trace.length > 0
                && trace[0].getClassName().startsWith(CONSUMER);
    }
}
