package io.quarry.local;

import org.jspecify.annotations.Nullable;

/** Local mode could not start; the message says why and what to do. */
public final class LocalModeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    LocalModeException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
