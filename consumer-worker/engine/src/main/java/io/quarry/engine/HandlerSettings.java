package io.quarry.engine;

import java.util.Map;
import java.util.Optional;

/**
 * Settings that a worker hands to its handlers, by name, such as {@code engine.catalog}.
 *
 * @param values all settings of the worker
 */
public record HandlerSettings(Map<String, String> values) {
    public HandlerSettings {
        values = Map.copyOf(values);
    }

    public Optional<String> get(String name) {
        return Optional.ofNullable(values.get(name));
    }
}
