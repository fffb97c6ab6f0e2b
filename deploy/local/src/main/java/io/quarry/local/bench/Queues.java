package io.quarry.local.bench;

import io.quarry.avro.CustomPayload;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.ResourceGroup;
import io.quarry.schemas.Topics;
import io.quarry.schemas.provision.ProvisionSettings;
import io.quarry.schemas.provision.TopicProvisioner;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serializer;

/**
 * The queues of several groups, each kept at its length: for every job that is claimed one is appended. A job that somebody
 * is going to take is a batch of its own, as separate submitters would write it; the others, which only have to lie there,
 * are written many at a time. Used by one thread.
 */
final class Queues implements AutoCloseable {
    private static final int TELL_EVERY = 2_000;
    private static final Duration LOOK = Duration.ofMillis(100);

    private final Topics topics;
    private final KafkaProducer<byte[], byte[]> single;
    private final KafkaProducer<byte[], byte[]> bulk;
    private final KafkaConsumer<byte[], byte[]> claims;
    private final Serializer<Job> serializer;
    private final Deserializer<JobEvent> events;
    private final Map<String, Long> claimed = new HashMap<>();

    /** Makes the topics of all groups; their queues are empty. */
    Queues(Map<String, String> settings, Topics topics, Collection<String> groups) {
        this.topics = topics;
        WireSerdes serdes = WireSerdes.of(settings);
        this.serializer = serdes.serializer(Job.class);
        this.events = serdes.deserializer(JobEvent.class);
        String broker = settings.getOrDefault("bootstrap.servers", "");
        provision(settings, groups);
        Map<String, Object> producer = new HashMap<>(Map.of(
                "bootstrap.servers",
                broker,
                "key.serializer",
                ByteArraySerializer.class,
                "value.serializer",
                ByteArraySerializer.class,
                "acks",
                "all"));
        producer.put("linger.ms", 20);
        producer.put("batch.size", 128 << 10);
        this.bulk = new KafkaProducer<>(producer);
        producer.put("linger.ms", 0);
        producer.put("batch.size", 0);
        this.single = new KafkaProducer<>(producer);
        // Some twenty jobs a fetch: to look after each of them would cost more than what is measured.
        this.claims = LogEnd.consumer(
                settings, Map.of("max.poll.records", 100_000, "fetch.min.bytes", 16 << 10, "fetch.max.wait.ms", (int)
                        LOOK.toMillis()));
        LogEnd.seek(claims, List.of(topics.events()));
    }

    private void provision(Map<String, String> settings, Collection<String> groups) {
        ProvisionSettings provision = ProvisionSettings.of(settings);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", settings.getOrDefault("bootstrap.servers", "")))) {
            TopicProvisioner provisioner = TopicProvisioner.of(admin, topics, provision);
            provisioner.provision();
            for (String group : groups) {
                provisioner.provisionGroup(ResourceGroup.newBuilder(provision.defaultGroup())
                        .setName(group)
                        .build());
            }
        }
    }

    /**
     * Fills a group's queue.
     *
     * @param taken how many of the first ones are going to be taken
     */
    void fill(String group, int jobs, int taken, News news) {
        for (int i = 0; i < jobs; i++) {
            append(i < taken ? single : bulk, group);
            if (i % TELL_EVERY == 0) {
                news.share("filling a queue of " + jobs, (double) i / jobs);
            }
            if (i == taken) {
                single.flush();
            }
        }
        single.flush();
        bulk.flush();
    }

    private void append(KafkaProducer<byte[], byte[]> producer, String group) {
        String id = UUID.randomUUID().toString();
        String topic = topics.jobs(group);
        Job job = Job.newBuilder()
                .setId(id)
                .setResourceGroup(group)
                .setKind(HeldHandler.KIND)
                .setCustom(
                        new CustomPayload("application/json", ByteBuffer.wrap("{}".getBytes(StandardCharsets.UTF_8))))
                .setSubmitter("bench")
                .build();
        Future<RecordMetadata> unused = producer.send(
                new ProducerRecord<>(topic, id.getBytes(StandardCharsets.UTF_8), serializer.serialize(topic, job)));
    }

    /** Looks what was claimed, for a moment, and appends as many. */
    void keepUp() {
        for (ConsumerRecord<byte[], byte[]> record : claims.poll(LOOK)) {
            JobEvent event = record.value() == null ? null : events.deserialize(record.topic(), record.value());
            if (event != null && event.getType() == JobEventType.CLAIMED && event.getJob() != null) {
                String group = event.getJob().getResourceGroup();
                claimed.merge(group, 1L, Long::sum);
                append(single, group);
            }
        }
    }

    /** Jobs of a group that were claimed, as far as was looked. */
    long claimed(String group) {
        return claimed.getOrDefault(group, 0L);
    }

    @Override
    public void close() {
        claims.close();
        single.close(Duration.ofSeconds(5));
        bulk.close(Duration.ofSeconds(5));
    }
}
