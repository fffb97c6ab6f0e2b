package io.quarry.local.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarry.local.broker.LocalBroker;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RegistryServerIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String BODY = "{\"schema\":\"{\\\"type\\\":\\\"string\\\"}\"}";
    private static final String OTHER = "{\"schema\":\"{\\\"type\\\":\\\"bytes\\\"}\"}";

    @TempDir
    private Path directory;

    private final HttpClient http = HttpClient.newHttpClient();

    @Test
    void aRestartOfBrokerAndRegistryKeepsIds() throws Exception {
        int first;
        int second;
        try (LocalBroker broker = LocalBroker.start(directory.resolve("kafka"), 0);
                RegistryServer registry = start(broker)) {
            first = register(registry, "a-value", BODY);
            second = register(registry, "b-value", OTHER);
        }
        try (LocalBroker broker = LocalBroker.start(directory.resolve("kafka"), 0);
                RegistryServer registry = start(broker)) {
            assertThat(get(registry, "/schemas/ids/" + second).body()).contains("bytes");
            assertThat(register(registry, "c-value", BODY)).isEqualTo(first);
            assertThat(register(registry, "c2-value", "{\"schema\":\"\\\"long\\\"\"}"))
                    .isEqualTo(second + 1);

            HttpResponse<String> missing = get(registry, "/subjects/none/versions");
            assertThat(missing.statusCode()).isEqualTo(404);
            assertThat(missing.headers().firstValue("Content-Type")).contains("application/vnd.schemaregistry.v1+json");
            assertThat(JSON.readTree(missing.body()).get("error_code").asInt()).isEqualTo(40401);

            assertThat(post(registry, "/subjects/x/versions", "{broken").statusCode())
                    .isEqualTo(400);

            register(registry, "with%2Fslash", BODY);
            assertThat(get(registry, "/subjects").body()).contains("\"with/slash\"");
        }
    }

    @Test
    void aTakenPortIsNamedInTheError() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() ->
                            RegistryServer.start(Map.of("bootstrap.servers", "127.0.0.1:1"), taken.getLocalPort(), 1))
                    .isInstanceOf(RegistryException.class)
                    .hasMessageContaining("Port " + taken.getLocalPort() + " on 127.0.0.1 is taken")
                    .hasMessageContaining("registry.port");
        }
    }

    private static RegistryServer start(LocalBroker broker) {
        return RegistryServer.start(Map.of("bootstrap.servers", broker.bootstrapServers()), 0, 1);
    }

    private int register(RegistryServer registry, String subject, String body) throws Exception {
        HttpResponse<String> response = post(registry, "/subjects/" + subject + "/versions", body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        JsonNode answer = JSON.readTree(response.body());
        return answer.get("id").asInt();
    }

    private HttpResponse<String> post(RegistryServer registry, String path, String body) throws Exception {
        return http.send(
                HttpRequest.newBuilder(URI.create(registry.url() + path))
                        .header("Content-Type", "application/vnd.schemaregistry.v1+json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> get(RegistryServer registry, String path) throws Exception {
        return http.send(
                HttpRequest.newBuilder(URI.create(registry.url() + path)).build(),
                HttpResponse.BodyHandlers.ofString());
    }
}
