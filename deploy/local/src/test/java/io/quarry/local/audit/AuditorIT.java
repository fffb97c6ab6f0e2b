package io.quarry.local.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Outcome;
import io.quarry.avro.State;
import io.quarry.local.audit.Finding.Kind;
import io.quarry.local.broker.LocalBroker;
import io.quarry.local.registry.RegistryServer;
import io.quarry.schemas.Topics;
import io.quarry.schemas.provision.ProvisionSettings;
import io.quarry.schemas.provision.TopicProvisioner;
import io.quarry.schemas.serde.WireSerdes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The auditor on a real broker's topics, with each breach written by hand. */
final class AuditorIT {
    private static final int LEASE = 10;
    private static final AtomicInteger NUMBER = new AtomicInteger();

    @TempDir
    static Path directory;

    private static LocalBroker broker;
    private static RegistryServer registry;
    private static Map<String, String> connection;
    private static WireSerdes serdes;
    private static KafkaProducer<byte[], byte[]> producer;

    @BeforeAll
    static void start() {
        broker = LocalBroker.start(directory.resolve("kafka"), 0);
        Map<String, String> kafka = Map.of("bootstrap.servers", broker.bootstrapServers());
        registry = RegistryServer.start(kafka, 0, 1);
        connection = new HashMap<>(kafka);
        connection.put("schema.registry.url", registry.url());
        connection.put("replication.factor", "1");
        connection.put("job.events.partitions", "1");
        serdes = WireSerdes.of(connection);
        producer = new KafkaProducer<>(new HashMap<>(kafka), new ByteArraySerializer(), new ByteArraySerializer());
    }

    @AfterAll
    static void stop() {
        producer.close();
        registry.close();
        broker.close();
    }

    @Test
    void aCleanLogGivesNoFinding() throws Exception {
        Story story = story();
        story.succeeds("a");
        story.succeedsAgain("b", LEASE);
        long poison = story.poison();
        story.kept(poison);
        long offset = story.append("c");
        story.submitted("c", offset);
        story.claimed("c", 1, "x", offset);
        story.row("c", State.RUNNING, 1, "x");
        story.finished("c", 1, "x", Outcome.FAILED);
        story.row("c", State.FAILED, 1, null);
        story.dead("c");
        story.append("a");
        // The first owner of b wakes up, heartbeats and reports: heard, and nothing more.
        story.heartbeat("b", 1, "first");
        story.finished("b", 1, "first", Outcome.SUCCEEDED);
        story.dataset("b", 1, "first");

        AuditReport report = audit(story, true);

        assertThat(report.findings()).isEmpty();
        assertThat(report.jobs()).isEqualTo(3);
        assertThat(report.succeeded()).isEqualTo(2);
        assertThat(report.failed()).isEqualTo(1);
        assertThat(report.reruns()).isEqualTo(1);
        assertThat(report.duplicates()).isEqualTo(1);
        assertThat(report.invalid()).isEqualTo(1);
        assertThat(report.lateEvents()).isEqualTo(1);
        assertThat(report.uncollected()).isEqualTo(1);
        assertThat(report.quiet()).isFalse();
    }

