package io.quarry.local.broker;

import java.nio.file.Path;
import java.util.List;
import java.util.Properties;

/** Properties of a broker that is alone, small and quick to answer: its own controller, every internal topic once. */
final class BrokerProperties {
    static final int NODE_ID = 1;
    static final String CONTROLLER_LISTENER = "CONTROLLER";

    static final String HOST = "127.0.0.1";
    private static final String CLEANER_BUFFER_BYTES = "4194304";

    private BrokerProperties() {}

    /** Properties of the controller of such a broker by itself, for as long as the broker is not up. */
    static Properties ofController(Path directory, int controllerPort) {
        Properties p = new Properties();
        p.setProperty("process.roles", "controller");
        p.setProperty("listeners", CONTROLLER_LISTENER + "://" + HOST + ":" + controllerPort);
        p.setProperty("listener.security.protocol.map", "CONTROLLER:PLAINTEXT");
        putController(p, directory, controllerPort);
        return p;
    }

    /** Properties for one start without further doors. */
    static Properties of(Path directory, int port, int controllerPort) {
        return of(directory, port, controllerPort, List.of());
    }

    /** Properties for one start with further doors, each a listener of its own. */
    static Properties of(Path directory, int port, int controllerPort, List<Door> doors) {
        Properties p = new Properties();
        putController(p, directory, controllerPort);
        p.setProperty("process.roles", "broker,controller");
        StringBuilder listeners = new StringBuilder(
                "PLAINTEXT://" + HOST + ":" + port + "," + CONTROLLER_LISTENER + "://" + HOST + ":" + controllerPort);
        StringBuilder advertised = new StringBuilder("PLAINTEXT://" + HOST + ":" + port);
        StringBuilder protocols = new StringBuilder("PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
        for (int i = 0; i < doors.size(); i++) {
            String name = "DOOR" + i;
            Door door = doors.get(i);
            listeners.append("," + name + "://" + door.address() + ":" + door.port());
            advertised.append("," + name + "://" + door.host() + ":" + door.advertised());
            protocols.append(",").append(name).append(":PLAINTEXT");
        }
        p.setProperty("listeners", listeners.toString());
        p.setProperty("advertised.listeners", advertised.toString());
        p.setProperty("listener.security.protocol.map", protocols.toString());
        p.setProperty("inter.broker.listener.name", "PLAINTEXT");
        p.setProperty("auto.create.topics.enable", "false");

        // The controller drops a heartbeat that it has not handled within half an interval: on processors that others
        // use
        // as well, a short interval keeps a broker that was fenced from ever coming back.
        p.setProperty("broker.heartbeat.interval.ms", "1000");
        // Nobody takes over from a broker that is alone: to fence it only does harm.
        p.setProperty("broker.session.timeout.ms", "18000");

        for (String topic : new String[] {"offsets.topic", "transaction.state.log", "share.coordinator.state.topic"}) {
            p.setProperty(topic + ".replication.factor", "1");
            p.setProperty(topic + ".num.partitions", "4");
        }
        p.setProperty("transaction.state.log.min.isr", "1");
        p.setProperty("share.coordinator.state.topic.min.isr", "1");
        p.setProperty("min.insync.replicas", "1");
        p.setProperty("default.replication.factor", "1");

        // A join takes a heartbeat or two: with the defaults of 5 s the first job would wait for 6 s.
        p.setProperty("group.initial.rebalance.delay.ms", "0");
        p.setProperty("group.streams.initial.rebalance.delay.ms", "0");
        for (String kind : new String[] {"share", "consumer", "streams"}) {
            p.setProperty("group." + kind + ".min.heartbeat.interval.ms", "200");
            p.setProperty("group." + kind + ".heartbeat.interval.ms", "500");
            p.setProperty("group." + kind + ".assignment.interval.ms", "100");
        }
        p.setProperty("group.share.delivery.count.limit", "10");

        // Memory and threads of a guest.
        p.setProperty("log.cleaner.dedupe.buffer.size", CLEANER_BUFFER_BYTES);
        p.setProperty("log.index.size.max.bytes", "1048576");
        p.setProperty("share.coordinator.load.buffer.size", "1048576");
        p.setProperty("transaction.state.log.load.buffer.size", "1048576");
        p.setProperty("num.network.threads", doors.isEmpty() ? "2" : "1");
        p.setProperty("num.io.threads", "4");
        p.setProperty("background.threads", "2");
        p.setProperty("group.coordinator.threads", "1");
        p.setProperty("num.recovery.threads.per.data.dir", "2");
        return p;
    }

    private static void putController(Properties p, Path directory, int controllerPort) {
        p.setProperty("node.id", Integer.toString(NODE_ID));
        p.setProperty("log.dirs", directory.toString());
        p.setProperty("controller.listener.names", CONTROLLER_LISTENER);
        // The voter is named here and not in the log, since its port is another one at each start.
        p.setProperty("controller.quorum.voters", NODE_ID + "@" + HOST + ":" + controllerPort);
        p.setProperty("controller.quorum.election.timeout.ms", "200");
        p.setProperty("controller.quorum.append.linger.ms", "0");
    }
}
