package io.quarry.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.quarry.avro.JobState;
import io.quarry.avro.Manifest;
import io.quarry.avro.State;
import io.quarry.client.QuarryClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs that know nothing of our code submit jobs, which run to their end. */
class ForeignProducersIT {
    private static final Path EXAMPLES = Path.of("..", "examples");
    private static final Path CONFLUENT = Path.of("target", "confluent", "confluent-serde.jar");

    @TempDir
    static Path temporary;

    private static LocalMode local;
    private static QuarryClient client;

    @BeforeAll
    static void start() throws IOException {
        Files.writeString(
                temporary.resolve("airports.csv"),
                "iata,city,state\nSFO,San Francisco,CA\nORD,Chicago,IL\nJFK,New York,NY\n");
        Files.writeString(temporary.resolve("catalog.yaml"), """
                version: 1
                sources:
                  airports: {files: airports.csv}
                entities:
                  airport: {keys: {iata: VARCHAR}}
                features:
                  airport.city: {source: airports, column: city}
                  airport.state: {source: airports, column: state}
                """);
        Map<String, String> settings =
                Map.of("engine.catalog", temporary.resolve("catalog.yaml").toString());
        local = LocalMode.start(LocalSettings.of(temporary.resolve("data"), settings, new Machine(4L << 30, 2)));
        client = QuarryClient.connect(
                Map.of("bootstrap.servers", local.bootstrapServers(), "schema.registry.url", local.registryUrl()));
    }

    @AfterAll
    static void stop() {
        if (client != null) {
            client.close();
        }
        if (local != null) {
            local.close();
        }
    }

    @Test
    void aJobOfANodeProgramSucceeds() throws Exception {
        Path program = Path.of("target", "node-example");
        Files.createDirectories(program);
        for (String file : List.of("package.json", "package-lock.json", "submit.js", "job.json")) {
            Files.write(
                    program.resolve(file),
                    Files.readAllBytes(EXAMPLES.resolve("node").resolve(file)));
        }
        assumeTrue(runs(program, "node", "--version"), "there is no node on the PATH");
        assumeTrue(
                runs(program, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"),
                "npm is not there or cannot get kafkajs and @kafkajs/confluent-schema-registry");

        Run submitted =
                run(program, "node", "submit.js", local.bootstrapServers(), local.registryUrl(), "job.json", "node-1");

        assertThat(submitted.exit()).as(submitted.output()).isZero();
        assertThat(submitted.output()).contains("\"id\":\"node-1\"");
        assertSucceeds("node-1");
    }

    @Test
    void aJobOfAJavaProgramWithTheGenuineConfluentSerializerSucceeds() throws Exception {
        Run submitted = run(
                Path.of("."),
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                CONFLUENT.toString(),
                EXAMPLES.resolve("confluent-java").resolve("Submit.java").toString(),
                local.bootstrapServers(),
                local.registryUrl(),
                "java-1");

        assertThat(submitted.exit()).as(submitted.output()).isZero();
        assertThat(submitted.output()).contains("\"id\":\"java-1\"");
        assertSucceeds("java-1");
    }

    private static void assertSucceeds(String id) throws Exception {
        JobState state = client.handle(id).await().get(120, TimeUnit.SECONDS);
        assertThat(state.getState()).as(String.valueOf(state.getCause())).isEqualTo(State.SUCCEEDED);
        assertThat(state.getManifest())
                .extracting(Manifest::getRows)
                .as("one row for each airport")
                .isEqualTo(3L);
    }

    private static boolean runs(Path directory, String... command) throws InterruptedException {
        try {
            return run(directory, command).exit() == 0;
        } catch (IOException notThere) {
            return false;
        }
    }

    private static Run run(Path directory, String... command) throws IOException, InterruptedException {
        Path output = Files.createTempFile(temporary, "output", ".txt");
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        boolean ended = process.waitFor(120, TimeUnit.SECONDS);
        if (!ended) {
            process.destroyForcibly().waitFor();
        }
        return new Run(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
    }

    private record Run(int exit, String output) {}
}
