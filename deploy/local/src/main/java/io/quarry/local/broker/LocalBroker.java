package io.quarry.local.broker;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Kafka broker in this JVM that is its own controller and keeps its data in one directory, so that a restart finds
 * every record again. It listens on the loopback address alone.
 *
 * <p>Its directory must not be removed while it runs: Kafka halts the JVM then.
 */
public final class LocalBroker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LocalBroker.class);
    private static final int TRIES_FOR_A_FREE_PORT = 5;

    /** File that Kafka leaves behind when it stops cleanly, and removes when it starts. */
    private static final String CLEAN_STOP = ".kafka_cleanshutdown";

    private final KafkaRaftServer server;
    private final int port;
    private boolean closed;

    private LocalBroker(KafkaRaftServer server, int port) {
        this.server = server;
        this.port = port;
    }

    /**
     * Starts a broker and returns when it takes requests. An interrupt of the caller ends neither that nor the broker: it is kept.
     *
     * @param directory where its data are kept; made and formatted when it holds none
     * @param port the port to listen on, 0 for any that is free
     * @throws BrokerException when it cannot start, above all because the port is taken
     */
    public static LocalBroker start(Path directory, int port) {
        return start(directory, port, List.of());
    }

    /**
     * Starts a broker that has further doors: ports of its own that it tells its clients to be elsewhere, so that what stands
     * there can see and hold up all that a client says.
     *
     * @param doors the further listeners; their ports have to be free
     */
    public static LocalBroker start(Path directory, int port, List<Door> doors) {
        // Kafka takes an interrupt within its start for a fault of the disk, and ends the JVM: it starts in a thread
        // that
        // nobody interrupts. Joining goes on after an interrupt and keeps it.
        CompletableFuture<LocalBroker> started = new CompletableFuture<>();
        Thread starting = new Thread(
                () -> {
                    try {
                        started.complete(startOnAFreePort(directory.toAbsolutePath(), port, doors));
                    } catch (RuntimeException | Error e) {
                        started.completeExceptionally(e);
                    }
                },
                "quarry-broker-start");
        starting.setDaemon(true);
        starting.start();
        try {
            return started.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw e.getCause() instanceof RuntimeException failure ? failure : e;
        }
    }

    private static LocalBroker startOnAFreePort(Path directory, int port, List<Door> doors) {
        for (int attempt = 1; ; attempt++) {
            int chosen = port == 0 ? freePort() : free(port);
            try {
                return start(directory, chosen, freePort(), doors);
            } catch (Exception e) {
                // Between finding a port free and listening on it another process may take it.
                if (port != 0 || attempt == TRIES_FOR_A_FREE_PORT || !isAddressInUse(e)) {
                    throw new BrokerException(
                            "The embedded broker did not start on 127.0.0.1:" + chosen + " with the data in "
                                    + directory + ": " + e.getMessage(),
                            e);
                }
            }
        }
    }

    private static LocalBroker start(Path directory, int port, int controllerPort, List<Door> doors) throws Exception {
        Files.createDirectories(directory);
        boolean fresh = !Files.exists(directory.resolve("meta.properties"));
        if (fresh) {
            format(directory);
        }
        if (!fresh && !Files.exists(directory.resolve(CLEAN_STOP))) {
            forgetPast(directory, controllerPort);
        }
        KafkaConfig config = KafkaConfig.fromProps(BrokerProperties.of(directory, port, controllerPort, doors), false);
        KafkaRaftServer server = new KafkaRaftServer(config, Time.SYSTEM);
        try {
            server.startup();
        } catch (RuntimeException | Error e) {
            stopAfterFailure(server, e);
            throw e;
        }
        LOG.info("The embedded broker is up port={}", port);
        return new LocalBroker(server, port);
    }

    private static void forgetPast(Path directory, int controllerPort) throws InterruptedException {
        try {
            PastIncarnation.forget(
                    BrokerProperties.ofController(directory, controllerPort),
                    BrokerProperties.HOST + ":" + controllerPort);
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            LOG.warn(
                    "The broker that was killed could not be forgotten: this start waits until its session is over", e);
        }
    }

    private static void stopAfterFailure(KafkaRaftServer server, Throwable cause) {
        try {
            server.shutdown();
            server.awaitShutdown();
        } catch (RuntimeException e) {
            cause.addSuppressed(e);
        }
    }

    private static void format(Path directory) throws Exception {
        new Formatter()
                .setNodeId(BrokerProperties.NODE_ID)
                .setClusterId(Uuid.randomUuid().toString())
                .addDirectory(directory.toString())
                .setMetadataLogDirectory(directory.toString())
                .setControllerListenerName(BrokerProperties.CONTROLLER_LISTENER)
                .setHasDynamicQuorum(false)
                .setPrintStream(new PrintStream(new ByteArrayOutputStream(), false, StandardCharsets.UTF_8))
                .run();
    }

    /** Where clients connect to, as {@code host:port}. */
    public String bootstrapServers() {
        return "127.0.0.1:" + port;
    }

    public int port() {
        return port;
    }

    /** Stops the broker cleanly, so that the next start needs no recovery; further calls do nothing. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            server.shutdown();
            server.awaitShutdown();
        }
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int free(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return port;
        } catch (IOException e) {
            throw new BrokerException(
                    "Port " + port + " on 127.0.0.1 is taken by another process: stop it, or name another port"
                            + " (broker.port, 0 for any that is free).",
                    e);
        }
    }

    private static boolean isAddressInUse(Throwable e) {
        for (Throwable t = e; t != null; t = t.getCause()) {
            if (t instanceof java.net.BindException
                    || String.valueOf(t.getMessage()).contains("Address already in use")) {
                return true;
            }
        }
        return false;
    }
}
