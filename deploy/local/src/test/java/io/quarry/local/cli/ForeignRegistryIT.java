package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.State;
import io.quarry.local.broker.LocalBroker;
import io.quarry.local.registry.RegistryServer;
import io.quarry.schemas.Topics;
import io.quarry.schemas.provision.ProvisionSettings;
import io.quarry.schemas.provision.TopicProvisioner;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands at one cluster with the registry of another. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ForeignRegistryIT {
    private static final Topics TOPICS = Topics.withDefaultPrefix();

    @TempDir
    private static Path directory;

    private LocalBroker broker;
    private RegistryServer registry;
    private LocalBroker otherBroker;
    private RegistryServer otherRegistry;
    private Map<String, String> environment = Map.of();

    @BeforeAll
    void startBoth() throws Exception {
        broker = LocalBroker.start(directory.resolve("one"), 0);
        registry = RegistryServer.start(Map.of("bootstrap.servers", broker.bootstrapServers()), 0, 1);
        otherBroker = LocalBroker.start(directory.resolve("other"), 0);
        otherRegistry = RegistryServer.start(Map.of("bootstrap.servers", otherBroker.bootstrapServers()), 0, 1);
        environment = Map.of(
                "QUARRY_BOOTSTRAP_SERVERS",
                broker.bootstrapServers(),
                "QUARRY_REGISTRY_URL",
                otherRegistry.url(),
                "QUARRY_DATA",
                directory.resolve("none").toString());
        Map<String, String> settings = Map.of(
                "bootstrap.servers", broker.bootstrapServers(),
                "schema.registry.url", registry.url(),
                "replication.factor", "1");
        try (Admin admin = Admin.create(new HashMap<>(settings));
                KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                        Map.of("bootstrap.servers", broker.bootstrapServers()),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            TopicProvisioner.of(admin, TOPICS, ProvisionSettings.of(settings)).provision();
            JobState row = JobState.newBuilder()
                    .setJob(Job.newBuilder().setId("a").build())
                    .setState(State.QUEUED)
                    .setSubmittedAt(Instant.EPOCH)
                    .build();
            producer.send(new ProducerRecord<>(
                            TOPICS.states(),
                            "a".getBytes(StandardCharsets.UTF_8),
                            WireSerdes.of(settings).serializer(JobState.class).serialize(TOPICS.states(), row)))
                    .get();
        }
    }

    @AfterAll
    void stopBoth() {
        otherRegistry.close();
        otherBroker.close();
        registry.close();
        broker.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"jobs", "job a", "topics", "wait a --timeout 5s"})
    void theRegistryIsNamed(String command) {
        CommandRun run = CommandRun.of(directory, environment, "", command.split(" ", -1));

        assertThat(run.code()).as(run.err()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err())
                .contains("cannot be read with the schema registry at " + otherRegistry.url())
                .contains("it is another cluster's registry")
                .contains("--registry-url");
    }

    @Test
    void nothingIsSubmitted() throws Exception {
        String file = """
                offline_query:
                  input: {columns: {airport.iata: [BOS]}}
                  outputs: [airport.city]
                """;

        CommandRun run = CommandRun.of(directory, environment, file, "submit", "-");

        assertThat(run.code()).as(run.err()).isEqualTo(2);
        assertThat(run.err()).contains("it is another cluster's").contains("schema.registry.url");
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            TopicPartition queue = new TopicPartition(TOPICS.jobs("default"), 0);
            assertThat(admin.listOffsets(Map.of(queue, OffsetSpec.latest()))
                            .partitionResult(queue)
                            .get()
                            .offset())
                    .isZero();
        }
    }
}
