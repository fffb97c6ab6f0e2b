package io.quarry.local;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The directory that holds all the state of one local mode, locked while it is open: one process uses it at a time.
 *
 * <pre>
 * lock                   held by the running process, with its pid
 * version                number of this layout
 * connection.properties  where to connect to, there while local mode is up
 * kafka/                 the broker's data
 * datasets/              results
 * scheduler/             state stores, rebuilt from the broker when lost
 * workers/               settings and pids of the worker processes
 * scratch/, tmp/         spill and temporary files of the workers, emptied at start and stop
 * logs/                  local.log, worker-N.log
 * </pre>
 */
public final class DataDirectory implements AutoCloseable {
    /** Number of the layout that this version reads and writes. */
    static final int LAYOUT = 1;

    // The lock lies beyond the pid that the file holds, since a lock may keep others from reading what it covers.
    private static final long LOCK_POSITION = 1L << 40;

    private final Path root;
    private final FileChannel channel;

    private DataDirectory(Path root, FileChannel channel) {
        this.root = root;
        this.channel = channel;
    }

    /** The directory of a user who names none: {@code $QUARRY_DATA}, else {@code ~/.quarry/local}. */
    public static Path defaultPath(Map<String, String> environment, Path home) {
        String named = environment.get("QUARRY_DATA");
        return named == null || named.isBlank() ? home.resolve(".quarry").resolve("local") : Path.of(named);
    }

    /**
     * Opens a directory, makes it when it is absent and locks it.
     *
     * @throws DataDirectoryException when another process has it, when it is of another version, when it holds something
     *     else or cannot be written
     */
    public static DataDirectory open(Path path) {
        Path root = path.toAbsolutePath().normalize();
        if (root.toString().indexOf(',') >= 0) {
            throw new DataDirectoryException(
                    "The data directory " + root
                            + " cannot be used: the broker takes a comma for the end of a path. Name"
                            + " another one with --data DIR.",
                    null);
        }
        FileChannel channel = null;
        try {
            makeRoot(root);
            Path lock = root.resolve("lock");
            refuseForeign(root, lock);
            channel = FileChannel.open(
                    lock, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            if (tryLock(channel) == null) {
                throw lockedBy(root, lock);
            }
            channel.truncate(0);
            channel.write(
                    ByteBuffer.wrap(Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)));
            checkVersion(root);
            DataDirectory opened = new DataDirectory(root, channel);
            Files.deleteIfExists(root.resolve(Connection.FILE));
            for (Path p : new Path[] {opened.datasets(), opened.logs(), opened.scheduler(), opened.workers()}) {
                Files.createDirectories(p);
            }
            return opened;
        } catch (IOException e) {
            closeQuietly(channel);
            throw new DataDirectoryException(
                    "The data directory " + root + " cannot be used (" + e + "): make it writable or name another one"
                            + " with --data DIR.",
                    e);
        } catch (DataDirectoryException e) {
            closeQuietly(channel);
            throw e;
        }
    }

    private static void makeRoot(Path root) throws IOException {
        if (!Files.exists(root)) {
            Files.createDirectories(root);
            FileTree.ownerOnly(root);
        }
        if (!Files.isDirectory(root)) {
            throw new FileAlreadyExistsException(root.toString(), null, "it is a file");
        }
    }

    private static void refuseForeign(Path root, Path lock) throws IOException {
        try (Stream<Path> files = Files.list(root)) {
            if (!Files.exists(lock) && files.findAny().isPresent()) {
                throw new DataDirectoryException(
                        root + " holds files and is no data directory of Quarry: name an empty or a new directory with"
                                + " --data DIR.",
                        null);
            }
        }
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock(LOCK_POSITION, 1, false);
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    private static DataDirectoryException lockedBy(Path root, Path lock) throws IOException {
        String pid = Files.readString(lock, StandardCharsets.US_ASCII).trim();
        return new DataDirectoryException(
                "The data directory " + root + " is locked by process " + (pid.isEmpty() ? "(unknown)" : pid)
                        + ": stop it or use --data DIR.",
                null);
    }

    private static void checkVersion(Path root) throws IOException {
        Path file = root.resolve("version");
        if (!Files.exists(file)) {
            Files.writeString(file, LAYOUT + "\n");
            return;
        }
        String text = Files.readString(file).trim();
        int found;
        try {
            found = Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new DataDirectoryException(
                    file + " holds '" + text + "' and no version: name another directory with --data DIR.", e);
        }
        if (found != LAYOUT) {
            throw new DataDirectoryException(
                    "The data directory " + root + " was written by " + (found < LAYOUT ? "an older" : "a newer")
                            + " version of Quarry (layout " + found + ", this version uses " + LAYOUT
                            + "): run that version, or move the directory away to begin anew, or name another one with"
                            + " --data DIR.",
                    null);
        }
    }

    private static void closeQuietly(@Nullable FileChannel channel) {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
    }

    public Path root() {
        return root;
    }

    public Path datasets() {
        return root.resolve("datasets");
    }

    public Path logs() {
        return root.resolve("logs");
    }

    Path kafka() {
        return root.resolve("kafka");
    }

    Path scheduler() {
        return root.resolve("scheduler");
    }

    Path workers() {
        return root.resolve("workers");
    }

    Path scratch() {
        return root.resolve("scratch");
    }

    Path tmp() {
        return root.resolve("tmp");
    }

    /** Unlocks the directory; its files stay. */
    @Override
    public void close() {
        closeQuietly(channel);
    }
}
