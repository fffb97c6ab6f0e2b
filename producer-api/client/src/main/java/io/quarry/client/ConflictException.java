package io.quarry.client;

/**
 * The job's id belongs to a job with another payload, which was first and goes on undisturbed. Thrown by submit where the
 * other job is already known, and by the handle where it turns out afterwards.
 */
public final class ConflictException extends SubmitException {
    private static final long serialVersionUID = 1L;

    private final String id;

    ConflictException(String id) {
        super(
                "a job with id " + id + " and another payload exists already: the first one stands; choose another id",
                null);
        this.id = id;
    }

    public String id() {
        return id;
    }
}
