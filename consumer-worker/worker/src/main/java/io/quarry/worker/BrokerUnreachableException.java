package io.quarry.worker;

/** The broker did not answer when the worker started. */
public final class BrokerUnreachableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BrokerUnreachableException(String message, Throwable cause) {
        super(message, cause);
    }
}
