package io.quarry.scheduler.lifecycle;

import io.quarry.avro.JobState;
import io.quarry.avro.State;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * How many jobs of each group are in each state that is not final. Counted from the rows as they change, in the same
 * transaction, because nothing else tells: a share group's lag counts records that were taken long ago. One entry a group, under
 * a letter of its own in the store of the timers.
 */
final class Depths {
    /** States that are counted, in the order of an entry's numbers. More may come behind. */
    static final List<State> COUNTED = List.of(State.QUEUED, State.LAUNCHING, State.RUNNING, State.RETRYING);

    private static final byte LETTER = 'N';
    private static final Bytes ALL_COUNTED = Bytes.wrap(new byte[] {'M'});
    private static final byte[] YES = {1};

    private final KeyValueStore<Bytes, byte[]> store;
    private final TreeMap<String, long[]> counts = new TreeMap<>();

    Depths(KeyValueStore<Bytes, byte[]> store) {
        this.store = store;
        Bytes from = Bytes.wrap(new byte[] {LETTER});
        try (KeyValueIterator<Bytes, byte[]> entries = store.range(from, Bytes.wrap(new byte[] {LETTER + 1}))) {
            while (entries.hasNext()) {
                KeyValue<Bytes, byte[]> entry = entries.next();
                byte[] key = entry.key.get();
                if (key[0] == LETTER) {
                    counts.put(new String(key, 1, key.length - 1, StandardCharsets.UTF_8), numbers(entry.value));
                }
            }
        }
    }

    /** Whether the rows are counted; false for rows of a version that did not count. */
    boolean counted() {
        return store.get(ALL_COUNTED) != null;
    }

    /** Takes what was counted as all there is. */
    void setCounted() {
        store.put(ALL_COUNTED, YES);
    }

    /** Counts a change; the groups whose numbers are others now. */
    Set<String> move(@Nullable JobState before, @Nullable JobState after) {
        Set<String> changed = new TreeSet<>();
        int from = -1;
        int to = -1;
        String left = "";
        String entered = "";
        if (before != null) {
            from = COUNTED.indexOf(before.getState());
            left = before.getJob().getResourceGroup();
        }
        if (after != null) {
            to = COUNTED.indexOf(after.getState());
            entered = after.getJob().getResourceGroup();
        }
        if (from == to && left.equals(entered)) {
            return changed;
        }
        if (from >= 0) {
            add(left, from, -1);
            changed.add(left);
        }
        if (to >= 0) {
            add(entered, to, 1);
            changed.add(entered);
        }
        changed.forEach(this::save);
        return changed;
    }

    long of(String group, State state) {
        long[] numbers = counts.get(group);
        return numbers == null ? 0 : numbers[COUNTED.indexOf(state)];
    }

    void each(String group, BiConsumer<State, Long> told) {
        COUNTED.forEach(state -> told.accept(state, of(group, state)));
    }

    /** Groups that have a job which is not final. */
    Set<String> groups() {
        return Set.copyOf(counts.keySet());
    }

    private void add(String group, int state, long n) {
        long[] numbers = counts.computeIfAbsent(group, g -> new long[COUNTED.size()]);
        numbers[state] += n;
    }

    private void save(String group) {
        long[] numbers = counts.getOrDefault(group, new long[COUNTED.size()]);
        byte[] utf8 = group.getBytes(StandardCharsets.UTF_8);
        Bytes key = Bytes.wrap(
                ByteBuffer.allocate(1 + utf8.length).put(LETTER).put(utf8).array());
        boolean none = true;
        ByteBuffer out = ByteBuffer.allocate(8 * numbers.length);
        for (long number : numbers) {
            out.putLong(number);
            none &= number == 0;
        }
        if (none) {
            counts.remove(group);
            store.delete(key);
        } else {
            store.put(key, out.array());
        }
    }

    private static long[] numbers(byte[] value) {
        long[] numbers = new long[COUNTED.size()];
        ByteBuffer in = ByteBuffer.wrap(value);
        for (int i = 0; i < numbers.length && in.remaining() >= 8; i++) {
            numbers[i] = in.getLong();
        }
        return numbers;
    }
}
