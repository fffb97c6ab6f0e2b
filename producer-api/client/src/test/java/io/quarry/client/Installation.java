package io.quarry.client;

import static org.awaitility.Awaitility.await;

import io.quarry.avro.DeadJob;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobState;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.State;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.test.KafkaClusterTestKit;
import org.apache.kafka.common.test.TestKitNodes;
import org.jspecify.annotations.Nullable;

/**
 * A real broker and a tiny registry in this JVM, with the topics and the default group of a fresh installation. There is no
 * scheduler: tests write the rows that it would write.
 */
public final class Installation implements AutoCloseable {
    static final int PARTITIONS = 3;
    static final Resources WORKER = new Resources(2000L, 4L << 30, 20L << 30);

    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    private final KafkaClusterTestKit cluster;
    private final TinyRegistry registry;
    private final Topics topics = Topics.withDefaultPrefix();
    private final WireSerdes serdes;
    private final KafkaProducer<byte[], byte[]> producer;

    private Installation(KafkaClusterTestKit cluster, TinyRegistry registry) {
        this.cluster = cluster;
        this.registry = registry;
        this.serdes = WireSerdes.of(settings());
        this.producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", cluster.bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    public static Installation start() throws Exception {
        TestKitNodes nodes = new TestKitNodes.Builder()
                .setCombined(true)
                .setNumBrokerNodes(1)
                .setNumControllerNodes(1)
                .build();
        KafkaClusterTestKit cluster = new KafkaClusterTestKit.Builder(nodes)
                .setConfigProp("transaction.state.log.replication.factor", "1")
                .setConfigProp("transaction.state.log.min.isr", "1")
                .setConfigProp("transaction.state.log.num.partitions", "1")
                .setConfigProp("auto.create.topics.enable", "false")
                .build();
        cluster.format();
        cluster.startup();
        cluster.waitForReadyBrokers();
        Installation installation = new Installation(cluster, TinyRegistry.start());
        installation.provision();
        return installation;
    }

    private void provision() throws Exception {
        try (Admin admin = cluster.admin()) {
            Map<String, String> compacted = Map.of("cleanup.policy", "compact");
            Map<String, String> large = Map.of("max.message.bytes", "4194304");
            admin.createTopics(List.of(
                            new NewTopic(topics.jobs("default"), 1, (short) 1).configs(large),
                            new NewTopic(topics.oversize(), 1, (short) 1),
                            new NewTopic(topics.dead(), 1, (short) 1),
                            new NewTopic(topics.invalid(), 1, (short) 1),
                            new NewTopic(topics.groups(), 1, (short) 1).configs(compacted),
                            new NewTopic(topics.events(), PARTITIONS, (short) 1),
                            new NewTopic(topics.states(), PARTITIONS, (short) 1).configs(compacted)))
                    .all()
                    .get();
        }
        group(ResourceGroup.newBuilder().setName("default").setWorker(WORKER).build());
    }

    /** What a client connects with. */
    public Map<String, Object> settings() {
        Map<String, Object> settings = new HashMap<>();
        settings.put("bootstrap.servers", cluster.bootstrapServers());
        settings.put("schema.registry.url", registry.url());
        // A busy machine that runs the tests is no broker that is away.
        settings.put("submit.timeout.ms", "30000");
        return settings;
    }

    Topics topics() {
        return topics;
    }

    void group(ResourceGroup group) {
        write(
                topics.groups(),
                group.getName(),
                serdes.serializer(ResourceGroup.class).serialize(topics.groups(), group));
    }

    /** Makes a group of the default's size with an empty queue. */
    String queue(String group) throws Exception {
        try (Admin admin = cluster.admin()) {
            admin.createTopics(List.of(new NewTopic(topics.jobs(group), 1, (short) 1)))
                    .all()
                    .get();
            // A broker knows it a little later than its controller.
            await().ignoreExceptions()
                    .until(() -> !admin.describeTopics(List.of(topics.jobs(group)))
                            .allTopicNames()
                            .get()
                            .isEmpty());
        }
        group(ResourceGroup.newBuilder().setName(group).setWorker(WORKER).build());
        return topics.jobs(group);
    }

