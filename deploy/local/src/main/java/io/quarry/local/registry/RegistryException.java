package io.quarry.local.registry;

/** The embedded registry could not start; the message says why and what to do. */
public final class RegistryException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    RegistryException(String message, Throwable cause) {
        super(message, cause);
    }
}
