package io.quarry.local;

import org.jspecify.annotations.Nullable;

/** An external broker or registry that local mode was told to use does not answer. The message says which and what to do. */
public final class UnreachableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnreachableException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
