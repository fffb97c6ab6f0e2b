package io.quarry.engine.catalog;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.Node;

/** Collects the errors of one catalog file. */
final class Problems {
    private final String file;
    private final List<Problem> found = new ArrayList<>();

    Problems(String file) {
        this.file = file;
    }

    void at(Node node, String message) {
        Mark mark = node.getStartMark().orElse(null);
        at(mark == null ? 1 : mark.getLine() + 1, mark == null ? 1 : mark.getColumn() + 1, message);
    }

    void at(int line, int column, String message) {
        Problem problem = new Problem(file, line, column, message);
        if (!found.contains(problem)) {
            found.add(problem);
        }
    }

    void throwIfAny() throws CatalogException {
        if (!found.isEmpty()) {
            throw new CatalogException(found.stream()
                    .sorted(Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column))
                    .toList());
        }
    }
}
