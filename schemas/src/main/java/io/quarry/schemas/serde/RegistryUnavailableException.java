package io.quarry.schemas.serde;

import org.apache.kafka.common.errors.RetriableException;
import org.jspecify.annotations.Nullable;

/**
 * A registry that cannot be asked now: down, slow, failing or refusing the credentials. It says nothing about the record:
 * the caller waits, says so, and tries the same record again.
 */
public final class RegistryUnavailableException extends RetriableException {
    private static final long serialVersionUID = 1L;

    public RegistryUnavailableException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
