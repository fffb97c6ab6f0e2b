package io.quarry.local.cli;

import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.UnreadableRecordException;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Where the broker and the registry are, and which settings reach them.
 *
 * @param settings Kafka's and the registry's settings by name
 * @param origin where the broker's address comes from, for errors
 */
record Connection(Map<String, String> settings, String origin) {
    static final String BOOTSTRAP = "bootstrap.servers";
    static final String REGISTRY = "schema.registry.url";
    static final String PREFIX = "topic.prefix";
    /** File that a running local mode keeps in its data directory. */
    static final String FILE = "connection.properties";

    private static final Map<String, String> VARIABLES = Map.of(
            BOOTSTRAP, "QUARRY_BOOTSTRAP_SERVERS",
            REGISTRY, "QUARRY_REGISTRY_URL",
            PREFIX, "QUARRY_TOPIC_PREFIX");

    Connection {
        settings = Map.copyOf(settings);
    }

    /**
     * Looks for the connection: flags, then a file of settings, then variables, then a running local mode. An address given
     * by a flag or variable never mixes with the local mode's other one.
     *
     * @param flags settings given on the command line
     * @param file file of settings given on the command line or by QUARRY_CONFIG
     * @param data data directory of the local mode to look for
     */
    static Connection find(Map<String, String> flags, Optional<Path> file, Console console, Path data) {
        Map<String, String> settings = new LinkedHashMap<>();
        String origin = "";
        Path local = data.resolve(FILE);
        Map<String, String> running = running(data);
        Map<String, String> variables = new LinkedHashMap<>();
        VARIABLES.forEach(
                (name, variable) -> console.variable(variable).ifPresent(value -> variables.put(name, value)));
        Map<String, String> fromFile = file.map(Connection::read).orElse(Map.of());
        boolean named =
                flags.containsKey(BOOTSTRAP) || fromFile.containsKey(BOOTSTRAP) || variables.containsKey(BOOTSTRAP);
        if (!named && !running.isEmpty()) {
            settings.putAll(running);
            origin = local.toString();
        }
        settings.putAll(variables);
        origin = variables.containsKey(BOOTSTRAP) ? "QUARRY_BOOTSTRAP_SERVERS" : origin;
        settings.putAll(fromFile);
        origin = fromFile.containsKey(BOOTSTRAP) ? file.map(Path::toString).orElse(origin) : origin;
        settings.putAll(flags);
        origin = flags.containsKey(BOOTSTRAP) ? "--bootstrap-servers" : origin;
        if (!settings.containsKey(BOOTSTRAP) && Files.isReadable(local)) {
            throw CommandFailure.unreachable(
                    "the local mode of " + data + " (pid " + read(local).get("pid")
                            + ") is no longer running; start it again with 'quarry local --data " + data + "'",
                    new IOException("its process is gone"));
        }
        if (!settings.containsKey(BOOTSTRAP)) {
            throw CommandFailure.unreachable(
                    "no local mode is running (looked for " + local
                            + "): start one with 'deploy/quarry local', or name a"
                            + " broker with --bootstrap-servers or QUARRY_BOOTSTRAP_SERVERS",
                    new IOException("no " + local));
        }
        if (!settings.containsKey(REGISTRY)) {
            throw CommandFailure.badUsage("the broker is named by " + origin
                    + ", the registry is not: set --registry-url or QUARRY_REGISTRY_URL");
        }
        return new Connection(settings, origin);
    }

    /** What the local mode of a data directory wrote down about itself; empty when none is running there. */
    static Map<String, String> running(Path data) {
        Path local = data.resolve(FILE);
        if (!Files.isReadable(local)) {
            return Map.of();
        }
        Map<String, String> written = read(local);
        // A local mode that was killed left its file behind.
        return alive(written.get("pid")) ? written : Map.of();
    }

    String bootstrapServers() {
        return settings.getOrDefault(BOOTSTRAP, "");
    }

