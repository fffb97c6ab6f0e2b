package io.quarry.scheduler.lifecycle;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Which queues are other topics than those that the rows of this partition wait in: somebody deleted them, and they were made anew.
 * The identities are kept in the store, so that a deletion while no scheduler ran is noticed as well. For one thread.
 */
final class RemadeQueues {
    private static final char LETTER = 'Q';

    private final KeyValueStore<Bytes, byte[]> store;
    private Map<String, String> compared = Map.of();

    RemadeQueues(KeyValueStore<Bytes, byte[]> store) {
        this.store = store;
    }

    /** Topics that are others than at the last look; each is told once. Costs nothing as long as the map is the same one. */
    List<String> turn(Map<String, String> ids) {
        if (ids == compared) {
            return List.of();
        }
        TreeSet<String> remade = new TreeSet<>();
        ids.forEach((topic, id) -> {
            byte[] now = id.getBytes(StandardCharsets.UTF_8);
            Bytes key = Bytes.wrap((LETTER + topic).getBytes(StandardCharsets.UTF_8));
            byte[] before = store.get(key);
            if (before == null || !id.equals(new String(before, StandardCharsets.UTF_8))) {
                store.put(key, now);
                if (before != null) {
                    remade.add(topic);
                }
            }
        });
        compared = ids;
        return List.copyOf(remade);
    }
}
