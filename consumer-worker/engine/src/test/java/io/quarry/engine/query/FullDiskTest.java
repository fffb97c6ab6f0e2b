package io.quarry.engine.query;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A dataset on a file system of eight megabytes, mounted in a namespace of its own, which needs no privileges. */
class FullDiskTest {
    private static final String MOUNT = "mount -t tmpfs -o size=8m tmpfs \"$0\" && exec \"$@\"";

    @TempDir
    Path root;

    @Test
    void aDiskThatFillsWhileTheDatasetIsWrittenIsNamedAndLeavesNoHalfDataset() throws Exception {
        Path datasets = Files.createDirectories(root.resolve("datasets"));
        Assumptions.assumeTrue(
                run(datasets, "true").equals(""),
                "this machine lets nobody mount a file system in a namespace (unshare -rm)");
        Files.writeString(root.resolve("users.csv"), "user_id,name\n1,one\n");
        Files.writeString(root.resolve("catalog.yaml"), """
                version: 1
                sources: {users: {files: users.csv}}
                entities: {user: {keys: {user_id: BIGINT}}}
                features: {user.name: {source: users, column: name}}
                """);

        String said = run(
                datasets,
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                FullDisk.class.getName(),
                root.toString());

        assertThat(said)
                .startsWith("DISK_FULL: The disk under the attempt's directories is full")
                .contains("phase=query")
                .endsWith("left: []\n");
    }

    /** What a command says on a small file system that only it sees; the error where it failed. */
    private String run(Path mounted, String... command) throws IOException, InterruptedException {
        List<String> whole = new ArrayList<>(List.of("unshare", "-rm", "sh", "-c", MOUNT, mounted.toString()));
        whole.addAll(List.of(command));
        Path said = Files.createTempFile(root, "said", ".txt");
        Process process;
        try {
            process = new ProcessBuilder(whole)
                    .redirectOutput(said.toFile())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException noSuchCommand) {
            return noSuchCommand.toString();
        }
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            return "it did not end";
        }
        return process.exitValue() == 0
                ? Files.readString(said, StandardCharsets.UTF_8)
                : "exit " + process.exitValue();
    }
}
