package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code deploy/quarry}, on machines that lack what it needs. */
class QuarryScriptTest {
    private static final Path SCRIPT = Path.of("../quarry").toAbsolutePath().normalize();

    @TempDir
    private Path directory;

    @BeforeEach
    void onlyWhereThereIsABash() {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/env")), "this machine has no /usr/bin/env");
    }

    /** A directory that looks like a JDK of some version; its java is never a real one. */
    private Path jdk(String version) throws IOException {
        Path home = Files.createDirectories(directory.resolve("jdk"));
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
        program(home.resolve("bin/java"), "echo not a real Java >&2; exit 9");
        return home;
    }

    private static void program(Path file, String script) throws IOException {
        Files.createDirectories(file.resolveSibling("."));
        Files.writeString(file, "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private CommandRun run(Path script, Map<String, String> environment) throws Exception {
        ProcessBuilder builder = new ProcessBuilder("/usr/bin/env", "bash", script.toString(), "--version")
                .redirectOutput(directory.resolve("out").toFile())
                .redirectError(directory.resolve("err").toFile());
        builder.environment().remove("JAVA_HOME");
        builder.environment().putAll(environment);
        Process process = builder.start();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("the script did not end");
        }
        return new CommandRun(
                process.exitValue(),
                Files.readString(directory.resolve("out"), StandardCharsets.UTF_8),
                Files.readString(directory.resolve("err"), StandardCharsets.UTF_8));
    }

    @Test
    void aJdkThatIsTooOldIsNamedWithWhatIsNeeded() throws Exception {
        Path old = jdk("11.0.22");

        CommandRun refused = run(SCRIPT, Map.of("JAVA_HOME", old.toString()));

        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.out()).isEmpty();
        assertThat(refused.err())
                .contains("Java 11.0.22 at " + old.resolve("bin/java") + " is too old")
                .contains("needs a JDK from 17 to 25")
                .contains("JAVA_HOME");
    }

    @Test
    void theOldNumbersOfJavaEightAreTooOldAsWell() throws Exception {
        assertThat(run(SCRIPT, Map.of("JAVA_HOME", jdk("1.8.0_402").toString())).err())
                .contains("Java 1.8.0_402")
                .contains("too old");
    }

    @Test
    void aJavaHomeWithoutAJavaIsNamed() throws Exception {
        CommandRun refused = run(SCRIPT, Map.of("JAVA_HOME", "/no/such/jdk"));

        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err()).contains("JAVA_HOME is /no/such/jdk, which has no bin/java");
    }

    @Test
    void aRuntimeWithoutCompilerCannotBuildAndIsNamed() throws Exception {
        Path jre = jdk("17.0.9");
        Path copy =
                Files.createDirectories(directory.resolve("checkout/deploy")).resolve("quarry");
        Files.copy(SCRIPT, copy);
        program(directory.resolve("maven/mvn"), "exit 9");

        CommandRun refused = run(
                copy,
                Map.of("JAVA_HOME", jre.toString(), "PATH", directory.resolve("maven") + ":" + System.getenv("PATH")));

        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err()).contains("Java 17.0.9").contains("a runtime without a compiler");
    }
}
