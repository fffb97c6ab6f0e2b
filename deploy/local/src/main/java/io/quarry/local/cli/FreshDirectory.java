package io.quarry.local.cli;

import io.quarry.local.FileTree;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A directory that was not there when a command began, so that the command may take it away again. */
final class FreshDirectory {
    private final List<Path> made;

    private FreshDirectory(List<Path> made) {
        this.made = List.copyOf(made);
    }

    /** Remembers whether a directory and those above it are there; nothing of what is there is ever removed. */
    static FreshDirectory of(Path directory) {
        List<Path> made = new ArrayList<>();
        for (Path path = directory; path != null && !Files.exists(path); path = path.getParent()) {
            made.add(path);
        }
        return new FreshDirectory(made);
    }

    /** Removes the directory with all that is in it, and those above it that were made for it and are empty. */
    void remove() {
        try {
            if (!made.isEmpty() && Files.isDirectory(made.get(0))) {
                FileTree.delete(made.get(0));
            }
            for (Path above : made) {
                Files.deleteIfExists(above);
            }
        } catch (DirectoryNotEmptyException e) {
            // Somebody else's now.
            return;
        } catch (IOException e) {
            throw new UncheckedIOException("the new directory " + made.get(0) + " cannot be removed", e);
        }
    }
}
