package io.quarry.local.audit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarry.local.audit.Finding.Kind;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Holds the datasets on disk against the rows that publish them, both ways, as far as this machine reaches them. */
final class DatasetFiles {
    private static final Logger LOG = LoggerFactory.getLogger(DatasetFiles.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String MANIFEST = "manifest.json";

    private final Set<Path> roots = new TreeSet<>();
    private final FactStore store;
    private final Findings findings;
    private final Instant before;

    /**
     * For one audit.
     *
     * @param before a dataset that was written later than this says nothing, where no row publishes it: its job may have been
     *     appended after the queues were read
     */
    DatasetFiles(FactStore store, Findings findings, Optional<Path> datasets, Instant before) {
        this.store = store;
        this.findings = findings;
        this.before = before;
        datasets.ifPresent(roots::add);
    }

    /** Checks every published dataset, then looks for those that nobody published. */
    void check() throws SQLException, IOException {
        store.eachResult(row -> {
            long bytes = row.getLong(4);
            @Nullable String wrong = wrong(row.getString(2), row.getString(3), bytes);
            if (wrong != null) {
                findings.add(Kind.MISSING_DATASET, row.getString(1), wrong);
            }
        });
        for (Path root : roots) {
            if (Files.isDirectory(root)) {
                scan(root);
            }
        }
        store.eachOrphan(row ->
                findings.add(Kind.ORPHAN_DATASET, row.getString(1), "a whole dataset of a job that no topic knows"));
    }

    private @Nullable String wrong(String location, String files, long bytes) {
        Path place = path(location);
        if (place == null) {
            return null;
        }
        Path ofJob = place.getParent();
        Path root = ofJob == null ? null : ofJob.getParent();
        if (root == null || !Files.isDirectory(root)) {
            // Another machine's disk: nothing to say about it.
            return null;
        }
        roots.add(root);
        if (!Files.isRegularFile(place.resolve(MANIFEST))) {
            return "published at " + place + ", where there is no " + MANIFEST;
        }
        long found = 0;
        for (String file : files.split("\n", -1)) {
            if (file.isEmpty()) {
                continue;
            }
            Path part = place.resolve(file);
            if (!Files.isRegularFile(part)) {
                return "published with the file " + part + ", which is not there";
            }
            found += part.toFile().length();
        }
        return found == bytes ? null : "published with " + bytes + " bytes at " + place + ", where there are " + found;
    }

    private static @Nullable Path path(String location) {
        try {
            return location.startsWith("file:") ? Path.of(URI.create(location)) : null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private void scan(Path root) throws IOException, SQLException {
        try (Stream<Path> jobs = Files.list(root)) {
            for (Path job : (Iterable<Path>) jobs.filter(Files::isDirectory)::iterator) {
                ofJob(job);
            }
        }
    }

    private void ofJob(Path job) throws IOException, SQLException {
        try (Stream<Path> claims = Files.list(job)) {
            for (Path claim : (Iterable<Path>) claims::iterator) {
                seen(claim);
            }
        } catch (NoSuchFileException e) {
            // Collected meanwhile.
            LOG.debug("Directory is gone: {}", job);
        }
    }

    private void seen(Path place) throws SQLException {
        Path manifest = place.resolve(MANIFEST);
        try {
            if (!Files.isRegularFile(manifest)
                    || Files.getLastModifiedTime(manifest).toInstant().isAfter(before)) {
                return;
            }
            JsonNode read = JSON.readTree(manifest.toFile());
            store.onDisk(read.path("job").asText(), read.path("claim").asText(), place);
        } catch (NoSuchFileException | FileNotFoundException e) {
            // Collected between one look and the next.
            LOG.debug("Dataset is gone: {}", place);
        } catch (IOException e) {
            findings.add(Kind.ORPHAN_DATASET, place.toString(), "its manifest cannot be read: " + e.getMessage());
        }
    }
}
