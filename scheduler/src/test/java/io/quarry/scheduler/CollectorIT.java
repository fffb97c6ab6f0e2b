package io.quarry.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.quarry.avro.CustomPayload;
import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.Manifest;
import io.quarry.avro.Owner;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.State;
import io.quarry.scheduler.collect.CollectSettings;
import io.quarry.scheduler.collect.Collector;
import io.quarry.schemas.Topics;
import io.quarry.schemas.provision.ProvisionSettings;
import io.quarry.schemas.provision.TopicProvisioner;
import io.quarry.schemas.serde.WireSerdes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two collectors on a real broker, over one directory. */
@Timeout(180)
class CollectorIT {
    private static final Topics TOPICS = Topics.withDefaultPrefix();
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    @TempDir
    private static Path directory;

    private static Path datasets;
    private static TestRegistry registry;
    private static TestBroker broker;
    private static KafkaProducer<byte[], byte[]> producer;
    private static WireSerdes serdes;
    private static List<Collector> collectors;

    @BeforeAll
    static void start() throws Exception {
        datasets = Files.createDirectories(directory.resolve("datasets"));
        registry = new TestRegistry();
        broker = new TestBroker(directory.resolve("broker"));
        Map<String, String> settings = Map.of(
                "bootstrap.servers",
                broker.bootstrapServers(),
                "schema.registry.url",
                registry.url(),
                "replication.factor",
                "1",
                "job.events.partitions",
                "4");
        serdes = WireSerdes.of(settings);
        Map<String, Object> kafka = Map.of("bootstrap.servers", broker.bootstrapServers());
        producer = new KafkaProducer<>(kafka, new ByteArraySerializer(), new ByteArraySerializer());
        try (Admin admin = Admin.create(kafka)) {
            TopicProvisioner.of(admin, TOPICS, ProvisionSettings.of(settings))
                    .provisionGroup(ResourceGroup.newBuilder()
                            .setName("default")
                            .setWorker(new Resources(1000L, 1L << 30, 1L << 30))
                            .build());
        }
        // Before anybody collects: an old life of an id, and a new one that runs.
        claim("reborn", "1-new", false);
        write("reborn", row("reborn", State.FAILED).build());
        write("reborn", null);
        write("reborn", row("reborn", State.RUNNING).build());
        claim("early", "1-a", true);
        write("early", row("early", State.CANCELLED).build());
        CollectSettings collect = new CollectSettings(TOPICS, datasets, Duration.ofMillis(300), Duration.ofDays(30));
        Map<String, String> client = Map.of(
                "bootstrap.servers", broker.bootstrapServers(),
                "heartbeat.interval.ms", "200",
                "metadata.max.age.ms", "500");
        collectors = List.of(
                Collector.start(collect, client, serdes, InstantSource.system()),
                Collector.start(collect, client, serdes, InstantSource.system()));
    }

    @AfterAll
    static void stop() {
        collectors.forEach(Collector::close);
        producer.close();
        broker.close();
        registry.close();
    }

    private static Path claim(String job, String name, boolean whole) throws IOException {
        Path place = Files.createDirectories(datasets.resolve(job).resolve(name));
        Files.writeString(place.resolve("part-0.parquet"), "rows");
        if (whole) {
            Files.writeString(place.resolve("manifest.json"), "{}");
        }
        return place;
    }

    private static JobState.Builder row(String id, State state) {
        return JobState.newBuilder()
                .setJob(Job.newBuilder()
                        .setId(id)
                        .setKind("echo")
                        .setCustom(new CustomPayload("text/plain", ByteBuffer.wrap(new byte[] {1})))
                        .build())
                .setState(state)
                .setSubmittedAt(NOON)
                .setFinishedAt(NOON);
    }

    private static JobState succeeded(String id, String claim) {
        return row(id, State.SUCCEEDED)
                .setOwner(Owner.newBuilder()
                        .setClaim(claim)
                        .setAttempt(1)
                        .setWorker("w")
                        .setClaimedAt(NOON)
                        .build())
                .setManifest(Manifest.newBuilder()
                        .setLocation(datasets.resolve(id)
                                .resolve("1-" + claim)
                                .toUri()
                                .toString())
                        .setRows(1)
                        .setBytes(4)
                        .setDatasetName("daily")
                        .build())
                .build();
    }

    private static void write(String id, @Nullable JobState row) throws Exception {
        byte[] value = row == null ? null : serdes.serializer(JobState.class).serialize(TOPICS.states(), row);
        producer.send(new ProducerRecord<>(TOPICS.states(), id.getBytes(StandardCharsets.UTF_8), value))
                .get();
    }

    @Test
    void aResultIsPointedToAndTheLosersGoAlsoWhenTheyWriteAgainAfterwards() throws Exception {
        Path winner = claim("won", "1-w", true);
        Path loser = claim("won", "2-l", true);
        claim("running", "1-r", false);
        write("running", row("running", State.RUNNING).build());
        write("won", succeeded("won", "w"));

        await().atMost(SOON)
                .untilAsserted(() -> assertThat(loser).as("collected").doesNotExist());
        assertThat(datasets.resolve("won/dataset.json")).content().contains("1-w/manifest.json");
        assertThat(datasets.resolve("@named/daily.json")).content().contains("\"won\"");

        // A zombie wakes up and writes.
        claim("won", "2-l", false);
        Path other = claim("won", "3-z", true);

        await().atMost(SOON).untilAsserted(() -> {
            assertThat(loser).doesNotExist();
            assertThat(other).doesNotExist();
        });
        assertThat(winner.resolve("part-0.parquet")).hasContent("rows");
        assertThat(datasets.resolve("running/1-r")).as("not final").exists();
    }

    @Test
    void whatEndedBeforeTheCollectorsCameIsCollectedAndWhatRunsAgainIsNot() {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(datasets.resolve("early")).doesNotExist());
        assertThat(datasets.resolve("reborn/1-new")).exists();
    }

    @Test
    void aDirectoryWithoutARowGoesWhenItIsOlderThanAnyRowThatIsKept() throws Exception {
        Path fresh = claim("nobody", "1-f", false);
        Path whole = claim("nobody", "2-w", true);
        Path half = claim("forgotten", "1-h", false);
        Path stray = Files.createDirectories(datasets.resolve("%zz/1-a"));
        for (Path old : List.of(half.resolve("part-0.parquet"), half, whole.resolve("manifest.json"), whole, stray)) {
            Files.setLastModifiedTime(old, FileTime.from(Instant.parse("2020-01-01T00:00:00Z")));
        }

        await().atMost(SOON).untilAsserted(() -> assertThat(half).doesNotExist());
        assertThat(fresh).exists();
        assertThat(whole).as("it may be the published one").exists();
        assertThat(stray).as("no job's").exists();
    }
}
