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

    /** Where the datasets of demos are kept. */
    static Path demoDatasets(Console console) {
        return console.home().resolve(".quarry").resolve("demo").resolve("datasets");
    }
}