    static List<Arguments> breaches() {
        return List.of(
                breach(Kind.LOST, "lost", story -> story.append("lost")),
                breach(Kind.LOST, "stuck", story -> {
                    story.submitted("stuck", story.append("stuck"));
                    story.row("stuck", State.QUEUED, 1, null);
                }),
                breach(Kind.DOUBLED, "twice", story -> {
                    story.succeeds("twice");
                    story.finished("twice", 1, "other", Outcome.SUCCEEDED);
                    story.dataset("twice", 1, "other");
                    story.row("twice", State.SUCCEEDED, 1, "other");
                }),
                breach(Kind.DOUBLED, "granted", story -> {
                    story.succeeds("granted");
                    story.claimed("granted", 1, "other", 0);
                    story.grant("granted", "other");
                }),
                breach(Kind.OVERLAP, "early", story -> story.succeedsAgain("early", LEASE / 2)),
                breach(Kind.AFTER_FINAL, "revived", story -> {
                    story.succeeds("revived");
                    story.row("revived", State.QUEUED, 2, null);
                    story.row("revived", State.SUCCEEDED, 1, "claim-of-revived");
                }),
                breach(Kind.AFTER_FINAL, "again", story -> {
                    story.succeeds("again");
                    story.claimed("again", 2, "later", -1);
                    story.grant("again", "later");
                }),
                breach(Kind.FIFO_BREAK, "jobs.default@", story -> {
                    long[] offsets = {story.append("f0"), story.append("f1"), story.append("f2")};
                    for (int i = 2; i >= 0; i--) {
                        story.submitted("f" + i, offsets[i]);
                        story.claimed("f" + i, 1, "x", offsets[i]);
                        story.row("f" + i, State.CANCELLED, 1, null);
                        story.ticks(5);
                    }
                }),
                breach(Kind.ORPHAN_DATASET, "nobody", story -> story.dataset("nobody", 1, "x")),
                breach(Kind.MISSING_DATASET, "gone", story -> {
                    story.succeeds("gone");
                    delete(story.dataset("gone", 1, "claim-of-gone").resolve("part.parquet"));
                }),
                breach(Kind.MISSING_DATASET, "cut", story -> {
                    story.succeeds("cut");
                    write(story.dataset("cut", 1, "claim-of-cut").resolve("part.parquet"), "PA");
                }),
                breach(Kind.UNEXPLAINED, "believed", story -> {
                    long offset = story.append("believed");
                    story.claimed("believed", 1, "x", offset);
                    story.dataset("believed", 1, "x");
                    story.row("believed", State.SUCCEEDED, 1, "x");
                }),
                breach(Kind.UNEXPLAINED, "phantom", story -> story.row("phantom", State.EXPIRED, 1, null)),
                breach(Kind.DEAD_LETTER_MISSING, "silent", story -> {
                    story.submitted("silent", story.append("silent"));
                    story.row("silent", State.FAILED, 1, null);
                }),
                breach(Kind.INVALID_MISSING, "jobs.default@", Story::poison));
    }

