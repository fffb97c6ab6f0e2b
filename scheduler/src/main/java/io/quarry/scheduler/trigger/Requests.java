package io.quarry.scheduler.trigger;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Requests for manual runs and backfills that were met: a part of the book, M schedule 0 instant id, and B schedule 0 id for the
 * backfills. One that comes again would make jobs that have ended long ago, and whose end nobody tells a second time.
 */
final class Requests {
    /** How far the instant of a request may be from the one at which it came: so long it is remembered. */
    static final Duration REMEMBERED = Duration.ofDays(7);

    private static final int MOST_FORGOTTEN = 10;
    private static final byte[] MET = {};

    private final KeyValueStore<Bytes, byte[]> store;

    Requests(KeyValueStore<Bytes, byte[]> store) {
        this.store = store;
    }

    /** Remembers a request; false for one that came before, and for one so far off that it may have. */
    boolean isNew(String schedule, Instant asked, String id, Instant came) {
        Bytes key = key(schedule, asked, id);
        Instant oldest = came.minus(REMEMBERED);
        if (asked.isBefore(oldest) || asked.isAfter(came.plus(REMEMBERED)) || store.get(key) != null) {
            return false;
        }
        List<Bytes> old = new ArrayList<>();
        try (KeyValueIterator<Bytes, byte[]> entries =
                store.range(key(schedule, Instant.EPOCH, ""), key(schedule, oldest, ""))) {
            while (entries.hasNext() && old.size() < MOST_FORGOTTEN) {
                KeyValue<Bytes, byte[]> next = entries.next();
                old.add(next.key);
            }
        }
        old.forEach(store::delete);
        store.put(key, MET);
        return true;
    }

    /**
     * Remembers for ever the id of a backfill; false for one that was used before, whenever that was. Its instant is not in the ids of
     * its jobs.
     */
    boolean isFirst(String schedule, String backfill) {
        Bytes key = Book.entry('B', schedule, backfill.getBytes(StandardCharsets.UTF_8));
        return store.putIfAbsent(key, MET) == null;
    }

    private static Bytes key(String schedule, Instant asked, String id) {
        return Book.entry('M', schedule, asked, id);
    }
}
