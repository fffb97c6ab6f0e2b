package io.quarry.worker;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The queue of a group as one worker sees it. Used by the loop's thread alone. */
interface JobQueue extends AutoCloseable {
    /**
     * A record that was acquired.
     *
     * @param headers record headers that are text
     * @param deliveries how often it has been handed to a worker, this time included
     */
    // The bytes are handed on and never compared.
    @SuppressWarnings("ArrayRecordComponent")
    record Taken(
            String topic,
            long offset,
            @Nullable String key,
            byte @Nullable [] value,
            Map<String, String> headers,
            int deliveries) {}

    /** What becomes of an acquired record. */
    enum Settlement {
        /** Done with: the claim is logged. */
        ACCEPT,
        /** Back to its place in the queue. */
        RELEASE,
        /** Nobody can run it. */
        REJECT,
    }

    /** Takes the next record. Settlements that were not sent yet go along. Opens the queue where it is closed. */
    Optional<Taken> poll(Duration longest);

    /** Says what becomes of the record; it is sent with the next poll, {@link #send()} or {@link #close()}. */
    void settle(Taken taken, Settlement settlement);

    /** Sends what was settled and has not been sent, without waiting. */
    void send();

    /** Leaves the queue, holding nothing; the next poll comes back. */
    @Override
    void close();
}
