package io.quarry.engine.plan;

import io.quarry.schemas.Violation;
import java.util.ArrayList;
import java.util.List;

/** Collects what is wrong with one query. */
final class Wrongs {
    private final List<Violation> found = new ArrayList<>();

    void add(String field, String value, String rule) {
        String shown = value.length() > 200 ? value.substring(0, 197) + "..." : value;
        Violation violation = new Violation(field, shown, rule);
        if (!found.contains(violation)) {
            found.add(violation);
        }
    }

    boolean any() {
        return !found.isEmpty();
    }

    void throwIfAny() throws PlanException {
        if (!found.isEmpty()) {
            throw new PlanException(found);
        }
    }
}
