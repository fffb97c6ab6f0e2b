package io.quarry.client;

import io.quarry.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Derived ids that are known already: to the lifecycle, or as records that it has not read yet. A topic is read when it is first
 * asked about.
 */
final class MadeBefore {
    private static final int UUID_LENGTH = 36;
    private static final int VERSION_AT = 14;

    private final TopicScan scan;
    private final Topics topics;
    private final Set<UUID> ids = new HashSet<>();
    private final Set<String> seen = new HashSet<>();

    MadeBefore(TopicScan scan, Topics topics) {
        this.scan = scan;
        this.topics = topics;
    }

    /** Whether a job has a row, had one, or has a record in its queue or among the oversize ones. */
    boolean contains(UUID id, String queue) {
        see(topics.states());
        see(topics.oversize());
        see(queue);
        return ids.contains(id);
    }

    private void see(String topic) {
        if (seen.add(topic)) {
            scan.all(topic).forEach(record -> add(record.key()));
        }
    }

    private void add(byte @Nullable [] key) {
        if (key == null || key.length != UUID_LENGTH || key[VERSION_AT] != '5') {
            return;
        }
        try {
            ids.add(UUID.fromString(new String(key, StandardCharsets.UTF_8)));
        } catch (IllegalArgumentException notDerived) {
            // Somebody's own id that looks like one.
            return;
        }
    }
}
