package io.quarry.local.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where local mode and demo keep their data unless told otherwise: below {@code ~/.quarry}. */
final class DataPlace {
    private DataPlace() {}

    /** Data directory of local mode: the flag's, then QUARRY_DATA, then {@code ~/.quarry/local}. */
    static Path local(Console console, @Nullable Path flag) {
        if (flag != null) {
            return flag.toAbsolutePath().normalize();
        }
        return console.variable("QUARRY_DATA")
                .map(Path::of)
                .orElse(console.home().resolve(".quarry").resolve("local"))
                .toAbsolutePath()
                .normalize();
    }

    /** The catalog of the local mode that runs here; null where none is running, or QUARRY_CATALOG names one. */
    static @Nullable Path runningCatalog(Console console) {
        if (console.variable("QUARRY_CATALOG").isPresent()) {
            return null;
        }
        String file = Connection.running(local(console, null)).get("engine.catalog");
        return file == null ? null : Path.of(file);
    }

    /** The catalog that a command was given, or else that of the local mode that it connects to. */
    static Optional<Path> catalog(Connection to, @Nullable Path flag) {
        if (flag != null) {
            return Optional.of(QuarryCommand.existing(flag, "the catalog"));
        }
        return Optional.ofNullable(to.settings().get("engine.catalog"))
                .map(Path::of)
                .filter(Files::isReadable);
    }

    /** Where the datasets of demos are kept. */
    static Path demoDatasets(Console console) {
        return console.home().resolve(".quarry").resolve("demo").resolve("datasets");
    }
}
