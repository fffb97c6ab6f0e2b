package io.quarry.engine.plan;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A relation with values of several nodes of one thing, to be joined to a stage.
 *
 * @param name name of the common table expression
 * @param timed whether it has the instant, column t, beside the keys k1, k2, ...
 * @param ctes common table expressions in order, each {@code name AS (...)}, the last one being the block
 * @param values stage expression by node column, over the block's name
 */
record Block(String name, boolean timed, List<String> ctes, Map<String, String> values) {
    Block {
        ctes = List.copyOf(ctes);
        values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }
}
