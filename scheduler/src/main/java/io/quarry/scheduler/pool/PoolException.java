package io.quarry.scheduler.pool;

/** What was asked of a pool cannot be done now; it is asked again. */
public final class PoolException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public PoolException(String message) {
        super(message);
    }

    public PoolException(String message, Throwable cause) {
        super(message, cause);
    }
}
