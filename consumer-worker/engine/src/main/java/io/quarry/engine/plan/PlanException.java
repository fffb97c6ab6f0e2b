package io.quarry.engine.plan;

import io.quarry.schemas.Violation;
import java.util.List;
import java.util.stream.Collectors;

/** A query that cannot be planned as written: everything that is wrong with it, each naming field, value and rule. */
public final class PlanException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient List<Violation> violations;

    public PlanException(List<Violation> violations) {
        super(violations.stream().map(Violation::toString).collect(Collectors.joining("; ")));
        this.violations = List.copyOf(violations);
    }

    public List<Violation> violations() {
        return violations;
    }
}
