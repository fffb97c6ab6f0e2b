package io.quarry.scheduler.lifecycle;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.ToLongFunction;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * What a partition waits for: ticks counted so far, leases, due instants, and the records that unclaimed jobs wait in.
 *
 * <p>All of it lies in one ordered store, each kind of entry under a letter of its own, numbers big-endian, so that what has
 * become due is a range that begins where the last scan ended: nothing is ever searched through. A heartbeat writes one
 * entry of some fifty bytes; the index of leases is mended lazily, when an entry comes up whose lease was renewed meanwhile.
 */
final class Timers {
    private static final byte[] NOTHING = {};
    private static final Bytes CLOCK = Bytes.wrap(new byte[] {'C'});

    private final KeyValueStore<Bytes, byte[]> store;

    private long ticks;
    private long lastCounted;
    /** Every due instant before this one is done. */
    private long dueFrom;
    /** Every lease expiry before this tick is done. */
    private long leaseFrom;

    Timers(KeyValueStore<Bytes, byte[]> store) {
        this.store = store;
        byte[] clock = store.get(CLOCK);
        if (clock != null) {
            ByteBuffer in = ByteBuffer.wrap(clock);
            ticks = in.getLong();
            lastCounted = in.getLong();
            dueFrom = in.getLong();
            leaseFrom = in.getLong();
        }
    }

    /**
     * Counts a tick if it lies at least nine tenths of an interval behind the last one counted, by append time. So several
     * tickers count as one, and a burst after an outage counts once.
     */
    void tick(long appendTime, long intervalMs) {
        if (appendTime < lastCounted) {
            // The broker's clock was set back: count nothing, and go on from here.
            lastCounted = appendTime;
        } else if (appendTime - lastCounted >= intervalMs * 9 / 10) {
            ticks++;
            lastCounted = appendTime;
        }
    }

    long ticks() {
        return ticks;
    }

    /** Writes the clock down; called after everything that a tick brought about. */
    void save() {
        store.put(
                CLOCK,
                ByteBuffer.allocate(32)
                        .putLong(ticks)
                        .putLong(lastCounted)
                        .putLong(dueFrom)
                        .putLong(leaseFrom)
                        .array());
    }

    // ---- leases: L job -> last tick, armed tick, claim; E armed tick, job -> nothing

    /** Starts a claim's lease anew; it lasts so many ticks, unless {@link #leasesOut} is told otherwise by then. */
    void renew(String job, String claim, long leaseTicks) {
        Lease old = lease(job);
        long armed = old == null ? ticks + leaseTicks : old.armed;
        if (old == null) {
            store.put(key('E', armed, job), NOTHING);
        }
        putLease(job, new Lease(ticks, armed, claim));
    }

    void drop(String job) {
        Lease old = lease(job);
        if (old != null) {
            store.delete(key('E', old.armed, job));
            store.delete(key('L', job));
        }
    }

    /**
     * Hands over the claims that had no heartbeat for a whole lease, at most {@code limit} of them.
     *
     * @param leaseTicks length of a job's lease
     */
    void leasesOut(int limit, ToLongFunction<String> leaseTicks, BiConsumer<String, String> lost) {
        List<Bytes> due = range(key('E', leaseFrom, ""), key('E', ticks + 1, ""), limit);
        for (Bytes entry : due) {
            String job = job(entry, 9);
            Lease lease = lease(job);
            store.delete(entry);
            if (lease == null) {
                continue;
            }
            long out = lease.lastTick + leaseTicks.applyAsLong(job);
            if (out > ticks) {
                store.put(key('E', out, job), NOTHING);
                putLease(job, new Lease(lease.lastTick, out, lease.claim));
            } else {
                store.delete(key('L', job));
                lost.accept(job, lease.claim);
            }
        }
        leaseFrom = due.size() < limit ? ticks + 1 : number(due.get(limit - 1));
    }

    private @Nullable Lease lease(String job) {
        byte[] value = store.get(key('L', job));
        if (value == null) {
            return null;
        }
        ByteBuffer in = ByteBuffer.wrap(value);
        return new Lease(
                in.getLong(), in.getLong(), StandardCharsets.UTF_8.decode(in).toString());
    }

