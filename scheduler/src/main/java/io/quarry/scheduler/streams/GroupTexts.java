package io.quarry.scheduler.streams;

import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** The raw configuration of each group in a global store; it is read where it is used, so that garbage stops nobody. */
public final class GroupTexts {
    private GroupTexts() {}

    /**
     * Adds the store to a topology.
     *
     * @param store name of the store: group name to the record's value
     * @param topic the topic of the groups
     */
    public static void addTo(Topology topology, String store, String topic) {
        topology.addGlobalStore(
                Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(store), Serdes.String(), Serdes.ByteArray())
                        .withLoggingDisabled(),
                "groups-source",
                new StringDeserializer(),
                new ByteArrayDeserializer(),
                topic,
                "groups-store",
                () -> new Keeper(store));
    }

    private static final class Keeper extends ContextualProcessor<String, byte[], Void, Void> {
        private final String name;

        Keeper(String name) {
            this.name = name;
        }

        @Override
        public void process(Record<String, byte[]> record) {
            KeyValueStore<String, byte[]> store = context().getStateStore(name);
            if (record.key() != null) {
                store.put(record.key(), record.value());
            }
        }
    }
}
