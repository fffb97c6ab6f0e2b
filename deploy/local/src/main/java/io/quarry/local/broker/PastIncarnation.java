package io.quarry.local.broker;

import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.errors.BrokerIdNotRegisteredException;
import org.apache.kafka.common.utils.Time;

/**
 * The broker that was killed, as its controller still knows it: alive until its session is over, and nobody may register under its
 * number before. A broker that is alone needs a long session, since to be fenced does it nothing but harm: on processors that are
 * wanted by others as well it would lose the lead of its partitions in the middle of loading its coordinators, and a share group
 * that is loaded by halves hands out no record any more. So its restart does not wait for the session: the controller is started
 * without a broker first, and told that the old one is gone.
 */
final class PastIncarnation {
    private static final int TIMEOUT_MS = 60_000;

    private PastIncarnation() {}

    /**
     * Takes the killed broker off the controller's list.
     *
     * @param controller properties of a process that is the controller alone, of the directory of the one that was killed
     * @param address where it will listen, as {@code host:port}
     */
    static void forget(Properties controller, String address) throws Exception {
        KafkaRaftServer server = new KafkaRaftServer(KafkaConfig.fromProps(controller, false), Time.SYSTEM);
        server.startup();
        try (Admin admin = Admin.create(Map.of(
                AdminClientConfig.BOOTSTRAP_CONTROLLERS_CONFIG,
                address,
                AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG,
                TIMEOUT_MS,
                AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
                TIMEOUT_MS))) {
            unregister(admin);
        } finally {
            server.shutdown();
            server.awaitShutdown();
        }
    }

    private static void unregister(Admin admin) throws InterruptedException, TimeoutException, ExecutionException {
        try {
            admin.unregisterBroker(BrokerProperties.NODE_ID).all().get(TIMEOUT_MS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            // It was killed before it had registered, or after this had been done.
            if (!(e.getCause() instanceof BrokerIdNotRegisteredException)) {
                throw e;
            }
        }
    }
}
