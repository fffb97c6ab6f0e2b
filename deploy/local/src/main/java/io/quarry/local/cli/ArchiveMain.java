package io.quarry.local.cli;

import io.quarry.local.ChildClasses;
import io.quarry.local.FileTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Makes the archive of classes that later starts map instead of reading, checking and linking thousands of them:
 * {@code ArchiveMain <quarry.jar> <checkout>}, run by the build when the jar is packed. A JVM leaves the archive when it ends
 * after a {@link RehearsalMain}. Without it everything works as well, only more slowly, so that it never fails a build.
 */
public final class ArchiveMain {
    private static final long LIMIT_SECONDS = 600;

    private ArchiveMain() {}

    public static void main(String[] arguments) throws InterruptedException {
        Path jar = Path.of(arguments[0]).toAbsolutePath().normalize();
        Path directory = jar.resolveSibling(".").normalize();
        Path archive = ChildClasses.archive(directory, System.getProperty("java.version"));
        Path half = archive.resolveSibling(archive.getFileName() + ".half");
        Path home = directory.resolve("rehearsal");
        try {
            // One of an earlier jar is of no use, and half a one would crash a JVM.
            Files.deleteIfExists(archive);
            FileTree.delete(home);
            Files.createDirectories(home);
            Path log = home.resolve("log");
            Process rehearsal = new ProcessBuilder(List.of(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx512m",
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "-XX:-UsePerfData",
                            "-XX:ArchiveClassesAtExit=" + half,
                            "-Xlog:cds*=off",
                            "-Djava.io.tmpdir=" + home,
                            "--enable-native-access=ALL-UNNAMED",
                            "-cp",
                            jar.toString(),
                            RehearsalMain.class.getName(),
                            home.toString(),
                            arguments[1]))
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            boolean ended = rehearsal.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
            if (ended && rehearsal.exitValue() == 0 && Files.exists(half)) {
                Files.move(half, archive, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
                FileTree.delete(home);
            } else {
                rehearsal.destroyForcibly().waitFor();
                System.err.println("quarry: no archive of classes was made, starts will take longer: see " + log);
            }
        } catch (IOException e) {
            System.err.println("quarry: no archive of classes was made, starts will take longer: " + e);
        }
    }
}
