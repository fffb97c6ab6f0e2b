package io.quarry.local.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalBrokerIT {
    private static final String READY = "quarry-broker READY ";

    @TempDir
    private Path directory;

    @Test
    void aRestartOnAnotherPortKeepsTheRecords() throws Exception {
        Path data = directory.resolve("kafka");
        try (LocalBroker broker = LocalBroker.start(data, 0)) {
            createTopic(broker.bootstrapServers(), "kept");
            append(broker.bootstrapServers(), "kept", "v");
        }

        try (LocalBroker broker = LocalBroker.start(data, 0)) {
            assertThat(values(broker.bootstrapServers(), "kept", 1)).containsExactly("v");
        }
    }

    @Test
    void anInterruptDuringTheStartIsKeptAndHarmsNothing() throws Exception {
        Thread.currentThread().interrupt();
        try (LocalBroker broker = LocalBroker.start(directory.resolve("kafka"), 0)) {
            assertThat(Thread.interrupted()).isTrue();
            createTopic(broker.bootstrapServers(), "made");
        } finally {
            Thread.interrupted();
        }
    }

    @Test
    void aKilledBrokerComesBackAtOnceAndKeepsTheRecords() throws Exception {
        Path data = directory.resolve("kafka");
        for (int life = 0; life < 3; life++) {
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            System.getProperty("java.class.path"),
                            BrokerMain.class.getName(),
                            data.toString(),
                            "0")
                    .redirectErrorStream(true)
                    .start();
            try (BufferedReader said = process.inputReader()) {
                List<String> before = new ArrayList<>();
                String line = said.readLine();
                while (line != null && !line.startsWith(READY)) {
                    before.add(line);
                    line = said.readLine();
                }
                assertThat(line).as("what life %d said after %s", life, before).isNotNull();
                String address = line.substring(READY.length());
                if (life == 0) {
                    createTopic(address, "kept");
                }
                append(address, "kept", "life " + life);
            } finally {
                // SIGKILL: the controller keeps it for alive, and nobody may register under its number.
                process.destroyForcibly().waitFor();
            }
        }

        try (LocalBroker broker = LocalBroker.start(data, 0)) {
            assertThat(values(broker.bootstrapServers(), "kept", 3)).containsExactly("life 0", "life 1", "life 2");
        }
    }

    @Test
    void aTakenPortIsNamedInTheError() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> LocalBroker.start(directory.resolve("kafka"), taken.getLocalPort()))
                    .isInstanceOf(BrokerException.class)
                    .hasMessageContaining("Port " + taken.getLocalPort() + " on 127.0.0.1 is taken")
                    .hasMessageContaining("broker.port");
        }
    }

    private static void createTopic(String address, String name) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", address))) {
            admin.createTopics(List.of(new NewTopic(name, 1, (short) 1))).all().get(60, TimeUnit.SECONDS);
        }
    }

    private static void append(String address, String topic, String value) throws Exception {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", address), new StringSerializer(), new StringSerializer())) {
            producer.send(new ProducerRecord<>(topic, "k", value)).get(30, TimeUnit.SECONDS);
        }
    }

    private static List<String> values(String address, String topic, int count) {
        TopicPartition partition = new TopicPartition(topic, 0);
        List<String> values = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", address), new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            for (int i = 0; i < 10 && values.size() < count; i++) {
                consumer.poll(Duration.ofSeconds(3)).records(partition).forEach(r -> values.add(r.value()));
            }
        }
        return values;
    }
}
