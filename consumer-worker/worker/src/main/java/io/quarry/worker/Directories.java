package io.quarry.worker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Directories of a worker's claims. Every claim has a scratch and an output directory of its own, so that two attempts never
 * meet in a file.
 */
final class Directories {
    private static final Logger LOG = LoggerFactory.getLogger(Directories.class);
    private static final int LONGEST_NAME = 200;
    private static final String PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

    private final Path scratch;
    private final Path datasets;

    Directories(Path scratchDir, Path datasetsDir, String worker) {
        this.scratch = scratchDir.resolve(encoded(worker));
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
        return datasets.resolve(encoded(claim.job().getId())).resolve(claim.attempt() + "-" + claim.id());
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

    /** Name of a directory for an id: what is not a letter, digit, _ or - is percent-encoded; dots too where they lead. */
    static String encoded(String id) {
        StringBuilder name = new StringBuilder();
        byte[] bytes = id.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < bytes.length; i++) {
            char c = (char) (bytes[i] & 0xff);
            boolean plain = PLAIN.indexOf(c) >= 0;
            if (plain || (c == '.' && i > 0)) {
                name.append(c);
            } else {
                name.append(String.format("%%%02X", (int) c));
            }
        }
        if (name.length() <= LONGEST_NAME) {
            return name.toString();
        }
        // File systems end names at 255 bytes.
        return name.substring(0, LONGEST_NAME - 33) + "-" + hash(bytes);
    }

    private static String hash(byte[] bytes) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
            return HexFormat.of().formatHex(digest, 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
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
