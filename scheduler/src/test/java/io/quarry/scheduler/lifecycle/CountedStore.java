package io.quarry.scheduler.lifecycle;

import java.util.List;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;

/** A store in memory that counts what is asked of it, each entry that a range yields included. */
final class CountedStore implements KeyValueStore<Bytes, byte[]> {
    private final KeyValueStore<Bytes, byte[]> store =
            Stores.inMemoryKeyValueStore("counted").get();
    int operations;

    @Override
    public void put(Bytes key, byte[] value) {
        operations++;
        store.put(key, value);
    }

    @Override
    public byte[] putIfAbsent(Bytes key, byte[] value) {
        operations++;
        return store.putIfAbsent(key, value);
    }

    @Override
    public void putAll(List<KeyValue<Bytes, byte[]>> entries) {
        operations += entries.size();
        store.putAll(entries);
    }

    @Override
    public byte[] delete(Bytes key) {
        operations++;
        return store.delete(key);
    }

    @Override
    public byte[] get(Bytes key) {
        operations++;
        return store.get(key);
    }

    @Override
    public KeyValueIterator<Bytes, byte[]> range(@Nullable Bytes from, @Nullable Bytes to) {
        operations++;
        return counted(store.range(from, to));
    }

    @Override
    public KeyValueIterator<Bytes, byte[]> all() {
        operations++;
        return counted(store.all());
    }

    private KeyValueIterator<Bytes, byte[]> counted(KeyValueIterator<Bytes, byte[]> entries) {
        return new KeyValueIterator<>() {
            @Override
            public boolean hasNext() {
                return entries.hasNext();
            }

            @Override
            public KeyValue<Bytes, byte[]> next() {
                operations++;
                return entries.next();
            }

            @Override
            public Bytes peekNextKey() {
                return entries.peekNextKey();
            }

            @Override
            public void close() {
                entries.close();
            }
        };
    }

    @Override
    public long approximateNumEntries() {
        return store.approximateNumEntries();
    }

    @Override
    public String name() {
        return store.name();
    }

    @Override
    public void init(StateStoreContext context, StateStore root) {
        store.init(context, root);
    }

    @Override
    public void close() {
        store.close();
    }

    @Override
    public boolean persistent() {
        return false;
    }

    @Override
    public boolean isOpen() {
        return store.isOpen();
    }
}
