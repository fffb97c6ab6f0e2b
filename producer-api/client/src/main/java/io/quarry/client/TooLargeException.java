package io.quarry.client;

import io.quarry.avro.Resources;

/** The job asks for more than anything here can run. Nothing was submitted. */
public final class TooLargeException extends SubmitException {
    private static final long serialVersionUID = 1L;

    private final transient Resources nearest;

    TooLargeException(Resources nearest, String reason) {
        super(reason, null);
        this.nearest = nearest;
    }

    /** The size closest to what was asked for that would be taken, every field set. */
    public Resources nearest() {
        return nearest;
    }
}
