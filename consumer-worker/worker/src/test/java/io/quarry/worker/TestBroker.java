package io.quarry.worker;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;

/** A real broker in this JVM, its own controller, quick to join. */
final class TestBroker implements AutoCloseable {
    private final KafkaRaftServer server;
    private final Properties properties;

    private TestBroker(KafkaRaftServer server, Properties properties) {
        this.server = server;
        this.properties = properties;
    }

    static TestBroker start(Path directory) throws Exception {
        Properties p = properties(directory);
        new Formatter()
                .setNodeId(1)
                .setClusterId(Uuid.randomUuid().toString())
                .addDirectory(directory.toString())
                .setMetadataLogDirectory(directory.toString())
                .setControllerListenerName("CONTROLLER")
                .setHasDynamicQuorum(false)
                .setPrintStream(new PrintStream(new ByteArrayOutputStream(), false, StandardCharsets.UTF_8))
                .run();
        return start(p);
    }

    /** Starts anew, at the same address, on the same data. */
    TestBroker restart() {
        return start(properties);
    }

    private static TestBroker start(Properties p) {
        KafkaRaftServer server = new KafkaRaftServer(KafkaConfig.fromProps(p, false), Time.SYSTEM);
        server.startup();
        return new TestBroker(server, p);
    }

    private static Properties properties(Path directory) throws IOException {
        int port = freePort();
        int controller = freePort();
        Properties p = new Properties();
        p.setProperty("node.id", "1");
        p.setProperty("process.roles", "broker,controller");
        p.setProperty("log.dirs", directory.toString());
        p.setProperty("listeners", "PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controller);
        p.setProperty("advertised.listeners", "PLAINTEXT://127.0.0.1:" + port);
        p.setProperty("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
        p.setProperty("controller.listener.names", "CONTROLLER");
        p.setProperty("inter.broker.listener.name", "PLAINTEXT");
        p.setProperty("controller.quorum.voters", "1@127.0.0.1:" + controller);
        p.setProperty("controller.quorum.election.timeout.ms", "200");
        p.setProperty("auto.create.topics.enable", "false");
        for (String topic : new String[] {"offsets.topic", "transaction.state.log", "share.coordinator.state.topic"}) {
            p.setProperty(topic + ".replication.factor", "1");
            p.setProperty(topic + ".num.partitions", "1");
        }
        p.setProperty("transaction.state.log.min.isr", "1");
        p.setProperty("share.coordinator.state.topic.min.isr", "1");
        p.setProperty("group.initial.rebalance.delay.ms", "0");
        p.setProperty("group.share.min.heartbeat.interval.ms", "200");
        p.setProperty("group.share.heartbeat.interval.ms", "500");
        p.setProperty("group.share.assignment.interval.ms", "100");
        p.setProperty("group.share.delivery.count.limit", "10");
        // Fenced beside other tests, it would load its groups by halves.
        p.setProperty("broker.session.timeout.ms", "60000");
        p.setProperty("log.cleaner.dedupe.buffer.size", "4194304");
        p.setProperty("num.io.threads", "4");
        return p;
    }

    String bootstrap() {
        return properties.getProperty("advertised.listeners").substring("PLAINTEXT://".length());
    }

    @Override
    public void close() {
        server.shutdown();
        server.awaitShutdown();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
