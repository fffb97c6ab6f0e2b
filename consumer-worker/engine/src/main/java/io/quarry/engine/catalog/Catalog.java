package io.quarry.engine.catalog;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A checked feature catalog. Immutable.
 *
 * @param file where it was read from
 * @param hash SHA-256 of its content without comments and layout, in hex
 * @param files every file that a source names, absolute: what a query must be allowed to read
 * @param sources sources by name, in the file's order
 * @param entities entities by name, in the file's order
 * @param features features by full name, in the file's order
 */
public record Catalog(
        Path file,
        String hash,
        List<Path> files,
        Map<String, Source> sources,
        Map<String, Entity> entities,
        Map<String, Feature> features) {
    public Catalog {
        files = List.copyOf(files);
        sources = Collections.unmodifiableMap(new LinkedHashMap<>(sources));
        entities = Collections.unmodifiableMap(new LinkedHashMap<>(entities));
        features = Collections.unmodifiableMap(new LinkedHashMap<>(features));
    }

    /** Reads and checks a catalog: keys, references, cycles, files, columns, types and expressions. Opens a DuckDB of its own. */
    public static Catalog load(Path file) throws CatalogException {
        return CatalogReader.read(file);
    }

    /** Entity of that name, which exists. */
    public Entity entity(String name) {
        return present(entities.get(name), name);
    }

    /** Source of that name, which exists. */
    public Source source(String name) {
        return present(sources.get(name), name);
    }

    /** Feature of that full name, which exists. */
    public Feature feature(String fullName) {
        return present(features.get(fullName), fullName);
    }

    private static <T> T present(@Nullable T value, String name) {
        if (value == null) {
            throw new IllegalArgumentException("the catalog has no " + name);
        }
        return value;
    }
}
