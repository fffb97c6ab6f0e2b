package io.quarry.scheduler.pool;

import io.quarry.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the rows of workers that were killed from the topic workers: a worker repeats its row, and one that has not done so for
 * three times its interval has none any more. Every scheduler does it; twice is as good as once, and a worker that was cut off has
 * its row again as soon as it is heard of. Decides nothing about jobs: those have leases of their own.
 */
public final class Attendance implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Attendance.class);
    private static final Duration POLL = Duration.ofSeconds(1);

    /** Three rounds of what workers repeat. */
    private static final Duration SILENCE = Duration.ofSeconds(60);

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final KafkaProducer<byte[], byte[]> producer;
    private final String topic;
    private final RollCall call = new RollCall(SILENCE);
    private final Thread thread;
    private volatile boolean closed;

    private Attendance(Topics topics, Map<String, String> kafka) {
        this.topic = topics.workers();
        Map<String, Object> reading = new HashMap<>(kafka);
        reading.put("enable.auto.commit", false);
        reading.put("allow.auto.create.topics", false);
        reading.put("auto.offset.reset", "earliest");
        this.consumer = new KafkaConsumer<>(reading, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        Map<String, Object> writing = new HashMap<>(kafka);
        writing.put("acks", "all");
        this.producer = new KafkaProducer<>(writing, new ByteArraySerializer(), new ByteArraySerializer());
        this.thread = new Thread(this::run, "quarry-attendance");
        this.thread.setDaemon(true);
    }

    /** Starts the thread and returns at once. */
    public static Attendance start(Topics topics, Map<String, String> kafka) {
        Attendance attendance = new Attendance(topics, kafka);
        attendance.thread.start();
        return attendance;
    }

    private void run() {
        TopicPartition partition = new TopicPartition(topic, 0);
        consumer.assign(List.of(partition));
        consumer.seekToBeginning(List.of(partition));
        while (!closed) {
            try {
                consumer.poll(POLL).forEach(this::take);
                call.silent(System.nanoTime()).forEach(this::remove);
            } catch (WakeupException | InterruptException e) {
                return;
            } catch (KafkaException e) {
                LOG.warn("Cannot read what workers say, tries again: {}", e.toString());
            }
        }
    }

    private void take(ConsumerRecord<byte[], byte[]> row) {
        if (row.key() == null) {
            return;
        }
        String worker = new String(row.key(), StandardCharsets.UTF_8);
        if (row.value() == null) {
            call.left(worker);
        } else {
            call.said(worker, System.nanoTime());
        }
    }

    private void remove(String worker) {
        LOG.info("A worker is silent and its row goes worker={} seconds={}", worker, SILENCE.toSeconds());
        Object unused = producer.send(
                new ProducerRecord<>(topic, 0, worker.getBytes(StandardCharsets.UTF_8), null), (sent, failure) -> {
                    if (failure != null) {
                        LOG.warn("The row of a worker stays worker={}: {}", worker, failure.toString());
                    }
                });
    }

    @Override
    public void close() {
        closed = true;
        consumer.wakeup();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(5));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        consumer.close();
        producer.close(Duration.ofSeconds(1));
    }
}
