package io.quarry.client;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * No broker answered within submit.timeout.ms. Whether the record was appended is not known where the broker fell silent in
 * the middle; submitting the same job again is safe, since equal ids are the same job.
 */
public final class BrokerUnreachableException extends SubmitException {
    private static final long serialVersionUID = 1L;

    private final Duration waited;

    BrokerUnreachableException(String what, String servers, Duration waited, @Nullable Throwable cause) {
        super(
                what + ": no answer from the brokers at " + servers + " within " + waited.toMillis()
                        + " ms (submit.timeout.ms). Submitting the same job again is safe.",
                cause);
        this.waited = waited;
    }

    public Duration waited() {
        return waited;
    }
}
