package io.quarry.local;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;

/**
 * How to reach a local mode that is up, as its {@code connection.properties} says.
 *
 * @param bootstrapServers of the broker
 * @param registryUrl of the schema registry
 * @param datasets the directory that results lie in
 * @param pid the process that is up
 * @param settings all lines of the file; more than the above are {@code topic.prefix}, {@code resource.group},
 *     {@code worker.memory.bytes} and, where set, {@code engine.catalog}
 */
public record Connection(
        String bootstrapServers, String registryUrl, Path datasets, long pid, Map<String, String> settings) {
    static final String FILE = "connection.properties";

    public Connection {
        settings = Map.copyOf(settings);
    }

    /** The connection of the local mode that runs on a data directory; nothing when none is up. */
    public static Optional<Connection> read(Path data) throws IOException {
        Properties p = new Properties();
        try (Reader reader = Files.newBufferedReader(data.resolve(FILE))) {
            p.load(reader);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        Map<String, String> settings = new TreeMap<>();
        p.stringPropertyNames().forEach(n -> settings.put(n, p.getProperty(n)));
        long pid = Long.parseLong(p.getProperty("pid", "0"));
        // A process that was killed left its file behind.
        if (!ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false)) {
            return Optional.empty();
        }
        return Optional.of(new Connection(
                p.getProperty("bootstrap.servers", ""),
                p.getProperty("schema.registry.url", ""),
                Path.of(p.getProperty("worker.datasets.dir", "")),
                pid,
                settings));
    }

    /** Writes the file so that a reader finds all of it or none. */
    void write(Path data) throws IOException {
        Properties p = new Properties();
        p.putAll(settings);
        p.setProperty("bootstrap.servers", bootstrapServers);
        p.setProperty("schema.registry.url", registryUrl);
        p.setProperty("worker.datasets.dir", datasets.toString());
        p.setProperty("pid", Long.toString(pid));
        Path half = data.resolve(FILE + ".tmp");
        try (Writer writer = Files.newBufferedWriter(half)) {
            p.store(writer, null);
        }
        FileTree.ownerOnly(half);
        Files.move(half, data.resolve(FILE), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
