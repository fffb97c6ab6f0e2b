package io.quarry.scheduler.lifecycle;

import io.quarry.scheduler.streams.Outgoing;
import io.quarry.scheduler.streams.Rereads;
import io.quarry.scheduler.streams.Wire;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.Stores;

/** The topology from all job and retry topics to job-events and jobs.invalid. */
final class IntakeTopology implements Supplier<Topology> {
    static final String STORE = "intake";

    private final LifecycleSettings settings;
    private final Supplier<Wire> wire;
    private final Supplier<Map<String, Long>> shareStarts;
    private final Supplier<Map<String, String>> queues;
    private final Rereads rereads;

    IntakeTopology(
            LifecycleSettings settings,
            Supplier<Wire> wire,
            Supplier<Map<String, Long>> shareStarts,
            Supplier<Map<String, String>> queues,
            Rereads rereads) {
        this.settings = settings;
        this.wire = wire;
        this.shareStarts = shareStarts;
        this.queues = queues;
        this.rereads = rereads;
    }

    @Override
    public Topology get() {
        Topology topology = new Topology();
        ByteArrayDeserializer raw = new ByteArrayDeserializer();
        topology.addSource("jobs", raw, raw, settings.topics().jobsPattern());
        topology.addSource("retries", raw, raw, settings.topics().retriesPattern());
        topology.addProcessor(
                "intake",
                () -> new IntakeProcessor(settings, wire.get(), shareStarts, queues, rereads),
                "jobs",
                "retries");
        topology.addStateStore(
                Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(STORE), Serdes.Bytes(), Serdes.ByteArray()),
                "intake");
        Outgoing.addSink(topology, "out", "intake");
        return topology;
    }
}
