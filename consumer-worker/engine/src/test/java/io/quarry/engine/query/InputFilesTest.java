package io.quarry.engine.query;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InputFilesTest {
    @TempDir
    Path root;

    @SuppressWarnings("NullAway.Init")
    private Path allowed;

    @BeforeEach
    void files() throws IOException {
        allowed = Files.createDirectories(root.toRealPath().resolve("inputs"));
        Files.createDirectories(allowed.resolve("day=1"));
        Files.writeString(allowed.resolve("a.parquet"), "");
        Files.writeString(allowed.resolve("b.parquet"), "");
        Files.writeString(allowed.resolve("day=1/c.parquet"), "");
        Files.writeString(root.resolve("secret.parquet"), "");
    }

    @Test
    void aGlobBecomesItsFilesInOrder() {
        assertThat(find(allowed + "/*.parquet").files())
                .containsExactly(allowed.resolve("a.parquet"), allowed.resolve("b.parquet"));
        assertThat(find(allowed + "/*/*.parquet").files()).containsExactly(allowed.resolve("day=1/c.parquet"));
    }

    @Test
    void aFileUriIsAPath() {
        assertThat(find(allowed.resolve("a.parquet").toUri().toString()).files())
                .containsExactly(allowed.resolve("a.parquet"));
    }

    @Test
    void aFileNamedTwiceIsReadOnce() {
        assertThat(find(allowed + "/a.parquet", allowed + "/*.parquet").files()).hasSize(2);
    }

    @Test
    void aPathOutsideIsRefusedWhetherItExistsOrNot() {
        for (String name : List.of(
                root + "/secret.parquet",
                root + "/nothing.parquet",
                allowed + "/../secret.parquet",
                "/etc/passwd",
                root + "/*.parquet")) {
            InputFiles found = find(name);
            assertThat(found.files()).isEmpty();
            assertThat(found.violations()).singleElement().satisfies(violation -> {
                assertThat(violation.field()).isEqualTo("offline_query.input.files[0]");
                assertThat(violation.value()).isEqualTo(name);
                assertThat(violation.rule()).contains(allowed.toString());
            });
        }
    }

    @Test
    void aLinkThatLeadsOutIsRefused() throws IOException {
        Files.createSymbolicLink(allowed.resolve("link.parquet"), root.resolve("secret.parquet"));
        assertThat(find(allowed + "/link.parquet").violations())
                .singleElement()
                .satisfies(violation -> assertThat(violation.rule()).startsWith("leads out"));
        assertThat(find(allowed + "/l*.parquet").violations()).hasSize(1);
    }

    @Test
    void aRelativePathAndAnotherSchemeAreRefused() {
        assertThat(find("inputs/a.parquet").violations()).hasSize(1);
        assertThat(find("s3://bucket/a.parquet").violations()).hasSize(1);
    }

    @Test
    void withoutAllowedDirectoriesNothingIsAllowed() {
        assertThat(InputFiles.find(List.of(allowed + "/a.parquet"), List.of()).violations())
                .singleElement()
                .satisfies(violation -> assertThat(violation.rule()).contains("engine.input.dirs"));
    }

    private InputFiles find(String... names) {
        return InputFiles.find(List.of(names), List.of(allowed));
    }
}
