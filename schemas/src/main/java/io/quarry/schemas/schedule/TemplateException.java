package io.quarry.schemas.schedule;

import io.quarry.schemas.Violation;
import java.util.List;
import java.util.stream.Collectors;

/** A template that cannot be filled in: every placeholder that is wrong, by the field of the job that it stands in. */
public final class TemplateException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final transient List<Violation> violations;

    TemplateException(List<Violation> violations) {
        super(violations.stream().map(Violation::toString).collect(Collectors.joining("; ")));
        this.violations = List.copyOf(violations);
    }

    /** What is wrong: as the value of each the placeholder, as it is written. */
    public List<Violation> violations() {
        return violations;
    }
}
