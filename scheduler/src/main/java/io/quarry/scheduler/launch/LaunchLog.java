package io.quarry.scheduler.launch;

import io.quarry.avro.Cause;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the launcher says in job-events. What does not get through is logged, and found again by the next look. Any thread. */
final class LaunchLog implements Consumer<JobEvent>, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LaunchLog.class);

    private final Producer<byte[], byte[]> producer;
    private final Serializer<JobEvent> serializer;
    private final String topic;
    private final String writer;
    private final InstantSource clock;

    LaunchLog(
            Producer<byte[], byte[]> producer,
            Serializer<JobEvent> serializer,
            Topics topics,
            String writer,
            InstantSource clock) {
        this.producer = producer;
        this.serializer = serializer;
        this.topic = topics.events();
        this.writer = writer;
        this.clock = clock;
    }

    static LaunchLog open(
            Map<String, String> kafka, WireSerdes serdes, Topics topics, String writer, InstantSource clock) {
        Map<String, Object> config = new HashMap<>(kafka);
        config.put(ProducerConfig.CLIENT_ID_CONFIG, "quarry-launcher");
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        config.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 10_000);
        return new LaunchLog(
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer()),
                serdes.serializer(JobEvent.class),
                topics,
                writer,
                clock);
    }

    void launched(Launch.Key key) {
        accept(event(JobEventType.LAUNCHED, key).build());
    }

    void waits(Launch.Key key, String reason) {
        accept(event(JobEventType.WAITING, key).setReason(reason).build());
    }

    void failed(Launch.Key key, Cause cause) {
        accept(event(JobEventType.POD_FAILED, key).setCause(cause).build());
    }

    private JobEvent.Builder event(JobEventType type, Launch.Key key) {
        return JobEvent.newBuilder()
                .setType(type)
                .setJobId(key.jobId())
                .setAttempt(key.attempt())
                .setAt(clock.instant())
                .setWriter(writer);
    }

    @Override
    public void accept(JobEvent event) {
        try {
            byte[] value;
            synchronized (serializer) {
                value = serializer.serialize(topic, event);
            }
            byte[] key = event.getJobId().getBytes(StandardCharsets.UTF_8);
            var unused = producer.send(new ProducerRecord<>(topic, key, value), (metadata, failure) -> {
                if (failure != null) {
                    lost(event, failure);
                }
            });
        } catch (KafkaException e) {
            lost(event, e);
        }
    }

    private static void lost(JobEvent event, Exception why) {
        LOG.warn(
                "What became of a process could not be said, it is found again: event={} jobId={} attempt={} {}",
                event.getType(),
                event.getJobId(),
                event.getAttempt(),
                String.valueOf(why.getMessage()));
    }

    @Override
    public void close() {
        producer.close(Duration.ofSeconds(2));
    }
}
