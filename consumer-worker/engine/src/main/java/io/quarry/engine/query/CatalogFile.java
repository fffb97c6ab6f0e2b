package io.quarry.engine.query;

import io.quarry.engine.catalog.Catalog;
import io.quarry.engine.catalog.CatalogException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.jspecify.annotations.Nullable;

/** The worker's catalog, read once and again whenever its file has changed. Safe for use by several threads. */
final class CatalogFile {
    private final Path file;
    private @Nullable Catalog loaded;
    private @Nullable FileTime changed;
    private long size = -1;

    CatalogFile(Path file) {
        this.file = file;
    }

    synchronized Catalog current() throws CatalogException, IOException {
        FileTime now = Files.getLastModifiedTime(file);
        long length = Files.size(file);
        Catalog known = loaded;
        if (known != null && now.equals(changed) && length == size) {
            return known;
        }
        Catalog fresh = Catalog.load(file);
        loaded = fresh;
        changed = now;
        size = length;
        return fresh;
    }
}
