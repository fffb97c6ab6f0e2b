package io.quarry.local.bench;

import io.quarry.local.broker.BrokerMain;
import io.quarry.local.registry.RegistryServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What every bench stands on: a broker as a process of its own, so that its CPU time can be told from everybody else's, and a
 * registry in this one.
 */
final class Ground implements AutoCloseable {
    private static final Duration UP = Duration.ofMinutes(1);
    private static final long BROKER_HEAP = 512L << 20;

    private final Child broker;
    private final RegistryServer registry;
    private final String address;

    private Ground(Child broker, RegistryServer registry, String address) {
        this.broker = broker;
        this.registry = registry;
        this.address = address;
    }

    /**
     * Starts both, fresh.
     *
     * @param recordings where to put a flight recording of the broker; null for none
     */
    static Ground start(Path home, @Nullable Path recordings) throws IOException, InterruptedException {
        Child broker = Child.start(
                home.resolve("broker"),
                new Child.Program(
                        BrokerMain.class.getName(),
                        List.of(home.resolve("kafka").toString(), "0"),
                        BROKER_HEAP,
                        System.getProperty("java.class.path"),
                        recordings));
        try {
            String address = broker.awaitReady(UP);
            RegistryServer registry = RegistryServer.start(Map.of("bootstrap.servers", address), 0, 1);
            return new Ground(broker, registry, address);
        } catch (RuntimeException | IOException | InterruptedException e) {
            broker.close();
            throw e;
        }
    }

    Child broker() {
        return broker;
    }

    /** Settings of everybody under a topic prefix; a copy of the caller's. */
    Map<String, String> settings(String prefix) {
        return new HashMap<>(Map.of(
                "bootstrap.servers",
                address,
                "schema.registry.url",
                registry.url(),
                "topic.prefix",
                prefix,
                "replication.factor",
                "1"));
    }

    @Override
    public void close() {
        registry.close();
        broker.close();
    }
}
