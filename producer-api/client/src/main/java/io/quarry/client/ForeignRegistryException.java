package io.quarry.client;

/** The registry is not the one that the cluster's records were written with. Nothing was submitted. */
public final class ForeignRegistryException extends SubmitException {
    private static final long serialVersionUID = 1L;

    ForeignRegistryException(String message) {
        super(message, null);
    }
}
