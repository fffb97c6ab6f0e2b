package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarry.local.broker.LocalBroker;
import io.quarry.local.registry.RegistryServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Local mode and the commands with a broker and a registry that are not local mode's own. */
class ExternalPartsIT {
    private static final int LONG = 300;

    @TempDir
    private Path directory;

    @Test
    void localRunsJobsOnABrokerAndARegistryThatItWasGivenAndLeavesThemRunning() throws Exception {
        try (LocalBroker broker = LocalBroker.start(directory.resolve("broker"), 0)) {
            Map<String, String> environment;
            try (RegistryServer registry =
                    RegistryServer.start(Map.of("bootstrap.servers", broker.bootstrapServers()), 0, 1)) {
                environment = Map.of(
                        "QUARRY_BOOTSTRAP_SERVERS", broker.bootstrapServers(), "QUARRY_REGISTRY_URL", registry.url());
                QuarryProcess local = QuarryProcess.start(
                        directory,
                        "local",
                        "--bootstrap-servers",
                        broker.bootstrapServers(),
                        "--registry-url",
                        registry.url(),
                        "-o",
                        "json");
                try {
                    await().atMost(Duration.ofSeconds(LONG))
                            .until(() -> local.stdout().contains("}")
                                    || !local.process().isAlive());
                    assertThat(local.process().isAlive()).as(local.stderr()).isTrue();
                    assertThat(new ObjectMapper()
                                    .readTree(local.stdout())
                                    .path("bootstrap_servers")
                                    .asText())
                            .isEqualTo(broker.bootstrapServers());

                    CommandRun submitted =
                            CommandRun.of(directory, environment, query("ext-1"), "submit", "-", "--wait");

                    assertThat(submitted.code()).as(submitted.err()).isZero();
                } finally {
                    local.interrupt();
                    assertThat(local.exitWithin(60)).as(local.stderr()).isEqualTo(130);
                }
                assertThat(local.home().resolve(".quarry/local/kafka")).doesNotExist();
                assertThat(CommandRun.of(directory, environment, "", "jobs").out())
                        .as("the broker is still there and knows the job")
                        .contains("ext-1")
                        .contains("SUCCEEDED");
            }
            aRegistryThatIsDownAtSubmitIsNamed(environment);
        }
    }

    private void aRegistryThatIsDownAtSubmitIsNamed(Map<String, String> environment) {
        CommandRun refused =
                CommandRun.of(directory, environment, query("ext-2"), "submit", "-", "--connect-timeout", "10");

        assertThat(refused.code()).isEqualTo(3);
        assertThat(refused.out()).isEmpty();
        assertThat(refused.err())
                .contains("the schema registry at " + environment.get("QUARRY_REGISTRY_URL") + " cannot be used")
                .contains("--registry-url")
                .hasLineCount(1);
    }

    private static String query(String id) {
        return """
                id: %s
                offline_query:
                  input: {columns: {airport.iata: [BOS, LAX]}}
                  input_times: [2001-03-01T00:00:00Z]
                  outputs: [airport.city]
                """.formatted(id);
    }
}
