package io.quarry.local.broker;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;

/**
 * One broker and controller of a cluster of several, as a process: {@code MemberMain <directory> <node> <port>
 * <controller port of node 1> <of node 2> ...}. Three replicas of everything, two of which have to be in sync. It stops in
 * order at SIGTERM, and when its standard input ends.
 */
public final class MemberMain {
    private static final String CLUSTER = "cXVhcnJ5LW1lbWJlcnM5OQ";

    private MemberMain() {}

    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]);
        int node = Integer.parseInt(args[1]);
        Files.createDirectories(directory);
        if (!Files.exists(directory.resolve("meta.properties"))) {
            new Formatter()
                    .setNodeId(node)
                    .setClusterId(CLUSTER)
                    .addDirectory(directory.toString())
                    .setMetadataLogDirectory(directory.toString())
                    .setControllerListenerName(BrokerProperties.CONTROLLER_LISTENER)
                    .setHasDynamicQuorum(false)
                    .setPrintStream(new PrintStream(new ByteArrayOutputStream(), false, StandardCharsets.UTF_8))
                    .run();
        }
        KafkaRaftServer server = new KafkaRaftServer(KafkaConfig.fromProps(properties(args), false), Time.SYSTEM);
        server.startup();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            server.shutdown();
            server.awaitShutdown();
        }));
        System.out.println("member READY " + node);
        awaitEnd();
        System.exit(0);
    }

    private static Properties properties(String[] args) {
        int node = Integer.parseInt(args[1]);
        int port = Integer.parseInt(args[2]);
        // Quick to join and small, as the broker that is alone.
        Properties p = BrokerProperties.of(Path.of(args[0]), port, Integer.parseInt(args[2 + node]));
        p.setProperty("node.id", Integer.toString(node));
        p.setProperty(
                "controller.quorum.voters",
                IntStream.range(3, args.length)
                        .mapToObj(i -> (i - 2) + "@127.0.0.1:" + args[i])
                        .collect(Collectors.joining(",")));
        p.setProperty("controller.quorum.election.timeout.ms", "1000");
        p.setProperty("broker.session.timeout.ms", "9000");
        p.setProperty("default.replication.factor", "3");
        p.setProperty("min.insync.replicas", "2");
        for (String topic : new String[] {"offsets.topic", "transaction.state.log", "share.coordinator.state.topic"}) {
            p.setProperty(topic + ".replication.factor", "3");
        }
        p.setProperty("transaction.state.log.min.isr", "2");
        p.setProperty("share.coordinator.state.topic.min.isr", "2");
        return p;
    }

    private static void awaitEnd() {
        try {
            long unused = System.in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            // A broken pipe is an end as well.
        }
    }
}
