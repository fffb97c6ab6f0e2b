package io.quarry.scheduler.lifecycle;

import io.quarry.scheduler.streams.GroupTexts;
import io.quarry.scheduler.streams.Outgoing;
import io.quarry.scheduler.streams.Wire;
import io.quarry.schemas.Topics;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.Stores;

/** The topology from job-events to job-state, retries, dead jobs and commands: the state machine with its stores. */
final class LifecycleTopology implements Supplier<Topology> {
    static final String ROWS = "rows";
    static final String TIMERS = "timers";
    static final String GROUPS = "groups";

    private final LifecycleSettings settings;
    private final Supplier<Wire> wire;
    private final Supplier<String> statesTopic;
    private final Supplier<Map<String, String>> queues;
    private final Function<String, KeyValueBytesStoreSupplier> stores;

    /**
     * The topology as it runs.
     *
     * @param statesTopic identity of the topic job-state, empty while nobody knows; asked often, must not block
     * @param queues identities of the groups' queues by their names, the same map as long as nothing changes; likewise
     */
    LifecycleTopology(
            LifecycleSettings settings,
            Supplier<Wire> wire,
            Supplier<String> statesTopic,
            Supplier<Map<String, String>> queues) {
        this(settings, wire, statesTopic, queues, Stores::persistentKeyValueStore);
    }

    /** The topology over stores of the caller's. */
    LifecycleTopology(
            LifecycleSettings settings,
            Supplier<Wire> wire,
            Supplier<String> statesTopic,
            Supplier<Map<String, String>> queues,
            Function<String, KeyValueBytesStoreSupplier> stores) {
        this.settings = settings;
        this.wire = wire;
        this.statesTopic = statesTopic;
        this.queues = queues;
        this.stores = stores;
    }

    @Override
    public Topology get() {
        Topics topics = settings.topics();
        Topology topology = new Topology();
        GroupTexts.addTo(topology, GROUPS, topics.groups());
        topology.addSource("events", new ByteArrayDeserializer(), new ByteArrayDeserializer(), topics.events());
        topology.addProcessor(
                "lifecycle", () -> new LifecycleProcessor(settings, wire.get(), statesTopic, queues), "events");
        topology.addStateStore(
                Stores.keyValueStoreBuilder(stores.apply(ROWS), Serdes.String(), Serdes.ByteArray()), "lifecycle");
        topology.addStateStore(
                Stores.keyValueStoreBuilder(stores.apply(TIMERS), Serdes.Bytes(), Serdes.ByteArray()), "lifecycle");
        Outgoing.addSink(topology, "out", "lifecycle");
        return topology;
    }
}
