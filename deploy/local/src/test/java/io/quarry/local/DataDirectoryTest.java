package io.quarry.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {
    @TempDir
    private Path temporary;

    @Test
    void aDirectoryInUseIsRefusedWithTheProcessAndTheWayOut() {
        Path root = temporary.resolve("data");
        try (DataDirectory open = DataDirectory.open(root)) {
            assertThatThrownBy(() -> DataDirectory.open(open.root()))
                    .isInstanceOf(DataDirectoryException.class)
                    .hasMessage("The data directory " + root + " is locked by process "
                            + ProcessHandle.current().pid() + ": stop it or use --data DIR.");
        }
        DataDirectory.open(root).close();
    }

    @Test
    void aDirectoryOfAnOlderVersionIsRefusedWithTheWayOut() throws IOException {
        Path root = written("0");

        assertThatThrownBy(() -> DataDirectory.open(root))
                .isInstanceOf(DataDirectoryException.class)
                .hasMessageContaining("was written by an older version of Quarry (layout 0, this version uses 1)")
                .hasMessageContaining("move the directory away");
    }

    @Test
    void aDirectoryOfANewerVersionIsRefusedWithTheWayOut() throws IOException {
        Path root = written("7");

        assertThatThrownBy(() -> DataDirectory.open(root))
                .isInstanceOf(DataDirectoryException.class)
                .hasMessageContaining("was written by a newer version of Quarry (layout 7, this version uses 1)")
                .hasMessageContaining("--data DIR");
    }

    @Test
    void aRefusedDirectoryIsNotLeftLocked() throws IOException {
        Path root = written("7");
        assertThatThrownBy(() -> DataDirectory.open(root)).isInstanceOf(DataDirectoryException.class);

        Files.writeString(root.resolve("version"), "1\n");

        DataDirectory.open(root).close();
    }

    @Test
    void aDirectoryOfSomethingElseIsRefusedAndLeftAlone() throws IOException {
        Path thesis = Files.writeString(temporary.resolve("thesis.txt"), "years of work");

        assertThatThrownBy(() -> DataDirectory.open(temporary))
                .isInstanceOf(DataDirectoryException.class)
                .hasMessageContaining("is no data directory of Quarry");
        assertThat(temporary).isDirectoryContaining(p -> p.equals(thesis));
        assertThat(temporary.resolve("lock")).doesNotExist();
    }

    @Test
    void aFileInItsPlaceIsRefused() throws IOException {
        Path file = Files.createFile(temporary.resolve("file"));

        assertThatThrownBy(() -> DataDirectory.open(file))
                .isInstanceOf(DataDirectoryException.class)
                .hasMessageContaining("it is a file");
    }

    @Test
    void aPathThatTheBrokerWouldTakeForTwoIsRefused() {
        assertThatThrownBy(() -> DataDirectory.open(Path.of("/nowhere/a,b/data")))
                .isInstanceOf(DataDirectoryException.class)
                .hasMessageContaining("/nowhere/a,b/data")
                .hasMessageContaining("a comma");
    }

    @Test
    void theEnvironmentNamesTheDefaultDirectory() {
        Path home = Path.of("/home/u");

        assertThat(DataDirectory.defaultPath(Map.of("QUARRY_DATA", "/d"), home)).isEqualTo(Path.of("/d"));
        assertThat(DataDirectory.defaultPath(Map.of(), home)).isEqualTo(home.resolve(".quarry/local"));
    }

    @Test
    void aConnectionIsFoundWhileItsProcessLives() throws IOException {
        Connection connection = new Connection(
                "127.0.0.1:1",
                "http://127.0.0.1:2",
                temporary,
                ProcessHandle.current().pid(),
                Map.of("topic.prefix", "q."));
        connection.write(temporary);

        assertThat(Connection.read(temporary)).hasValueSatisfying(read -> {
            assertThat(read.bootstrapServers()).isEqualTo("127.0.0.1:1");
            assertThat(read.registryUrl()).isEqualTo("http://127.0.0.1:2");
            assertThat(read.datasets()).isEqualTo(temporary);
            assertThat(read.settings()).containsEntry("topic.prefix", "q.");
        });
    }

    @Test
    void aConnectionOfADeadProcessIsNone() throws IOException {
        new Connection("127.0.0.1:1", "http://127.0.0.1:2", temporary, Long.MAX_VALUE, Map.of()).write(temporary);

        assertThat(Connection.read(temporary)).isEmpty();
    }

    private Path written(String version) throws IOException {
        Path root = Files.createDirectory(temporary.resolve("data"));
        Files.createFile(root.resolve("lock"));
        Files.writeString(root.resolve("version"), version + "\n");
        return root;
    }
}
