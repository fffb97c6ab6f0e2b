package io.quarry.local.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.quarry.avro.CustomPayload;
import io.quarry.avro.Job;
import io.quarry.local.broker.BrokerMain;
import io.quarry.local.broker.LocalBroker;
import io.quarry.local.registry.RegistryServer;
import io.quarry.scheduler.SchedulerProcess;
import io.quarry.scheduler.streams.StreamsApp;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.WireSerdes;
import java.io.BufferedReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Disks of broker and scheduler that are full, and have room again. Each is a file system of its own in memory. */
@Tag("long")
class FullDiskIT {
    private static final Duration SOON = Duration.ofSeconds(90);

    @TempDir
    private Path directory;

    @Test
    void aSchedulerWhoseStatesDiskIsFullGoesOnOnceThereIsSpace() throws Exception {
        Topics topics = Topics.withDefaultPrefix();
        try (SmallDisk disk = disk("state", 64);
                LocalBroker broker = LocalBroker.start(directory.resolve("kafka"), 0);
                RegistryServer registry =
                        RegistryServer.start(Map.of("bootstrap.servers", broker.bootstrapServers()), 0, 1)) {
            Map<String, String> settings = Map.of(
                    "bootstrap.servers", broker.bootstrapServers(),
                    "schema.registry.url", registry.url(),
                    "replication.factor", "1",
                    "job.events.partitions", "1",
                    "scheduler.state.dir", disk.directory().toString());
            ListAppender<ILoggingEvent> log = new ListAppender<>();
            log.start();
            Logger said = (Logger) LoggerFactory.getLogger(StreamsApp.class);
            said.addAppender(log);
            try (SchedulerProcess scheduler = SchedulerProcess.start(settings)) {
                scheduler.awaitReady(SOON);
                disk.fill();

                // Several times the buffer of a store: it has to write to its disk.
                Set<String> ids = submit(settings, topics, 40);

                await().atMost(SOON)
                        .until(() -> List.copyOf(log.list).stream()
                                .anyMatch(event ->
                                        event.getMessage().startsWith("The disk under scheduler.state.dir is full")));
                assertThat(scheduler.ended()).isNotDone();
                disk.empty();
                assertThat(rows(broker.bootstrapServers(), topics.states(), ids))
                        .isEqualTo(ids);
                assertThat(scheduler.ended()).isNotDone();
            } finally {
                said.detachAppender(log);
            }
        }
    }

    private static Set<String> submit(Map<String, String> settings, Topics topics, int jobs) throws Exception {
        Set<String> ids = new TreeSet<>();
        try (KafkaProducer<byte[], byte[]> producer =
                producer(settings.getOrDefault("bootstrap.servers", ""), Duration.ofSeconds(60))) {
            String queue = topics.jobs("default");
            for (int i = 0; i < jobs; i++) {
                String id = "job-" + i;
                ids.add(id);
                Job job = Job.newBuilder()
                        .setId(id)
                        .setKind("nothing")
                        .setCustom(new CustomPayload("text/plain", ByteBuffer.wrap(new byte[500_000])))
                        .build();
                producer.send(new ProducerRecord<>(
                                queue,
                                id.getBytes(StandardCharsets.UTF_8),
                                WireSerdes.of(settings).serializer(Job.class).serialize(queue, job)))
                        .get();
            }
        }
        return ids;
    }

    /** Keys of a topic, read until all of these have come. */
    private static Set<String> rows(String broker, String topic, Set<String> wanted) {
        Set<String> found = new TreeSet<>();
        Map<String, Object> settings =
                Map.of("bootstrap.servers", broker, "isolation.level", "read_committed", "fetch.max.bytes", 8 << 20);
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (PartitionInfo partition : consumer.partitionsFor(topic)) {
                partitions.add(new TopicPartition(topic, partition.partition()));
            }
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            long end = System.nanoTime() + SOON.toNanos();
            while (!found.containsAll(wanted) && System.nanoTime() < end) {
                consumer.poll(Duration.ofMillis(200)).forEach(row -> found.add(row.key()));
            }
        }
        return found;
    }

    @Test
    void aBrokerWhoseDiskIsFullStopsAndHasEverythingAgainOnceThereIsSpace() throws Exception {
        try (SmallDisk disk = disk("log", 96)) {
            Set<String> acknowledged = new TreeSet<>();
            Process first = start(disk);
            try {
                String address = address(first);
                try (Admin admin = Admin.create(Map.of("bootstrap.servers", address))) {
                    admin.createTopics(List.of(new NewTopic("jobs", 1, (short) 1)))
                            .all()
                            .get(30, TimeUnit.SECONDS);
                }
                try (KafkaProducer<byte[], byte[]> producer = producer(address, Duration.ofSeconds(60))) {
                    append(producer, 0, 20, acknowledged);
                }
                try (KafkaProducer<byte[], byte[]> producer = producer(address, Duration.ofSeconds(5))) {
                    disk.fill();
                    append(producer, 20, 60, acknowledged);
                }
                assertThat(acknowledged).hasSizeBetween(20, 59);
                assertThat(first.waitFor(60, TimeUnit.SECONDS)).isTrue();
            } finally {
                first.destroyForcibly().waitFor();
            }
            disk.empty();
            Process second = start(disk);
            try {
                String address = address(second);
                assertThat(rows(address, "jobs", acknowledged)).containsAll(acknowledged);
                try (KafkaProducer<byte[], byte[]> producer = producer(address, Duration.ofSeconds(30))) {
                    Set<String> after = new TreeSet<>();
                    append(producer, 100, 101, after);
                    assertThat(after).hasSize(1);
                }
            } finally {
                second.destroyForcibly().waitFor();
            }
        }
    }

    private Process start(SmallDisk disk) throws Exception {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        BrokerMain.class.getName(),
                        disk.directory().resolve("kafka").toString(),
                        "0")
                .redirectError(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("broker.log").toFile()))
                .start();
    }

    private static String address(Process broker) throws Exception {
        // Not closed: what the broker says later is nobody's, and must not stop it.
        BufferedReader said = broker.inputReader();
        for (String line = said.readLine(); line != null; line = said.readLine()) {
            int at = line.indexOf(" READY ");
            if (at >= 0) {
                return line.substring(at + " READY ".length()).strip();
            }
        }
        throw new AssertionError("the broker did not come up");
    }

    /** Appends until one is refused. */
    private static void append(KafkaProducer<byte[], byte[]> producer, int from, int to, Set<String> acknowledged)
            throws InterruptedException {
        for (int i = from; i < to; i++) {
            String id = "job-" + i;
            try {
                var unused = producer.send(
                                new ProducerRecord<>("jobs", id.getBytes(StandardCharsets.UTF_8), new byte[500_000]))
                        .get();
                acknowledged.add(id);
            } catch (ExecutionException e) {
                return;
            }
        }
    }

    private static KafkaProducer<byte[], byte[]> producer(String broker, Duration longest) {
        Map<String, Object> settings = new HashMap<>();
        settings.put("bootstrap.servers", broker);
        settings.put("acks", "all");
        settings.put("max.request.size", 8 << 20);
        settings.put("request.timeout.ms", (int) longest.toMillis() / 2);
        settings.put("delivery.timeout.ms", (int) longest.toMillis());
        settings.put("max.block.ms", (int) longest.toMillis());
        return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private SmallDisk disk(String name, long mib) throws Exception {
        Optional<SmallDisk> disk = SmallDisk.mount(directory.resolve(name), mib);
        Assumptions.assumeTrue(disk.isPresent(), "this user may not mount a file system in memory");
        return disk.orElseThrow();
    }
}
