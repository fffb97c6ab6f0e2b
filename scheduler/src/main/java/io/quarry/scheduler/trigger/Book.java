package io.quarry.scheduler.trigger;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * What a partition's schedules wait for: the clock, the ends of their jobs, their turn. One ordered store, each kind of entry under a
 * letter of its own, numbers big-endian, so that what is due is a range and nothing is ever searched through.
 */
final class Book {
    private static final byte[] NOTHING = {};

    private final KeyValueStore<Bytes, byte[]> store;
    /** No entry is due before this instant, in milliseconds; the earliest one may be later. */
    private long earliest = Long.MIN_VALUE;

    Book(KeyValueStore<Bytes, byte[]> store) {
        this.store = store;
    }

    // ---- D: when a schedule is to be looked at: D instant schedule -> nothing; T schedule -> instant

    /** Sets when a schedule is to be looked at; null for never. */
    void arm(String schedule, @Nullable Instant at) {
        Bytes own = key('T', schedule);
        byte[] before = store.get(own);
        Long old = before == null ? null : ByteBuffer.wrap(before).getLong();
        Long now = at == null ? null : at.toEpochMilli();
        if (old != null && old.equals(now)) {
            return;
        }
        if (old != null) {
            store.delete(timer(old, schedule));
        }
        if (now == null) {
            if (old != null) {
                store.delete(own);
            }
            return;
        }
        store.put(own, ByteBuffer.allocate(8).putLong(now).array());
        store.put(timer(now, schedule), NOTHING);
        earliest = Math.min(earliest, now);
    }

    /** Schedules that are to be looked at by now, the earliest first, at most so many. They stay armed. */
    List<String> due(Instant now, int most) {
        List<String> due = new ArrayList<>();
        if (now.toEpochMilli() < earliest) {
            return due;
        }
        Long first = null;
        try (KeyValueIterator<Bytes, byte[]> entries =
                store.range(timer(earliest, ""), Bytes.wrap(new byte[] {'D' + 1}))) {
            while (entries.hasNext() && due.size() < most) {
                byte[] next = entries.next().key.get();
                long at = next[0] == 'D' ? ByteBuffer.wrap(next).getLong(1) ^ Long.MIN_VALUE : Long.MAX_VALUE;
                first = first == null ? at : first;
                if (at > now.toEpochMilli()) {
                    break;
                }
                due.add(new String(next, 9, next.length - 9, StandardCharsets.UTF_8));
            }
        }
        earliest = first == null ? Long.MAX_VALUE : first;
        return due;
    }

    private static Bytes timer(long at, String schedule) {
        byte[] name = utf8(schedule);
        // Instants before 1970 come first, too.
        return Bytes.wrap(ByteBuffer.allocate(9 + name.length)
                .put((byte) 'D')
                .putLong(at ^ Long.MIN_VALUE)
                .put(name)
                .array());
    }

    // ---- O: triggered and not ended; W: waits; X: a backfill's, triggered and not ended. kind schedule 0 id -> row

    void open(String schedule, String jobId, byte[] row) {
        store.put(entry('O', schedule, jobId), row);
        Counts counts = counts(schedule);
        putCounts(schedule, new Counts(counts.open + 1, counts.waiting, jobId));
    }

    /** A job of the schedule that has not ended; null when all have. */
    @Nullable String anyOpen(String schedule) {
        Counts counts = counts(schedule);
        return counts.open == 0 ? null : counts.last;
    }

    /** How many ticks of the schedule wait. */
    int waiting(String schedule) {
        return counts(schedule).waiting;
    }

    byte @Nullable [] open(String schedule, String jobId) {
        return store.get(entry('O', schedule, jobId));
    }

    /** Hands out the rows of the schedule's jobs that have not ended. */
    void eachOpen(String schedule, Consumer<byte[]> sink) {
        scan('O', schedule, Integer.MAX_VALUE, next -> sink.accept(next.value));
    }

    void openBackfill(String schedule, String jobId, byte[] row) {
        store.put(entry('X', schedule, jobId), row);
    }

    byte @Nullable [] openBackfill(String schedule, String jobId) {
        return store.get(entry('X', schedule, jobId));
    }

    /** Hands out the rows of jobs of the schedule's backfills that have not ended. */
    void eachOpenBackfill(String schedule, Consumer<byte[]> sink) {
        scan('X', schedule, Integer.MAX_VALUE, next -> sink.accept(next.value));
    }

    void close(String schedule, String jobId) {
        store.delete(entry('O', schedule, jobId));
        Counts counts = counts(schedule);
        String last = counts.last;
        if (counts.open > 1 && last.equals(jobId)) {
            List<byte[]> others = keys('O', schedule);
            last = others.isEmpty() ? last : new String(others.get(0), StandardCharsets.UTF_8);
        }
        putCounts(schedule, new Counts(counts.open - 1, counts.waiting, last));
    }