    Topics topics() {
        return new Topics(settings.getOrDefault(PREFIX, Topics.DEFAULT_PREFIX));
    }

    /**
     * Settings of a consumer in no group, which reads what is committed, from the oldest record on.
     *
     * @param reach how long each question to the broker may take
     */
    Map<String, Object> reading(Duration reach) {
        Map<String, Object> reading = kafka();
        reading.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        reading.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        reading.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        reading.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        reading.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 100);
        reading.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) reach.toMillis());
        return reading;
    }

    /** Settings for a Kafka client: it would warn about the names that are ours. */
    Map<String, Object> kafka() {
        Map<String, Object> kafka = new LinkedHashMap<>();
        settings.forEach((name, value) -> {
            if (name.equals(BOOTSTRAP)
                    || name.startsWith("security.")
                    || name.startsWith("sasl.")
                    || name.startsWith("ssl.")
                    || name.startsWith("client.")) {
                kafka.put(name, value);
            }
        });
        return kafka;
    }

    /** The broker does not answer: what was tried, for how long, and what to do. */
    CommandFailure brokerAway(Duration tried, Throwable failure) {
        return CommandFailure.unreachable(
                "no broker answers at " + bootstrapServers() + " (from " + origin + ")"
                        + (tried.isZero() ? ": no such host" : ", tried for " + Text.duration(tried))
                        + ". Is 'deploy/quarry local' running? --bootstrap-servers names another broker"
                        + (tried.isZero() ? "" : ", --connect-timeout sets the time"),
                failure);
    }

    /** The broker was there and is gone, while somebody waited for a job. */
    CommandFailure brokerGone(Duration silent) {
        return CommandFailure.unreachable(
                "the broker at " + bootstrapServers() + " (from " + origin + ") has not answered for "
                        + Text.duration(silent)
                        + ". Nothing is lost: once one runs there again, or a local mode with the"
                        + " same data, 'quarry wait' waits for the job again",
                new TimeoutException("no answer for " + silent));
    }

    /** The broker answers and does not let us in. */
    CommandFailure brokerRefuses(Throwable failure) {
        return CommandFailure.unreachable(
                "the broker at " + bootstrapServers() + " (from " + origin + ") refuses: " + Text.message(failure)
                        + ". Settings such as sasl.jaas.config are taken from the file that --config names",
                failure);
    }

    /** The registry does not answer, or not as one. */
    CommandFailure registryAway(String said, Throwable failure) {
        return CommandFailure.unreachable(
                "the schema registry at " + settings.get(REGISTRY) + " cannot be used: " + said
                        + ". Is it running? --registry-url names another one",
                failure);
    }

    /** A record of the cluster's own that the registry cannot explain. */
    CommandFailure registryForeign(UnreadableRecordException unreadable) {
        return CommandFailure.badUsage("a record of the cluster at " + bootstrapServers()
                + " cannot be read with the schema registry at " + settings.get(REGISTRY) + " (" + unreadable.reason()
                + "): it is another cluster's registry, or it lost its schemas. --registry-url names the right one");
    }

    private static boolean alive(@Nullable String pid) {
        return pid == null
                || (pid.matches("[0-9]{1,18}")
                        && ProcessHandle.of(Long.parseLong(pid))
                                .map(ProcessHandle::isAlive)
                                .orElse(false));
    }

    private static Map<String, String> read(Path file) {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            properties.load(reader);
        } catch (NoSuchFileException e) {
            throw CommandFailure.badUsage("the settings file " + file + " does not exist");
        } catch (IOException | IllegalArgumentException e) {
            throw CommandFailure.badUsage("the settings file " + file + " cannot be read: " + e.getMessage());
        }
        Map<String, String> settings = new LinkedHashMap<>();
        properties.stringPropertyNames().forEach(name -> settings.put(name, properties.getProperty(name)));
        return settings;
    }
}
