package io.quarry.local.audit;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Findings so far: all counted, the first hundred of each kind kept. */
final class Findings {
    private static final int KEPT = 100;

    private final Map<Finding.Kind, Long> counts = new EnumMap<>(Finding.Kind.class);
    private final List<Finding> kept = new ArrayList<>();

    void add(Finding finding) {
        if (counts.merge(finding.kind(), 1L, Long::sum) <= KEPT) {
            kept.add(finding);
        }
    }

    void add(Finding.Kind kind, String job, String detail) {
        add(new Finding(kind, job, detail));
    }

    long count(Finding.Kind kind) {
        return counts.getOrDefault(kind, 0L);
    }

    List<Finding> kept() {
        return List.copyOf(kept);
    }
}
