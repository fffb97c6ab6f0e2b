package io.quarry.worker;

import static org.awaitility.Awaitility.await;

import io.quarry.avro.Command;
import io.quarry.avro.CommandType;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.schemas.Topics;
import io.quarry.schemas.provision.ProvisionSettings;
import io.quarry.schemas.provision.TopicProvisioner;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** A broker with the topics as they are in production, and a registry; jobs go in, events come out. */
final class TestCluster implements AutoCloseable {
    static final Duration SOON = Duration.ofSeconds(60);
    private static final int PARTITIONS = 2;

    final TestRegistry registry;
    final Topics topics = Topics.withDefaultPrefix();
    private final WireSerdes serdes;
    private final KafkaProducer<byte[], byte[]> producer;
    private TestBroker broker;

    private TestCluster(TestBroker broker, TestRegistry registry) {
        this.broker = broker;
        this.registry = registry;
        this.serdes = WireSerdes.of(Map.of("schema.registry.url", registry.url()));
        this.producer = new KafkaProducer<>(Map.of(
                "bootstrap.servers",
                broker.bootstrap(),
                "key.serializer",
                ByteArraySerializer.class,
                "value.serializer",
                ByteArraySerializer.class,
                "max.request.size",
                8 << 20));
    }

    static TestCluster start(Path directory, String... groups) throws Exception {
        TestCluster cluster = new TestCluster(TestBroker.start(directory), TestRegistry.start());
        try {
            cluster.provision(groups);
            return cluster;
        } catch (Exception e) {
            cluster.close();
            throw e;
        }
    }

    private void provision(String... groups) throws Exception {
        ProvisionSettings provision = ProvisionSettings.of(Map.of(
                "bootstrap.servers",
                bootstrap(),
                "schema.registry.url",
                registry.url(),
                "replication.factor",
                "1",
                "job.events.partitions",
                String.valueOf(PARTITIONS)));
        try (Admin admin = admin()) {
            TopicProvisioner provisioner = TopicProvisioner.of(admin, topics, provision);
            provisioner.provision();
            for (String group : groups) {
                provisioner.provisionGroup(io.quarry.avro.ResourceGroup.newBuilder(provision.defaultGroup())
                        .setName(group)
                        .build());
            }
        }
    }

    Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", broker.bootstrap()));
    }

    /** Settings of a worker of the group. */
    Map<String, String> worker(String name, String group, Path dir) {
        Map<String, String> settings = new HashMap<>();
        settings.put("bootstrap.servers", broker.bootstrap());
        settings.put("schema.registry.url", registry.url());
        settings.put("worker.name", name);
        settings.put("resource.group", group);
        settings.put("worker.memory.bytes", "536870912");
        settings.put("worker.cpu.millis", "1500");
        settings.put("worker.scratch.dir", dir.resolve("scratch").toString());
        settings.put("worker.datasets.dir", dir.resolve("datasets").toString());
        settings.put("worker.heartbeat.ms", "200");
        return settings;
    }

    String bootstrap() {
        return broker.bootstrap();
    }

    void stopBroker() {
        broker.close();
    }

    void restartBroker() {
        broker = broker.restart();
    }

    void submit(String group, Job job) {
        send(topics.jobs(group), job.getId(), bytes(topics.jobs(group), job));
    }

    /** As the lifecycle does when an attempt failed. */
    void retry(String group, Job job) {
        send(topics.retries(group), job.getId(), bytes(topics.retries(group), job));
    }

    byte[] bytes(String topic, Job job) {
        return serdes.serializer(Job.class).serialize(topic, job);
    }

    void command(CommandType type, @Nullable String claim, @Nullable String worker) {
        Command command = Command.newBuilder()
                .setType(type)
                .setClaim(claim)
                .setWorker(worker)
                .setAt(Instant.EPOCH)
                .build();
        send(topics.commands(), "k", serdes.serializer(Command.class).serialize(topics.commands(), command));
    }

    private void send(String topic, String key, byte[] value) {
        try {
            producer.send(new ProducerRecord<>(topic, key.getBytes(StandardCharsets.UTF_8), value))
                    .get();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** The first event of a type of a job, once there is one. */
    JobEvent await1(JobEventType type, String id) {
        return await().atMost(SOON)
                .until(
                        () -> events().stream()
                                .filter(event -> event.getJobId().equals(id) && event.getType() == type)
                                .toList(),
                        found -> !found.isEmpty())
                .get(0);
    }

    List<JobEvent> events() {
        List<JobEvent> events = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", broker.bootstrap()),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (int i = 0; i < PARTITIONS; i++) {
                partitions.add(new TopicPartition(topics.events(), i));
            }
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.getOrDefault(p, 0L))) {
                consumer.poll(Duration.ofMillis(100))
                        .forEach(record -> events.add(
                                serdes.deserializer(JobEvent.class).deserialize(record.topic(), record.value())));
            }
        }
        return events;
    }

    @Override
    public void close() {
        producer.close(Duration.ofSeconds(1));
        registry.close();
        broker.close();
    }
}
