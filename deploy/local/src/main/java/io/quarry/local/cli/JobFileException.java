package io.quarry.local.cli;

import io.quarry.engine.catalog.Problem;
import java.util.List;
import java.util.stream.Collectors;

/** A job file with errors: all of them, in the order of their lines. */
final class JobFileException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient List<Problem> problems;

    JobFileException(List<Problem> problems) {
        super(problems.stream().map(Problem::toString).collect(Collectors.joining("\n")));
        this.problems = List.copyOf(problems);
    }

    List<Problem> problems() {
        return problems;
    }
}
