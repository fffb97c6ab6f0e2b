package io.quarry.scheduler.collect;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.quarry.schemas.DatasetLayout;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The directory of all datasets on disk. Every step may be done twice, and by two processes at once. Follows no symbolic link.
 */
final class Datasets {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private static final String MANIFEST = "manifest.json";

    private final Path root;

    Datasets(Path root) {
        this.root = root;
    }

    /** Whether a job has a directory. */
    boolean has(String id) {
        return Files.isDirectory(job(id), LinkOption.NOFOLLOW_LINKS);
    }

    /** Names of the jobs' directories. */
    Set<String> jobs() throws IOException {
        return directories(root);
    }

    /** Names of the directories within a job's. */
    Set<String> ofJob(String directory) throws IOException {
        return directories(root.resolve(directory));
    }

    /** Whether a directory within a job's holds a whole dataset: the manifest is written last. */
    boolean isWhole(String jobDirectory, String directory) {
        return Files.exists(root.resolve(jobDirectory).resolve(directory).resolve(MANIFEST), LinkOption.NOFOLLOW_LINKS);
    }

    /** When something in a directory within a job's was last written; empty when it is gone. */
    Optional<Instant> lastWritten(String jobDirectory, String directory) throws IOException {
        Instant[] last = {Instant.MIN};
        try {
            Files.walkFileTree(root.resolve(jobDirectory).resolve(directory), new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
                    return visitFile(dir, attributes);
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    Instant written = attributes.lastModifiedTime().toInstant();
                    last[0] = written.isAfter(last[0]) ? written : last[0];
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (NoSuchFileException gone) {
            return Optional.empty();
        }
        return Optional.of(last[0]);
    }

    /**
     * Makes a job's directory say what was published, and the dataset's name lead there if it has one. What is said already is
     * left alone; what was said of an earlier life of the job's id, or by an earlier dataset of the name, is replaced.
     *
     * @return whether anything was written
     */
    boolean point(Pointer pointer) throws IOException {
        Path ofJob = root.resolve(pointer.jobDirectory());
        if (!Files.isRegularFile(ofJob.resolve(pointer.manifest()), LinkOption.NOFOLLOW_LINKS)) {
            // Removed by hand, or on a disk that is not here: a pointer must not lead astray.
            return false;
        }
        boolean written = put(ofJob.resolve(DatasetLayout.POINTER), pointer);
        String name = pointer.datasetName();
        if (name != null) {
            Path named = root.resolve(DatasetLayout.NAMED);
            Files.createDirectories(named);
            written |= put(named.resolve(name + ".json"), pointer);
        }
        return written;
    }

    /** Removes a directory within a job's, and the job's when nothing is left in it; returns whether this call did. */
    boolean remove(String jobDirectory, String directory) throws IOException {
        Path job = root.resolve(jobDirectory);
        Path place = job.resolve(directory);
        if (!Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        delete(place);
        try {
            Files.deleteIfExists(job);
        } catch (DirectoryNotEmptyException others) {
            return true;
        }
        return true;
    }

    private Path job(String id) {
        return root.resolve(DatasetLayout.ofJob(id));
    }

    private boolean put(Path target, Pointer pointer) throws IOException {
        Pointer there = read(target);
        if (there != null && !pointer.supersedes(there)) {
            return false;
        }
        Path made = target.resolveSibling("." + target.getFileName() + "-" + UUID.randomUUID());
        try {
            Files.write(made, JSON.writeValueAsString(pointer).getBytes(StandardCharsets.UTF_8));
            try (FileChannel file = FileChannel.open(made, StandardOpenOption.WRITE)) {
                file.force(true);
            }
            if (there == null && !Files.exists(target) && linked(target, made)) {
                return true;
            }
            Files.move(made, target, StandardCopyOption.ATOMIC_MOVE);
            return true;
        } catch (FileAlreadyExistsException another) {
            // Another process was first; if it said something older, the next look mends it.
            return false;
        } finally {
            Files.deleteIfExists(made);
        }
    }

    /** Puts a file there if none is, whole from the first moment; returns whether the file system can do that. */
    private static boolean linked(Path target, Path made) throws IOException {
        try {
            Files.createLink(target, made);
            return true;
        } catch (FileAlreadyExistsException another) {
            throw another;
        } catch (UnsupportedOperationException | FileSystemException cannotLink) {
            return false;
        }
    }

    private static @Nullable Pointer read(Path file) throws IOException {
        try {
            return JSON.readValue(Files.readString(file), Pointer.class);
        } catch (NoSuchFileException none) {
            return null;
        } catch (JsonProcessingException broken) {
            // Not ours, or half of a file after the power went: it is written anew.
            return null;
        }
    }

    private static Set<String> directories(Path place) throws IOException {
        Set<String> names = new HashSet<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(place)) {
            for (Path entry : entries) {
                if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
                    names.add(String.valueOf(entry.getFileName()));
                }
            }
        } catch (NoSuchFileException | NotDirectoryException none) {
            return Set.of();
        }
        return names;
    }

    private static void delete(Path directory) throws IOException {
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
                // The other process that removes it, or the worker that was fenced, was faster.
                if (failure instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw failure;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException failure) throws IOException {
                if (failure != null && !(failure instanceof NoSuchFileException)) {
                    throw failure;
                }
                Files.deleteIfExists(dir);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
