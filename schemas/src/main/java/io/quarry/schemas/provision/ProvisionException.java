package io.quarry.schemas.provision;

/** A cluster that is not as Quarry needs it, and what its operator should do. */
public final class ProvisionException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ProvisionException(String message) {
        super(message);
    }

    public ProvisionException(String message, Throwable cause) {
        super(message, cause);
    }
}
