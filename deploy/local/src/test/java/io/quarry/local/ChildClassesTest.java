package io.quarry.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChildClassesTest {
    @TempDir
    private Path directory;

    @Test
    void anArchiveOfThisJdkBesideTheJarIsUsed() throws IOException {
        Path jar = Files.createFile(directory.resolve("quarry.jar"));
        Path archive = Files.createFile(directory.resolve("classes-17.0.9.jsa"));

        ChildClasses classes = ChildClasses.of(jar.toString(), "17.0.9");

        assertThat(classes.options()).contains("-XX:SharedArchiveFile=" + archive, "-Xshare:auto");
        assertThat(classes.classPath()).isEqualTo(jar.toString());
    }

    @Test
    void anArchiveOfAnotherJdkIsNotUsed() throws IOException {
        Path jar = Files.createFile(directory.resolve("quarry.jar"));
        Files.createFile(directory.resolve("classes-17.0.9.jsa"));

        assertThat(ChildClasses.of(jar.toString(), "25.0.1").options()).isEmpty();
    }

    /** A class path has to begin as the archive's own did. */
    @Test
    void directoriesBeforeTheJarComeBehindIt() throws IOException {
        Path jar = Files.createFile(directory.resolve("quarry.jar"));
        Files.createFile(directory.resolve("classes-17.0.9.jsa"));
        Path handlers = Files.createDirectory(directory.resolve("handlers"));

        ChildClasses classes = ChildClasses.of(path(handlers, jar, Path.of("/lib/x.jar")), "17.0.9");

        assertThat(classes.classPath()).isEqualTo(path(jar, handlers, Path.of("/lib/x.jar")));
        assertThat(classes.options()).isNotEmpty();
    }

    @Test
    void aJarBeforeOursKeepsItsPlace() throws IOException {
        Path jar = Files.createFile(directory.resolve("quarry.jar"));
        Files.createFile(directory.resolve("classes-17.0.9.jsa"));
        String classPath = path(Files.createFile(directory.resolve("mine.jar")), jar);

        ChildClasses classes = ChildClasses.of(classPath, "17.0.9");

        assertThat(classes.classPath()).isEqualTo(classPath);
        assertThat(classes.options()).isEmpty();
    }

    private static String path(Path... entries) {
        StringBuilder path = new StringBuilder();
        for (Path entry : entries) {
            path.append(path.length() == 0 ? "" : File.pathSeparator).append(entry);
        }
        return path.toString();
    }
}
