package io.quarry.scheduler.lifecycle;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Which queues are other topics than those that a task knew: somebody deleted them, and they were made anew. The identities are kept
 * in the task's store, so that a deletion while no scheduler ran is noticed as well. For one thread.
 */
final class RemadeQueues {
    private final KeyValueStore<Bytes, byte[]> store;
    private final char letter;
    private final Map<String, String> unsettled = new HashMap<>();
    private Map<String, String> compared = Map.of();

    /**
     * Knows what the store does.
     *
     * @param letter what the keys of the identities begin with, and no other key of the store
     */
    RemadeQueues(KeyValueStore<Bytes, byte[]> store, char letter) {
        this.store = store;
        this.letter = letter;
    }

    /** Topics that are others than at the last look; each is told once. Costs nothing as long as the map is the same one. */
    List<String> turn(Map<String, String> ids) {
        if (ids == compared) {
            return List.of();
        }
        TreeSet<String> remade = new TreeSet<>();
        ids.forEach((topic, id) -> {
            byte[] before = store.get(key(topic));
            if (before == null) {
                keep(topic, id);
            } else if (!id.equals(new String(before, StandardCharsets.UTF_8)) && !id.equals(unsettled.put(topic, id))) {
                remade.add(topic);
            }
        });
        compared = ids;
        return List.copyOf(remade);
    }

    /** Keeps the identity of a topic that was told: until then whoever goes on with the store is told of it again. */
    void settle(String topic) {
        keep(topic, Objects.requireNonNull(unsettled.remove(topic)));
    }

    private void keep(String topic, String id) {
        store.put(key(topic), id.getBytes(StandardCharsets.UTF_8));
    }

    private Bytes key(String topic) {
        return Bytes.wrap((letter + topic).getBytes(StandardCharsets.UTF_8));
    }
}
