package io.quarry.local.bench;

import io.quarry.avro.CustomPayload;
import io.quarry.avro.Job;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serializer;

/**
 * Submits no-op jobs. A whole backlog is appended in one open transaction, which the share groups do not see, so that its
 * commit is the starting gun; each record is a batch of its own, as separate submitters would write it.
 */
final class Feed implements AutoCloseable {
    private final KafkaProducer<byte[], byte[]> backlog;
    private final KafkaProducer<byte[], byte[]> single;
    private final Serializer<Job> serializer;
    private final Topics topics;

    Feed(Map<String, String> settings, Topics topics) {
        this.topics = topics;
        this.serializer = WireSerdes.of(settings).serializer(Job.class);
        Map<String, Object> common = new HashMap<>();
        common.put("bootstrap.servers", settings.getOrDefault("bootstrap.servers", ""));
        common.put("key.serializer", ByteArraySerializer.class);
        common.put("value.serializer", ByteArraySerializer.class);
        common.put("acks", "all");
        common.put("linger.ms", 0);
        this.single = new KafkaProducer<>(common);
        common.put("batch.size", 0);
        common.put("transactional.id", topics.prefix() + "bench");
        this.backlog = new KafkaProducer<>(common);
        this.backlog.initTransactions();
    }

    /** A job that nothing is done for. */
    static Job job(String id, String group) {
        return Job.newBuilder()
                .setId(id)
                .setResourceGroup(group)
                .setKind(NoOpHandler.KIND)
                .setCustom(
                        new CustomPayload("application/json", ByteBuffer.wrap("{}".getBytes(StandardCharsets.UTF_8))))
                .setSubmitter("bench")
                .build();
    }

    /** Appends jobs that nobody sees before {@link #release()}; returns their ids. */
    Set<String> prepare(Side side, int jobs) {
        backlog.beginTransaction();
        Set<String> ids = new HashSet<>();
        for (int i = 0; i < jobs; i++) {
            String id = UUID.randomUUID().toString();
            ids.add(id);
            Future<RecordMetadata> unused = backlog.send(record(side, id));
        }
        backlog.flush();
        return ids;
    }

    /** Lets the workers see what was prepared; returns the clock's reading just before. */
    long release() {
        long before = System.nanoTime();
        backlog.commitTransaction();
        return before;
    }

    /** Submits one job; returns the clock's reading just before. */
    long submit(Side side, String id) {
        ProducerRecord<byte[], byte[]> record = record(side, id);
        long before = System.nanoTime();
        Future<RecordMetadata> unused = single.send(record);
        return before;
    }

    private ProducerRecord<byte[], byte[]> record(Side side, String id) {
        String topic = topics.jobs(side.group());
        return new ProducerRecord<>(
                topic, id.getBytes(StandardCharsets.UTF_8), serializer.serialize(topic, job(id, side.group())));
    }

    @Override
    public void close() {
        single.close();
        backlog.close();
    }
}
