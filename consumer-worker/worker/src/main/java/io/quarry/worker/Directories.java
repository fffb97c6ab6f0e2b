package io.quarry.worker;

import io.quarry.schemas.DatasetLayout;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Directories of a worker's claims. Every claim has a scratch and an output directory of its own, so that two attempts never
 * meet in a file.
 */
final class Directories {
    private static final Logger LOG = LoggerFactory.getLogger(Directories.class);

    private final Path scratch;
    private final Path datasets;

    Directories(Path scratchDir, Path datasetsDir, String worker) {
        this.scratch = scratchDir.resolve(DatasetLayout.ofJob(worker));
        this.datasets = datasetsDir;
    }

    /** Makes sure that both places can be written, and removes what a killed predecessor of the same name left. */
    void open() {
        clear(scratch);
        make("worker.scratch.dir", scratch);
        make("worker.datasets.dir", datasets);
    }

    Path scratch(Claim claim) {
        return scratch.resolve(claim.id().toString());
    }

    Path output(Claim claim) {
        return datasets.resolve(DatasetLayout.ofJob(claim.job().getId()))
                .resolve(DatasetLayout.ofClaim(claim.attempt(), claim.id().toString()));
    }

    Path createScratch(Claim claim) {
        return create(scratch(claim));
    }

    Path createOutput(Claim claim) {
        return create(output(claim));
    }

    private static Path create(Path directory) {
        try {
            return Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException("directory " + directory + " cannot be made: " + e.getMessage(), e);
        }
    }

    void removeScratch(Claim claim) {
        clear(scratch(claim));
    }

    /** Removes an output that was never reported as a success: after that, only the collector may remove. */
    void removeOutput(Claim claim) {
        Path output = output(claim);
        clear(output);
        Path ofJob = output.getParent();
        if (ofJob != null) {
            String[] left = ofJob.toFile().list();
            if (left != null && left.length == 0) {
                clear(ofJob);
            }
        }
    }

    private static void make(String setting, Path directory) {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new SettingException(setting, directory.toString(), "must be a directory that can be made: " + e);
        }
        if (!Files.isWritable(directory)) {
            throw new SettingException(setting, directory.toString(), "must be a directory that can be written");
        }
    }

    /** What cannot be removed costs disk and is logged; no job fails for it. */
    private static void clear(Path directory) {
        if (!Files.exists(directory)) {
            return;
        }
        try {
            Files.walkFileTree(directory, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException failure) throws IOException {
                    if (failure != null) {
                        throw failure;
                    }
                    Files.deleteIfExists(dir);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException | UncheckedIOException e) {
            LOG.atWarn()
                    .addKeyValue("directory", directory)
                    .addKeyValue("reason", e.toString())
                    .log("directory could not be removed");
        }
    }
}
