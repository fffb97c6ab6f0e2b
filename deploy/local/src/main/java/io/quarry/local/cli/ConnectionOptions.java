package io.quarry.local.cli;

import io.quarry.client.QuarryClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say where to connect. */
final class ConnectionOptions {
    @Option(
            names = "--bootstrap-servers",
            paramLabel = "HOST:PORT",
            description = "Broker (variable QUARRY_BOOTSTRAP_SERVERS; default: the running local mode's).")
    private @Nullable String bootstrapServers;

    @Option(
            names = "--registry-url",
            paramLabel = "URL",
            description = "Schema registry (variable QUARRY_REGISTRY_URL; default: the running local mode's).")
    private @Nullable String registryUrl;

    @Option(
            names = "--topic-prefix",
            paramLabel = "PREFIX",
            description = "What the topics' names begin with (variable QUARRY_TOPIC_PREFIX; default: quarry.).")
    private @Nullable String topicPrefix;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Properties for Kafka and the registry, such as security.protocol (variable QUARRY_CONFIG).")
    private @Nullable Path config;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Data directory of the local mode to connect to (variable QUARRY_DATA).")
    private @Nullable Path data;

    @Option(
            names = "--connect-timeout",
            paramLabel = "SECONDS",
            defaultValue = "10",
            description = "Longest wait for the broker (default: ${DEFAULT-VALUE}).")
    private int connectTimeout;

    private @Nullable Connection found;

    Connection find(Console console) {
        if (connectTimeout < 1) {
            throw CommandFailure.badUsage("--connect-timeout is " + connectTimeout + ": it has to be at least 1");
        }
        Map<String, String> flags = new LinkedHashMap<>();
        put(flags, Connection.BOOTSTRAP, bootstrapServers);
        put(flags, Connection.REGISTRY, registryUrl);
        put(flags, Connection.PREFIX, topicPrefix);
        Optional<Path> file = Optional.ofNullable(config)
                .or(() -> console.variable("QUARRY_CONFIG").map(Path::of));
        found = Connection.find(flags, file, console, DataPlace.local(console, data));
        return found;
    }

    /** What this command connects to; empty before it looked. */
    Optional<Connection> found() {
        return Optional.ofNullable(found);
    }

    /** A client of the installation that is found, as patient as the command is to be. */
    QuarryClient client(Console console) {
        Map<String, String> settings = new LinkedHashMap<>(find(console).settings());
        settings.putIfAbsent("submit.timeout.ms", Long.toString(reach().toMillis()));
        return QuarryClient.connect(settings);
    }

    Duration reach() {
        return Duration.ofSeconds(connectTimeout);
    }

    private static void put(Map<String, String> flags, String name, @Nullable String value) {
        if (value != null) {
            flags.put(name, value);
        }
    }
}
