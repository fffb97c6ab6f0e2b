package io.quarry.engine.plan;

import io.quarry.engine.catalog.Feature;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A value that a plan computes for every row: a feature of one thing that the row names.
 *
 * @param column name of the stage column with the value
 * @param thing the thing
 * @param feature the feature, never a join: those are resolved to nodes of the other thing
 * @param uses stage columns that an expression uses, by key or feature name; empty for others
 */
record Node(String column, Thing thing, Feature feature, Map<String, String> uses) {
    /**
     * Something that a row names by key values, such as its own airport or the airport at its destination.
     *
     * @param entity entity that it is of
     * @param keys stage columns with the key values, in the order of the entity's keys
     */
    record Thing(String entity, List<String> keys) {
        Thing {
            keys = List.copyOf(keys);
        }
    }

    Node {
        uses = new LinkedHashMap<>(uses);
    }
}