    void closeBackfill(String schedule, String jobId) {
        store.delete(entry('X', schedule, jobId));
    }

    void await(String schedule, Instant tick, byte[] row) {
        store.put(waiting(schedule, tick), row);
        Counts counts = counts(schedule);
        putCounts(schedule, new Counts(counts.open, counts.waiting + 1, counts.last));
    }

    void awaitNoMore(String schedule, Instant tick) {
        store.delete(waiting(schedule, tick));
        Counts counts = counts(schedule);
        putCounts(schedule, new Counts(counts.open, counts.waiting - 1, counts.last));
    }

    /** Rows of ticks that wait, the earliest first, at most so many. */
    List<byte[]> waiting(String schedule, int most) {
        return values('W', schedule, most);
    }

    private static Bytes waiting(String schedule, Instant tick) {
        return entry('W', schedule, tick, "");
    }

    // ---- C schedule -> how many are open and wait: to look for the first of them would pass by all that were removed

    /**
     * What a schedule has in the book.
     *
     * @param last one of the jobs that are open, when any is
     */
    private record Counts(int open, int waiting, String last) {}

    private Counts counts(String schedule) {
        byte[] value = store.get(key('C', schedule));
        if (value == null) {
            return new Counts(0, 0, "");
        }
        ByteBuffer in = ByteBuffer.wrap(value);
        return new Counts(
                in.getInt(), in.getInt(), StandardCharsets.UTF_8.decode(in).toString());
    }

    private void putCounts(String schedule, Counts counts) {
        if (counts.open <= 0 && counts.waiting <= 0) {
            store.delete(key('C', schedule));
            return;
        }
        byte[] last = utf8(counts.last);
        store.put(
                key('C', schedule),
                ByteBuffer.allocate(8 + last.length)
                        .putInt(counts.open)
                        .putInt(counts.waiting)
                        .put(last)
                        .array());
    }

    // ---- keys

    /** The id of the first entry, if there is one. */
    private List<byte[]> keys(char kind, String schedule) {
        List<byte[]> found = new ArrayList<>();
        int prefix = entry(kind, schedule, "").get().length;
        scan(kind, schedule, 1, next -> found.add(Arrays.copyOfRange(next.key.get(), prefix, next.key.get().length)));
        return found;
    }

    private List<byte[]> values(char kind, String schedule, int most) {
        List<byte[]> values = new ArrayList<>();
        scan(kind, schedule, most, next -> values.add(next.value));
        return values;
    }

    private void scan(char kind, String schedule, int most, Consumer<KeyValue<Bytes, byte[]>> sink) {
        int seen = 0;
        Bytes from = entry(kind, schedule, "");
        byte[] end = from.get().clone();
        // The byte behind the name is 0: with 1 there the range ends behind the last of its entries.
        end[end.length - 1] = 1;
        Bytes to = Bytes.wrap(end);
        try (KeyValueIterator<Bytes, byte[]> entries = store.range(from, to)) {
            while (entries.hasNext() && seen < most) {
                KeyValue<Bytes, byte[]> next = entries.next();
                if (next.key.compareTo(to) < 0) {
                    sink.accept(next);
                    seen++;
                }
            }
        }
    }

    /** The one entry of a kind that a schedule has: kind schedule. */
    static Bytes key(char kind, String schedule) {
        byte[] name = utf8(schedule);
        return Bytes.wrap(
                ByteBuffer.allocate(1 + name.length).put((byte) kind).put(name).array());
    }

    /** One of the entries of a kind that a schedule has, in the order of instants: kind schedule 0 instant id. */
    static Bytes entry(char kind, String schedule, Instant at, String id) {
        byte[] rest = utf8(id);
        // Instants before 1970 come first, too.
        return entry(
                kind,
                schedule,
                ByteBuffer.allocate(Long.BYTES + rest.length)
                        .putLong(at.toEpochMilli() ^ Long.MIN_VALUE)
                        .put(rest)
                        .array());
    }

    private static Bytes entry(char kind, String schedule, String id) {
        return entry(kind, schedule, utf8(id));
    }

    /** One of the entries of a kind that a schedule has: kind schedule 0 rest. */
    static Bytes entry(char kind, String schedule, byte[] rest) {
        byte[] name = utf8(schedule);
        return Bytes.wrap(ByteBuffer.allocate(2 + name.length + rest.length)
                .put((byte) kind)
                .put(name)
                .put((byte) 0)
                .put(rest)
                .array());
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