    private static Arguments breach(Kind kind, String job, Consumer<Story> told) {
        return Arguments.of(kind, job, told);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("breaches")
    void everyBreachIsFound(Kind kind, String job, Consumer<Story> breach) throws Exception {
        Story story = story();
        story.succeeds("good");
        breach.accept(story);

        AuditReport report = audit(story, true);

        assertThat(report.findings())
                .anyMatch(finding -> finding.kind() == kind)
                .allMatch(finding -> finding.job().contains(job));
        assertThat(report.clean()).isFalse();
    }

    @Test
    void whatIsUnderWayIsOpenAndNotLost() throws Exception {
        Story story = story();
        story.append("new");
        story.submitted("waiting", story.append("waiting"));
        story.row("waiting", State.QUEUED, 1, null);

        AuditReport report = audit(story, false);

        assertThat(report.findings()).isEmpty();
        assertThat(report.open()).isEqualTo(2);
    }

    /** Its job was appended, and ran, after the queues had been read. */
    @Test
    void aDatasetThatIsYoungerThanTheAuditIsNobodysOrphan() throws Exception {
        Story story = story();
        Path young = story.dataset("just-now", 1, "x");
        Path old = story.dataset("long-ago", 1, "x");
        Files.setLastModifiedTime(
                old.resolve("manifest.json"), FileTime.from(Instant.now().minus(Duration.ofHours(1))));

        assertThat(audit(story, false).findings()).extracting(Finding::job).containsExactly(old.toString());
        assertThat(audit(story, true).findings())
                .extracting(Finding::job)
                .containsExactlyInAnyOrder(old.toString(), young.toString());
    }

    /**
     * Who claims which record how often delivered, how many of the late ones are explained and how many are not: a worker that
     * went on to what lies behind a record cannot have held it.
     */
    static List<Arguments> orders() {
        return List.of(
                Arguments.of("a held by a silent worker", "c:w2 d:w2 a:w1 b:w2", 1, 1),
                Arguments.of("b held beside a by a silent worker", "c:w2 d:w2 a:w1 b:w1", 2, 0),
                Arguments.of("a handed out before", "c:w1 d:w1 a:w1:2 b:w1:2", 2, 0),
                Arguments.of("c by the worker that then took a and b", "c:w1 a:w1 b:w1 d:w1", 0, 2),
                Arguments.of("three before d, none behind it", "a:w1 b:w1 c:w1 d:w1", 0, 0));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("orders")
    void aLateStartIsExplainedByTheLogOrFound(String name, String claims, int explained, int found) throws Exception {
        Story story = story();
        long[] offsets = {story.append("a"), story.append("b"), story.append("c"), story.append("d")};
        for (String claim : claims.split(" ", -1)) {
            String[] parts = claim.split(":", -1);
            int deliveries = parts.length > 2 ? Integer.parseInt(parts[2]) : 1;
            story.claimed(parts[0], 1, "x", offsets[parts[0].charAt(0) - 'a'], parts[1], deliveries);
            story.row(parts[0], State.CANCELLED, 1, null);
            // A millisecond at least lies between two claims.
            story.ticks(5);
        }

        AuditReport report = audit(story, true);

        assertThat(report.fifoExcused()).isEqualTo(explained);
        assertThat(report.fifoBreaks()).isEqualTo(found);
    }

    /** A broker that goes away takes the locks with it; DeleteRecords takes away the records whose epochs would say so. */
    @Test
    void aLateStartAfterARestartIsExplainedAlsoWhenTheRecordsOfThatTimeWereDeleted() throws Exception {
        Story story = story();
        long[] offsets = {story.append("a"), story.append("b"), story.append("c"), story.append("d")};
        claimed(story, List.of("c", "d"), offsets);
        restart();
        claimed(story, List.of("a", "b"), offsets);
        TopicPartition queue = new TopicPartition(story.topics().jobs("default"), 0);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            admin.deleteRecords(Map.of(queue, RecordsToDelete.beforeOffset(offsets[3] + 1)))
                    .all()
                    .get();
        }
        claimed(story, List.of("e"), 0, 0, 0, 0, story.append("e"));

        AuditReport report = audit(story, true);

        assertThat(report.findings()).isEmpty();
        assertThat(report.fifoExcused()).isEqualTo(2);
    }

    private static void claimed(Story story, List<String> jobs, long... offsets) {
        for (String job : jobs) {
            story.claimed(job, 1, "x", offsets[job.charAt(0) - 'a'], "w1", 1);
            story.row(job, State.CANCELLED, 1, null);
            // A millisecond at least lies between two claims.
            story.ticks(5);
        }
    }

    private static void restart() {
        int port = Integer.parseInt(broker.bootstrapServers().replaceAll(".*:", ""));
        broker.close();
        broker = LocalBroker.start(directory.resolve("kafka"), port);
    }

    private static Story story() throws IOException {
        Topics topics = new Topics("t" + NUMBER.incrementAndGet() + ".");
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            TopicProvisioner.of(admin, topics, ProvisionSettings.of(connection)).provision();
        }
        Path datasets = directory.resolve("datasets-" + topics.prefix());
        Files.createDirectories(datasets);
        return new Story(topics, serdes, producer, datasets);
    }

    private static AuditReport audit(Story story, boolean complete) throws IOException {
        Path scratch = Files.createTempDirectory(directory, "scratch");
        return Auditor.audit(
                new AuditSettings(
                        connection,
                        story.topics(),
                        complete,
                        Duration.ofMinutes(10),
                        LEASE,
                        1,
                        Optional.of(story.datasets()),
                        scratch,
                        128L << 20),
                what -> {});
    }

    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
