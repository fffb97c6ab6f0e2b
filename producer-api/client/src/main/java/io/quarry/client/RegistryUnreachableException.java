package io.quarry.client;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The schema registry did not answer. Nothing was submitted. */
public final class RegistryUnreachableException extends SubmitException {
    private static final long serialVersionUID = 1L;

    private final Duration waited;

    RegistryUnreachableException(Duration waited, @Nullable Throwable cause) {
        super(
                "the schema registry does not answer after " + waited.toMillis() + " ms"
                        + (cause == null ? "" : ": " + cause.getMessage()),
                cause);
        this.waited = waited;
    }

    public Duration waited() {
        return waited;
    }
}
