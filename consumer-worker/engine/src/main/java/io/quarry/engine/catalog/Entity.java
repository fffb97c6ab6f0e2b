package io.quarry.engine.catalog;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A kind of thing that features are about.
 *
 * @param name name, the first half of its features' names
 * @param keys DuckDB types of the keys by name, in order; together they say which thing
 */
public record Entity(String name, Map<String, String> keys) {
    public Entity {
        keys = Collections.unmodifiableMap(new LinkedHashMap<>(keys));
    }
}
