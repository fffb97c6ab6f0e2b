package io.quarry.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrialBrokerMainIT {
    private static final String READY = "quarry-broker READY ";
    private static final String TOPIC = "kept";
    private static final int SIGTERM = 128 + 15;

    @TempDir
    private Path directory;

    @Test
    void itIsReachedByTheNameThatItIsGivenAndKeepsTopicsAndSchemasOverARestart() throws Exception {
        String port = String.valueOf(freePort());
        String registryPort = String.valueOf(freePort());

        Process first = start(directory.resolve("kafka").toString(), "localhost", port, registryPort);
        String[] places = readyLine(first).split(" ", 2);
        assertThat(places).containsExactly("localhost:" + port, "http://localhost:" + registryPort);
        createTopic(places[0]);
        String registered = post(places[1] + "/subjects/thing/versions", "{\"schema\": \"\\\"string\\\"\"}");
        stop(first);

        Process second = start(directory.resolve("kafka").toString(), "localhost", port, registryPort);
        assertThat(readyLine(second).split(" ", 2)).isEqualTo(places);
        assertThat(topics(places[0])).contains(TOPIC);
        assertThat(post(places[1] + "/subjects/thing/versions", "{\"schema\": \"\\\"string\\\"\"}"))
                .isEqualTo(registered);
        stop(second);
    }

    @Test
    void whatCannotBeIsSaidInOneLine() throws Exception {
        assertThat(lines(start("only-a-directory"), 2))
                .containsExactly("usage: TrialBrokerMain <directory> <host> <port> <registry port>");
        assertThat(lines(start(directory.resolve("kafka").toString(), "localhost", "http", "8081"), 2))
                .containsExactly("quarry-broker: port is http: must be a whole number from 1 to 65535");
        assertThat(lines(start(directory.resolve("kafka").toString(), "localhost", "9092", "70000"), 2))
                .containsExactly("quarry-broker: registry port is 70000: must be a whole number from 1 to 65535");
    }

    private static Process start(String... arguments) throws IOException {
        ChildClasses classes = ChildClasses.ofThisProcess();
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Dquarry.log.level=ERROR"));
        command.addAll(classes.options());
        command.addAll(List.of("-cp", classes.classPath(), TrialBrokerMain.class.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    private static String readyLine(Process process) throws IOException {
        BufferedReader said = process.inputReader();
        List<String> before = new ArrayList<>();
        String line = said.readLine();
        while (line != null && !line.startsWith(READY)) {
            before.add(line);
            line = said.readLine();
        }
        assertThat(line).as("what it said after %s", before).isNotNull();
        return line.substring(READY.length());
    }

    private static List<String> lines(Process process, int code) throws Exception {
        List<String> said = process.inputReader().lines().toList();
        assertThat(process.waitFor()).as("%s", said).isEqualTo(code);
        return said;
    }

    private static void stop(Process process) throws InterruptedException {
        process.destroy();
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).isEqualTo(SIGTERM);
    }

    private static void createTopic(String address) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", address))) {
            admin.createTopics(List.of(new NewTopic(TOPIC, 1, (short) 1))).all().get(30, TimeUnit.SECONDS);
        }
    }

    private static List<String> topics(String address) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", address))) {
            return List.copyOf(admin.listTopics().names().get(30, TimeUnit.SECONDS));
        }
    }

    private static String post(String url, String body) throws IOException, InterruptedException {
        HttpResponse<String> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(url))
                                .header("Content-Type", "application/vnd.schemaregistry.v1+json")
                                .POST(HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer.body();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
