package io.quarry.local;

import java.util.Map;
import java.util.stream.Collectors;

/** Of all settings those that a Kafka client needs to reach the broker. */
final class ClientSettings {
    private ClientSettings() {}

    static Map<String, String> of(Map<String, String> settings) {
        return settings.entrySet().stream()
                .filter(e -> e.getKey().equals("bootstrap.servers")
                        || e.getKey().equals("security.protocol")
                        || e.getKey().startsWith("sasl.")
                        || e.getKey().startsWith("ssl."))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }
}
