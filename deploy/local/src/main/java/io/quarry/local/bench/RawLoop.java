package io.quarry.local.bench;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ShareConsumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/**
 * The fastest loop over a share consumer that keeps a worker's promise: the claim is durable before the record is accepted,
 * the acceptance travels with the next poll, and the end of a job, which nobody waits for, with the next claim. It runs no
 * handler, hears no command, sends no heartbeat and checks nothing.
 */
final class RawLoop {
    private static final Duration POLL = Duration.ofMillis(250);

    private final ShareConsumer<byte[], byte[]> consumer;
    private final Producer<byte[], byte[]> producer;
    private final RawEvents events;
    private final String eventsTopic;
    private final InstantSource clock;

    RawLoop(
            ShareConsumer<byte[], byte[]> consumer,
            Producer<byte[], byte[]> producer,
            RawEvents events,
            String eventsTopic,
            InstantSource clock) {
        this.consumer = consumer;
        this.producer = producer;
        this.events = events;
        this.eventsTopic = eventsTopic;
        this.clock = clock;
    }

    /** One poll and the job that it brought, if any. */
    void runOnce() throws InterruptedException, ExecutionException {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
            String jobId = new String(record.key(), StandardCharsets.UTF_8);
            String claim = UUID.randomUUID().toString();
            long now = clock.millis();
            Future<RecordMetadata> claimed = producer.send(new ProducerRecord<>(
                    eventsTopic, record.key(), events.claimed(jobId, record.value(), claim, now, record.offset())));
            // A pure handler runs while its claim is on its way: this is where it would.
            long started = System.nanoTime();
            producer.flush();
            RecordMetadata unused = claimed.get();
            consumer.acknowledge(record, AcknowledgeType.ACCEPT);
            Future<RecordMetadata> unusedEnd = producer.send(
                    new ProducerRecord<>(eventsTopic, record.key(), events.finished(jobId, claim, now, started)));
        }
    }
}
