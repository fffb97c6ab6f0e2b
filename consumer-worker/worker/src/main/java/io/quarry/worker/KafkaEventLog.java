package io.quarry.worker;

import io.quarry.avro.JobEvent;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.Serializer;

/** The topic job-events behind an idempotent producer: all events of one job go to one partition, in order. */
final class KafkaEventLog implements EventLog {
    private final Producer<byte[], byte[]> producer;
    private final Serializer<JobEvent> serializer;
    private final String topic;

    KafkaEventLog(Producer<byte[], byte[]> producer, Serializer<JobEvent> serializer, String topic) {
        this.producer = producer;
        this.serializer = serializer;
        this.topic = topic;
    }

    @Override
    public CompletableFuture<Void> append(JobEvent event) {
        CompletableFuture<Void> durable = new CompletableFuture<>();
        try {
            byte[] value;
            // The serializer is not said to be safe for several threads; heartbeats come from another one.
            synchronized (serializer) {
                value = serializer.serialize(topic, event);
            }
            byte[] key = event.getJobId().getBytes(StandardCharsets.UTF_8);
            Future<RecordMetadata> unused =
                    producer.send(new ProducerRecord<>(topic, key, value), (metadata, failure) -> {
                        if (failure == null) {
                            durable.complete(null);
                        } else {
                            durable.completeExceptionally(failure);
                        }
                    });
        } catch (RuntimeException e) {
            durable.completeExceptionally(e);
        }
        return durable;
    }

    @Override
    public void flush() {
        producer.flush();
    }
}