    /** Writes a job as a producer of any kind would. */
    void job(String topic, Job job) {
        write(topic, job.getId(), serdes.serializer(Job.class).serialize(topic, job));
    }

    /** The jobs of a topic, in its order; what is no job is left out. */
    List<Job> jobs(String topic) {
        return records(topic).stream()
                .filter(record -> record.value() != null && record.value()[0] == 0)
                .map(record -> serdes.deserializer(Job.class).deserialize(topic, record.value()))
                .toList();
    }

    /** Writes what the lifecycle says of a job that failed. */
    void dead(DeadJob dead) {
        write(
                topics.dead(),
                dead.getJob().getId(),
                serdes.serializer(DeadJob.class).serialize(topics.dead(), dead));
    }

    /** Writes what intake does with a record that is no job. */
    void invalid(String key, byte[] value, Map<String, String> headers) {
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(topics.invalid(), key.getBytes(StandardCharsets.UTF_8), value);
        headers.forEach((name, text) -> record.headers().add(name, text.getBytes(StandardCharsets.UTF_8)));
        send(record);
    }

    /** Writes a job's row as the lifecycle would. */
    public void row(Job job, State state) {
        row(JobState.newBuilder()
                .setJob(job)
                .setState(state)
                .setSubmittedAt(NOON)
                .build());
    }

    /** Writes a job's row as the lifecycle would. */
    public void row(JobState row) {
        write(
                topics.states(),
                row.getJob().getId(),
                serdes.serializer(JobState.class).serialize(topics.states(), row));
    }

    byte[] stateBytes(Job job, State state) {
        return serdes.serializer(JobState.class)
                .serialize(
                        topics.states(),
                        JobState.newBuilder()
                                .setJob(job)
                                .setState(state)
                                .setSubmittedAt(NOON)
                                .build());
    }

    void write(String topic, String key, byte @Nullable [] value) {
        send(new ProducerRecord<>(topic, key.getBytes(StandardCharsets.UTF_8), value));
    }

    private void send(ProducerRecord<byte[], byte[]> record) {
        try {
            producer.send(record).get();
        } catch (Exception e) {
            throw new IllegalStateException("cannot write to " + record.topic(), e);
        }
    }

    /** Every record of a topic up to now. */
    List<ConsumerRecord<byte[], byte[]>> records(String topic) {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", cluster.bootstrapServers(), "auto.offset.reset", "earliest"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(topic, info.partition()))
                    .toList();
            consumer.assign(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (!ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue())) {
                consumer.poll(Duration.ofMillis(100)).forEach(records::add);
            }
        }
        return records;
    }

    /** The job whose record is the last one with a key. */
    Job submitted(String topic, String id) {
        return last(topic, id, Job.class);
    }

    /** Waits for the first job of the default group. */
    public Job nextJob() {
        String topic = topics.jobs("default");
        List<ConsumerRecord<byte[], byte[]>> found =
                await().atMost(Duration.ofSeconds(30)).until(() -> records(topic), records -> !records.isEmpty());
        return serdes.deserializer(Job.class).deserialize(topic, found.get(0).value());
    }

    JobEvent event(String id) {
        return last(topics.events(), id, JobEvent.class);
    }

    private <T extends SpecificRecord> T last(String topic, String id, Class<T> type) {
        List<ConsumerRecord<byte[], byte[]>> found = records(topic).stream()
                .filter(record -> new String(record.key(), StandardCharsets.UTF_8).equals(id))
                .toList();
        return serdes.deserializer(type)
                .deserialize(topic, found.get(found.size() - 1).value());
    }

    long count(String topic, String id) {
        return records(topic).stream()
                .filter(record -> new String(record.key(), StandardCharsets.UTF_8).equals(id))
                .count();
    }

    @Override
    public void close() {
        producer.close();
        registry.close();
        try {
            cluster.close();
        } catch (Exception e) {
            throw new IllegalStateException("the broker did not stop", e);
        }
    }
}
