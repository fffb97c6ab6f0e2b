package io.quarry.local.chaos;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A file system of its own in memory, which can be filled to the last byte without hurting anybody else. */
final class SmallDisk implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SmallDisk.class);
    private static final byte[] BLOCK = new byte[1 << 16];

    private final Path directory;
    private final Path ballast;

    private SmallDisk(Path directory) {
        this.directory = directory;
        this.ballast = directory.resolve("ballast");
    }

    /** Mounts one; empty where this user may not. */
    static Optional<SmallDisk> mount(Path directory, long mib) throws IOException {
        Files.createDirectories(directory);
        Optional<String> refused =
                run("mount", "-t", "tmpfs", "-o", "size=" + mib + "m", "tmpfs", directory.toString());
        if (refused.isPresent()) {
            LOG.atInfo().addKeyValue("reason", refused.get()).log("no file system of its own");
            return Optional.empty();
        }
        return Optional.of(new SmallDisk(directory));
    }

    Path directory() {
        return directory;
    }

    /** Takes all the space there is. */
    void fill() {
        try (OutputStream out = Files.newOutputStream(ballast)) {
            while (true) {
                out.write(BLOCK);
            }
        } catch (IOException e) {
            LOG.debug("The disk is full", e);
        }
    }

    void empty() throws IOException {
        Files.deleteIfExists(ballast);
    }

    private static Optional<String> run(String... command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return process.waitFor() == 0 ? Optional.empty() : Optional.of(said.strip());
        } catch (IOException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.of("interrupted");
        }
    }

    @Override
    public void close() {
        run("umount", "-l", directory.toString())
                .ifPresent(reason -> LOG.atWarn().addKeyValue("reason", reason).log("file system stays mounted"));
    }
}
