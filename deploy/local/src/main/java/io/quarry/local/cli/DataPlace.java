package io.quarry.local.cli;

import java.nio.file.Path;
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

    /** Where the datasets of demos are kept. */
    static Path demoDatasets(Console console) {
        return console.home().resolve(".quarry").resolve("demo").resolve("datasets");
    }
}
