package io.quarry.scheduler.trigger;

import io.quarry.scheduler.streams.GroupTexts;
import io.quarry.scheduler.streams.Outgoing;
import io.quarry.scheduler.streams.Wire;
import io.quarry.schemas.Topics;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.Stores;

/** The topology from schedules and ends of jobs to triggers and the ledger: a router without state, and the schedules themselves. */
final class TriggerTopology implements Supplier<Topology> {
    static final String DEFINITIONS = "definitions";
    static final String STATES = "states";
    static final String BOOK = "book";
    static final String GROUPS = "trigger-groups";

    private final TriggerSettings settings;
    private final Supplier<Wire> wire;

    private final Function<String, KeyValueBytesStoreSupplier> stores;

    /** The topology as it runs. */
    TriggerTopology(TriggerSettings settings, Supplier<Wire> wire) {
        this(settings, wire, Stores::persistentKeyValueStore);
    }

    /** The topology over stores of the caller's. */
    TriggerTopology(
            TriggerSettings settings, Supplier<Wire> wire, Function<String, KeyValueBytesStoreSupplier> stores) {
        this.settings = settings;
        this.wire = wire;
        this.stores = stores;
    }

    @Override
    public Topology get() {
        Topics topics = settings.topics();
        Topology topology = groups();
        topology.addSource(
                "changes",
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer(),
                topics.schedules(),
                topics.states());
        topology.addProcessor("router", () -> new RouterProcessor(settings, wire.get()), "changes");
        Outgoing.addSink(topology, "routed", "router");
        return trigger(topology);
    }

    /** The second stage alone: somebody else routes. */
    Topology unrouted() {
        return trigger(groups());
    }

    private Topology groups() {
        Topology topology = new Topology();
        GroupTexts.addTo(topology, GROUPS, settings.topics().groups());
        return topology;
    }

    private Topology trigger(Topology topology) {
        String events = settings.topics().scheduleEvents();
        topology.addSource("events", new ByteArrayDeserializer(), new ByteArrayDeserializer(), events);
        topology.addProcessor("trigger", () -> new TriggerProcessor(settings, wire.get()), "events");
        topology.addStateStore(
                Stores.keyValueStoreBuilder(stores.apply(DEFINITIONS), Serdes.String(), Serdes.ByteArray()), "trigger");
        topology.addStateStore(
                Stores.keyValueStoreBuilder(stores.apply(STATES), Serdes.String(), Serdes.ByteArray()), "trigger");
        topology.addStateStore(
                Stores.keyValueStoreBuilder(stores.apply(BOOK), Serdes.Bytes(), Serdes.ByteArray()), "trigger");
        Outgoing.addSink(topology, "out", "trigger");
        return topology;
    }
}
