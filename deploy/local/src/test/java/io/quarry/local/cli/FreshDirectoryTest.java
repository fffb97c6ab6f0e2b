package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FreshDirectoryTest {
    @TempDir
    private Path home;

    @Test
    void whatWasMadeIsRemovedWithTheDirectoriesAboveIt() throws Exception {
        Path data = home.resolve(".quarry").resolve("local");
        FreshDirectory fresh = FreshDirectory.of(data);
        Files.createDirectories(data.resolve("kafka"));
        Files.writeString(data.resolve("kafka").resolve("log"), "x");

        fresh.remove();
        fresh.remove();

        assertThat(home).isEmptyDirectory();
    }

    @Test
    void whatWasThereBeforeStays() throws Exception {
        Path data = Files.createDirectories(home.resolve("data"));
        FreshDirectory fresh = FreshDirectory.of(data);
        Files.writeString(data.resolve("mine"), "x");

        fresh.remove();

        assertThat(data.resolve("mine")).exists();
    }

    @Test
    void whatSomebodyElsePutBesideItStays() throws Exception {
        Path data = home.resolve(".quarry").resolve("local");
        FreshDirectory fresh = FreshDirectory.of(data);
        Files.createDirectories(data);
        Files.createDirectories(home.resolve(".quarry").resolve("demo"));

        fresh.remove();

        assertThat(data).doesNotExist();
        assertThat(home.resolve(".quarry").resolve("demo")).exists();
    }
}
