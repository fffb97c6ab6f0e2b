package io.quarry.local;

import io.quarry.local.broker.BrokerException;
import io.quarry.local.broker.Door;
import io.quarry.local.broker.LocalBroker;
import io.quarry.local.registry.RegistryException;
import io.quarry.local.registry.RegistryServer;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/**
 * One broker and one registry for a network to try Quarry out with: {@code TrialBrokerMain <directory> <host> <port> <registry
 * port>}, where others reach it as host. Without a password and with one copy of everything: for no data that anybody wants to
 * keep. Prints {@code quarry-broker READY <host:port> <registry>}; stops at SIGTERM.
 */
public final class TrialBrokerMain {
    private static final int OWN_PORT = 19092;
    private static final int LARGEST_PORT = 65_535;

    private TrialBrokerMain() {}

    public static void main(String[] args) throws InterruptedException {
        if (args.length != 4) {
            System.err.println("usage: TrialBrokerMain <directory> <host> <port> <registry port>");
            System.exit(2);
        }
        if (System.getProperty("quarry.log.level") == null) {
            System.setProperty("quarry.log.level", "INFO");
        }
        try {
            int port = port("port", args[2]);
            int registryPort = port("registry port", args[3]);
            LocalBroker broker = LocalBroker.start(Path.of(args[0]), OWN_PORT, List.of(Door.toOthers(args[1], port)));
            Runtime.getRuntime().addShutdownHook(new Thread(broker::close, "quarry-broker-stop"));
            RegistryServer registry = RegistryServer.start(
                    Map.of("bootstrap.servers", broker.bootstrapServers()), new InetSocketAddress(registryPort), 1);
            System.out.println(
                    "quarry-broker READY " + args[1] + ":" + port + " http://" + args[1] + ":" + registry.port());
            System.out.flush();
        } catch (IllegalArgumentException e) {
            System.err.println("quarry-broker: " + e.getMessage());
            System.exit(2);
        } catch (BrokerException | RegistryException e) {
            System.err.println("quarry-broker: " + e.getMessage());
            System.exit(1);
        }
        new CountDownLatch(1).await();
    }

    private static int port(String name, String value) {
        if (!value.matches("[0-9]{1,5}") || Integer.parseInt(value) < 1 || Integer.parseInt(value) > LARGEST_PORT) {
            throw new IllegalArgumentException(
                    name + " is " + value + ": must be a whole number from 1 to " + LARGEST_PORT);
        }
        return Integer.parseInt(value);
    }
}