    private void putLease(String job, Lease lease) {
        byte[] claim = lease.claim.getBytes(StandardCharsets.UTF_8);
        store.put(
                key('L', job),
                ByteBuffer.allocate(16 + claim.length)
                        .putLong(lease.lastTick)
                        .putLong(lease.armed)
                        .put(claim)
                        .array());
    }

    private record Lease(long lastTick, long armed, String claim) {}

    // ---- due instants: D instant, job -> nothing

    void arm(String job, long at) {
        store.put(key('D', at, job), NOTHING);
        if (at < dueFrom) {
            dueFrom = at;
            save();
        }
    }

    void disarm(String job, long at) {
        store.delete(key('D', at, job));
    }

    /** Jobs whose instant has come, earliest first, at most {@code limit}; each is told once per arming. */
    List<String> due(long now, int limit) {
        List<Bytes> entries = range(key('D', dueFrom, ""), key('D', now + 1, ""), limit);
        List<String> jobs = new ArrayList<>(entries.size());
        for (Bytes entry : entries) {
            store.delete(entry);
            jobs.add(job(entry, 9));
        }
        dueFrom = entries.size() < limit ? Math.max(dueFrom, now) : number(entries.get(limit - 1));
        return jobs;
    }

    // ---- records waited in: S topic 0 offset, job -> nothing; P topic -> offset passed, while there is work left

    void waitIn(String job, String topic, long offset) {
        store.put(sourceKey(topic, offset, job), NOTHING);
    }

    void waitNoMore(String job, String topic, long offset) {
        store.delete(sourceKey(topic, offset, job));
    }

    /** Jobs that wait in records of the topic below the offset, in the records' order, at most {@code limit}. */
    List<String> waitingBelow(String topic, long offset, int limit) {
        int prefix = 1 + utf8(topic).length + 1 + 8;
        return range(sourceKey(topic, 0, ""), sourceKey(topic, offset, ""), limit).stream()
                .map(entry -> job(entry, prefix))
                .toList();
    }

    void putPassed(String topic, long offset) {
        store.put(key('P', topic), ByteBuffer.allocate(8).putLong(offset).array());
    }

    void forgetPassed(String topic) {
        store.delete(key('P', topic));
    }

    List<KeyValue<String, Long>> passed() {
        List<KeyValue<String, Long>> all = new ArrayList<>();
        try (KeyValueIterator<Bytes, byte[]> entries = store.range(key('P', ""), Bytes.wrap(new byte[] {'P' + 1}))) {
            entries.forEachRemaining(entry -> {
                if (entry.key.get()[0] == 'P') {
                    all.add(KeyValue.pair(
                            job(entry.key, 1), ByteBuffer.wrap(entry.value).getLong()));
                }
            });
        }
        return all;
    }

    // ---- keys

    /** Keys from {@code from} on and before {@code to}. */
    private List<Bytes> range(Bytes from, Bytes to, int limit) {
        List<Bytes> keys = new ArrayList<>();
        if (from.compareTo(to) >= 0) {
            return keys;
        }
        try (KeyValueIterator<Bytes, byte[]> entries = store.range(from, to)) {
            while (entries.hasNext() && keys.size() < limit) {
                Bytes next = entries.next().key;
                if (next.compareTo(to) < 0) {
                    keys.add(next);
                }
            }
        }
        return keys;
    }

    private static Bytes key(char kind, String name) {
        byte[] utf8 = utf8(name);
        return Bytes.wrap(
                ByteBuffer.allocate(1 + utf8.length).put((byte) kind).put(utf8).array());
    }

    private static Bytes key(char kind, long number, String name) {
        byte[] utf8 = utf8(name);
        return Bytes.wrap(ByteBuffer.allocate(9 + utf8.length)
                .put((byte) kind)
                .putLong(number)
                .put(utf8)
                .array());
    }

    private static Bytes sourceKey(String topic, long offset, String job) {
        byte[] topicBytes = utf8(topic);
        byte[] jobBytes = utf8(job);
        return Bytes.wrap(ByteBuffer.allocate(10 + topicBytes.length + jobBytes.length)
                .put((byte) 'S')
                .put(topicBytes)
                .put((byte) 0)
                .putLong(offset)
                .put(jobBytes)
                .array());
    }

    private static long number(Bytes key) {
        return ByteBuffer.wrap(key.get()).getLong(1);
    }

    private static String job(Bytes key, int prefix) {
        return new String(key.get(), prefix, key.get().length - prefix, StandardCharsets.UTF_8);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
