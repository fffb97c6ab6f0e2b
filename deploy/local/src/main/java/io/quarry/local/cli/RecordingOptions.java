package io.quarry.local.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option that has the processes of a measurement recorded. */
final class RecordingOptions {
    @Option(
            names = "--jfr",
            paramLabel = "DIR",
            description = "Records each process with Java Flight Recorder into this directory.")
    private @Nullable Path asked;

    /** The directory, made; null for none. */
    @Nullable Path directory() throws IOException {
        return asked == null ? null : Files.createDirectories(asked.toAbsolutePath());
    }
}
