package io.quarry.client;

import io.quarry.schemas.Violation;
import java.util.List;
import java.util.stream.Collectors;

/** The job breaks rules of the job record. Nothing was submitted. */
public final class InvalidJobException extends SubmitException {
    private static final long serialVersionUID = 1L;

    private final transient List<Violation> violations;

    InvalidJobException(List<Violation> violations) {
        super(violations.stream().map(Violation::toString).collect(Collectors.joining("; ")), null);
        this.violations = List.copyOf(violations);
    }

    /** Every broken rule: field, value found, what is allowed. */
    public List<Violation> violations() {
        return violations;
    }
}
