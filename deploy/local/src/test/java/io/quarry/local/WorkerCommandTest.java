package io.quarry.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class WorkerCommandTest {
    @Test
    void aWorkerIsBoundedAndKeepsItsTemporaryFilesInTheDataDirectory() {
        List<String> command = command("/a/b.jar");

        assertThat(command.get(0)).isEqualTo("/jdk/bin/java");
        assertThat(command).contains("-Xmx256m", "-Djava.io.tmpdir=/data/tmp/worker-1", "-XX:-UsePerfData");
        assertThat(command).endsWith("a.Main", "/data/workers/worker-1.properties");
    }

    @Test
    void theClassPathDoesNotDependOnTheCurrentDirectory() {
        List<String> command = command("target/quarry.jar" + File.pathSeparator + File.pathSeparator + "/lib/x.jar");

        assertThat(command.get(command.indexOf("-cp") + 1))
                .isEqualTo(Path.of("target/quarry.jar").toAbsolutePath() + File.pathSeparator + "/lib/x.jar");
    }

    @Test
    void aWorkerHasASessionOfItsOwnWhereTheMachineCanGiveOne() {
        List<String> command = command(Optional.of(Path.of("/usr/bin/setsid")), "/a/b.jar");

        assertThat(command.subList(0, 2)).containsExactly("/usr/bin/setsid", "/jdk/bin/java");
    }

    private static List<String> command(String classPath) {
        return command(Optional.empty(), classPath);
    }

    private static List<String> command(Optional<Path> ownSession, String classPath) {
        return WorkerCommand.of(
                ownSession,
                Path.of("/jdk"),
                ChildClasses.of(classPath, "17"),
                256L << 20,
                Path.of("/data/tmp/worker-1"),
                "a.Main",
                Path.of("/data/workers/worker-1.properties"));
    }
}
