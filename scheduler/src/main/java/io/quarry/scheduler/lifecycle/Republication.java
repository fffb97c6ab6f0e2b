package io.quarry.scheduler.lifecycle;

import java.nio.charset.StandardCharsets;
import java.util.function.BiConsumer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends all rows again once the topic job-state is another one than before: somebody deleted it, and it was made anew. A few rows
 * a turn, in the order of their keys; where it is is kept in the store, so that it goes on after a restart.
 */
final class Republication {
    private static final Bytes ENTRY = Bytes.wrap(new byte[] {'I'});
    private static final Logger LOG = LoggerFactory.getLogger(Republication.class);

    private final KeyValueStore<Bytes, byte[]> store;
    private final KeyValueStore<String, byte[]> rows;

    private @Nullable String topicId;
    /** Last key that was sent; null when there is nothing left to do. */
    private @Nullable String cursor;

    Republication(KeyValueStore<Bytes, byte[]> store, KeyValueStore<String, byte[]> rows) {
        this.store = store;
        this.rows = rows;
        byte[] entry = store.get(ENTRY);
        if (entry != null) {
            String[] parts = new String(entry, StandardCharsets.UTF_8).split("\n", -1);
            topicId = parts[0];
            cursor = parts.length > 1 ? parts[1] : null;
        }
    }

    /**
     * Sends at most {@code limit} rows, if any are to be sent.
     *
     * @param id identity of the topic as it is now; empty when nobody knows
     */
    void turn(String id, int limit, BiConsumer<String, byte[]> send) {
        if (id.isEmpty()) {
            return;
        }
        if (!id.equals(topicId)) {
            boolean first = topicId == null;
            topicId = id;
            cursor = first ? null : "";
            save();
            if (!first) {
                LOG.warn("The topic job-state was made anew: all rows are sent again topicId={}", id);
            }
        }
        if (cursor != null) {
            send(cursor, limit, send);
        }
    }

    private void send(String after, int limit, BiConsumer<String, byte[]> send) {
        int sent = 0;
        String last = after;
        try (KeyValueIterator<String, byte[]> entries = rows.range(after.isEmpty() ? null : after, null)) {
            while (entries.hasNext() && sent < limit) {
                KeyValue<String, byte[]> entry = entries.next();
                if (!entry.key.equals(after)) {
                    send.accept(entry.key, entry.value);
                    last = entry.key;
                    sent++;
                }
            }
        }
        cursor = sent < limit ? null : last;
        save();
        if (cursor == null) {
            LOG.info("All rows were sent again");
        }
    }

    private void save() {
        store.put(ENTRY, (topicId + (cursor == null ? "" : "\n" + cursor)).getBytes(StandardCharsets.UTF_8));
    }
}
