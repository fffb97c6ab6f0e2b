package io.quarry.scheduler.trigger;

import java.nio.ByteBuffer;
import java.time.Instant;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Events of schedules that wait for the ticks before them, in the order in which they came: a part of the book, E schedule for the
 * numbers of the first and of the next one, E schedule 0 number for each.
 */
final class Pending {
    private final KeyValueStore<Bytes, byte[]> store;

    Pending(KeyValueStore<Bytes, byte[]> store) {
        this.store = store;
    }

    /** When the first one of a schedule happened, and it; null when none waits. */
    @Nullable KeyValue<Instant, byte[]> first(String schedule) {
        byte[] numbers = store.get(key(schedule));
        if (numbers == null) {
            return null;
        }
        byte[] value = store.get(key(schedule, ByteBuffer.wrap(numbers).getLong()));
        ByteBuffer in = ByteBuffer.wrap(value);
        Instant at = Instant.ofEpochMilli(in.getLong());
        byte[] event = new byte[in.remaining()];
        in.get(event);
        return KeyValue.pair(at, event);
    }

    /** Puts an event behind all that wait. */
    void add(String schedule, Instant at, byte[] event) {
        byte[] numbers = store.get(key(schedule));
        long first = numbers == null ? 0 : ByteBuffer.wrap(numbers).getLong();
        long next = numbers == null ? 0 : ByteBuffer.wrap(numbers).getLong(Long.BYTES);
        store.put(
                key(schedule, next),
                ByteBuffer.allocate(Long.BYTES + event.length)
                        .putLong(at.toEpochMilli())
                        .put(event)
                        .array());
        put(schedule, first, next + 1);
    }

    /** Takes the first one away. */
    void dropFirst(String schedule) {
        byte[] numbers = store.get(key(schedule));
        if (numbers != null) {
            ByteBuffer in = ByteBuffer.wrap(numbers);
            long first = in.getLong();
            store.delete(key(schedule, first));
            put(schedule, first + 1, in.getLong());
        }
    }

    private void put(String schedule, long first, long next) {
        if (first == next) {
            store.delete(key(schedule));
        } else {
            store.put(
                    key(schedule),
                    ByteBuffer.allocate(2 * Long.BYTES)
                            .putLong(first)
                            .putLong(next)
                            .array());
        }
    }

    private static Bytes key(String schedule) {
        return Book.key('E', schedule);
    }

    private static Bytes key(String schedule, long number) {
        return Book.entry(
                'E', schedule, ByteBuffer.allocate(Long.BYTES).putLong(number).array());
    }
}
