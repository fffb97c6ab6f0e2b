package io.quarry.engine.catalog;

import java.util.List;
import java.util.stream.Collectors;

/** A catalog with errors: all of them, in the order of their lines. */
public final class CatalogException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient List<Problem> problems;

    public CatalogException(List<Problem> problems) {
        super(problems.stream().map(Problem::toString).collect(Collectors.joining("\n")));
        this.problems = List.copyOf(problems);
    }

    public List<Problem> problems() {
        return problems;
    }
}
