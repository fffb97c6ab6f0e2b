package io.quarry.scheduler.trigger;

import java.nio.ByteBuffer;
import java.time.Instant;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Events of schedules that wait for the ticks before them, in the order in which they happened: a part of the book, E schedule for the
 * numbers of the first and of the next one, E schedule 0 number for each, with its instants and whether a router brought it.
 */
final class Pending {
    private static final byte BROUGHT = 1;

    private final KeyValueStore<Bytes, byte[]> store;

    Pending(KeyValueStore<Bytes, byte[]> store) {
        this.store = store;
    }

    /**
     * An event that waits.
     *
     * @param at when it happened
     * @param came when it came here
     */
    @SuppressWarnings("ArrayRecordComponent") // the bytes are handed through, never compared
    record Waiting(Instant at, Instant came, byte[] event) {}

    /** The first one of a schedule; null when none waits. */
    @Nullable Waiting first(String schedule) {
        byte[] numbers = store.get(key(schedule));
        if (numbers == null) {
            return null;
        }
        byte[] value = store.get(key(schedule, ByteBuffer.wrap(numbers).getLong()));
        ByteBuffer in = ByteBuffer.wrap(value);
        Instant at = Instant.ofEpochMilli(in.getLong());
        in.get();
        Instant came = Instant.ofEpochMilli(in.getLong());
        byte[] event = new byte[in.remaining()];
        in.get(event);
        return new Waiting(at, came, event);
    }

    /**
     * Puts an event behind all that wait. One that a router brought has been on its way: it goes before those at the end that were
     * written at once and happened later, and never before another one that was brought.
     */
    void add(String schedule, Waiting event, boolean brought) {
        byte[] numbers = store.get(key(schedule));
        long first = numbers == null ? 0 : ByteBuffer.wrap(numbers).getLong();
        long next = numbers == null ? 0 : ByteBuffer.wrap(numbers).getLong(Long.BYTES);
        long at = event.at.toEpochMilli();
        long place = next;
        for (; brought && place > first; place--) {
            byte[] last = store.get(key(schedule, place - 1));
            ByteBuffer in = ByteBuffer.wrap(last);
            if (in.getLong() <= at || in.get() == BROUGHT) {
                break;
            }
            store.put(key(schedule, place), last);
        }
        store.put(
                key(schedule, place),
                ByteBuffer.allocate(2 * Long.BYTES + 1 + event.event.length)
                        .putLong(at)
                        .put(brought ? BROUGHT : 0)
                        .putLong(event.came.toEpochMilli())
                        .put(event.event)
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
