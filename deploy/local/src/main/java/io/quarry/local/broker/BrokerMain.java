package io.quarry.local.broker;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A broker as a process of its own, which can be killed: {@code BrokerMain <directory> <port> [<port>:<advertised>...]}.
 * Prints {@code quarry-broker READY <address>}, and stops when its standard input ends or at SIGTERM.
 */
public final class BrokerMain {
    private BrokerMain() {}

    public static void main(String[] args) {
        if (args.length < 2) {
            System.err.println("usage: BrokerMain <directory> <port> [<port>:<advertised>...]");
            System.exit(2);
        }
        List<Door> doors = new ArrayList<>();
        LocalBroker broker;
        try {
            for (int i = 2; i < args.length; i++) {
                String[] ports = args[i].split(":", -1);
                doors.add(new Door(Integer.parseInt(ports[0]), Integer.parseInt(ports[1])));
            }
            broker = LocalBroker.start(Path.of(args[0]), Integer.parseInt(args[1]), doors);
        } catch (BrokerException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
            System.err.println("quarry-broker: " + e.getMessage());
            System.exit(1);
            return;
        }
        Runtime.getRuntime().addShutdownHook(new Thread(broker::close, "quarry-broker-stop"));
        System.out.println("quarry-broker READY " + broker.bootstrapServers());
        System.out.flush();
        awaitEnd(System.in);
        System.exit(0);
    }

    private static void awaitEnd(InputStream in) {
        try {
            long unused = in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            // A broken pipe is an end as well.
        }
    }
}
