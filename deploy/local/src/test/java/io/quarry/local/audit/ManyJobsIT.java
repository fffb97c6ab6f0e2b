package io.quarry.local.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.CustomPayload;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.JobState;
import io.quarry.avro.Outcome;
import io.quarry.avro.Owner;
import io.quarry.avro.Source;
import io.quarry.avro.State;
import io.quarry.local.broker.LocalBroker;
import io.quarry.local.registry.RegistryServer;
import io.quarry.schemas.Topics;
import io.quarry.schemas.provision.ProvisionSettings;
import io.quarry.schemas.provision.TopicProvisioner;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An audit of many jobs in a heap that could not hold them: 40,000 in the build, as many as {@code -Daudit.jobs} says
 * otherwise, with {@code -Daudit.heap} MiB of heap.
 */
@Tag("long")
class ManyJobsIT {
    private static final int JOBS = Integer.getInteger("audit.jobs", 40_000);
    private static final int HEAP_MIB = Integer.getInteger("audit.heap", 40);
    private static final Topics TOPICS = Topics.withDefaultPrefix();

    @TempDir
    private Path directory;

    @Test
    void theHeapDoesNotGrowWithTheJobs() throws Exception {
        try (LocalBroker broker = LocalBroker.start(directory.resolve("kafka"), 0);
                RegistryServer registry =
                        RegistryServer.start(Map.of("bootstrap.servers", broker.bootstrapServers()), 0, 1)) {
            Map<String, String> connection = Map.of(
                    "bootstrap.servers",
                    broker.bootstrapServers(),
                    "schema.registry.url",
                    registry.url(),
                    "replication.factor",
                    "1",
                    "job.events.partitions",
                    "4");
            try (Admin admin = Admin.create(new HashMap<>(connection))) {
                TopicProvisioner provisioner = TopicProvisioner.of(admin, TOPICS, ProvisionSettings.of(connection));
                provisioner.provision();
                provisioner.provisionGroup(ProvisionSettings.of(connection).defaultGroup());
            }
            write(connection);

            Process audit = new ProcessBuilder(List.of(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx" + HEAP_MIB + "m",
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "-Djava.io.tmpdir=" + directory,
                            "-cp",
                            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                            AuditMain.class.getName(),
                            broker.bootstrapServers(),
                            registry.url(),
                            Files.createDirectory(directory.resolve("scratch")).toString(),
                            "64"))
                    .redirectErrorStream(true)
                    .start();
            audit.getOutputStream().close();
            String said = new String(audit.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

            assertThat(audit.waitFor()).as(said).isZero();
            assertThat(said).contains("AUDIT jobs=" + JOBS + " records=" + 5L * JOBS + " findings=0");
            said.lines().filter(line -> line.startsWith("AUDIT")).forEach(System.out::println);
        }
    }

    /** Of each job its record, its three events and its last row, claimed in order by one worker. */
    private static void write(Map<String, String> connection) {
        WireSerdes serdes = WireSerdes.of(connection);
        Map<String, Object> settings = new HashMap<>(Map.of(
                "bootstrap.servers",
                connection.getOrDefault("bootstrap.servers", ""),
                "linger.ms",
                "20",
                "batch.size",
                "262144"));
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < JOBS; i++) {
                String id = "job-" + i;
                Job job = Job.newBuilder()
                        .setId(id)
                        .setResourceGroup("default")
                        .setCustom(new CustomPayload("text/plain", ByteBuffer.wrap(new byte[] {'x'})))
                        .build();
                String jobs = TOPICS.jobs("default");
                Source source = new Source(jobs, (long) i);
                String claim = "claim-of-" + id;
                Instant now = Instant.now();
                send(producer, serdes, jobs, 0, id, job);
                int partition = i % 4;
                send(
                        producer,
                        serdes,
                        TOPICS.events(),
                        partition,
                        id,
                        event(JobEventType.SUBMITTED, id, now)
                                .setJob(job)
                                .setSource(source)
                                .build());
                send(
                        producer,
                        serdes,
                        TOPICS.events(),
                        partition,
                        id,
                        event(JobEventType.CLAIMED, id, now)
                                .setJob(job)
                                .setAttempt(1)
                                .setClaim(claim)
                                .setWorker("w")
                                .setSource(source)
                                .setDeliveries(1)
                                .build());
                send(
                        producer,
                        serdes,
                        TOPICS.events(),
                        partition,
                        id,
                        event(JobEventType.FINISHED, id, now)
                                .setAttempt(1)
                                .setClaim(claim)
                                .setWorker("w")
                                .setOutcome(Outcome.SUCCEEDED)
                                .build());
                send(producer, serdes, TOPICS.states(), partition, id, row(job, claim, now));
            }
        }
    }

    private static JobEvent.Builder event(JobEventType type, String id, Instant at) {
        return JobEvent.newBuilder().setType(type).setJobId(id).setAt(at);
    }

    private static JobState row(Job job, String claim, Instant at) {
        return JobState.newBuilder()
                .setJob(job)
                .setState(State.SUCCEEDED)
                .setAttempt(1)
                .setSubmittedAt(at)
                .setOwner(Owner.newBuilder()
                        .setClaim(claim)
                        .setAttempt(1)
                        .setWorker("w")
                        .setClaimedAt(at)
                        .build())
                .build();
    }

    @SuppressWarnings("unchecked")
    private static <T extends SpecificRecord> void send(
            KafkaProducer<byte[], byte[]> producer,
            WireSerdes serdes,
            String topic,
            int partition,
            String key,
            T value) {
        var unused = producer.send(new ProducerRecord<>(
                topic,
                partition,
                key.getBytes(StandardCharsets.UTF_8),
                serdes.serializer((Class<T>) value.getClass()).serialize(topic, value)));
    }
}
