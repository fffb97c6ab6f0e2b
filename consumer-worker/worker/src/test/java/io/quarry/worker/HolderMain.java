package io.quarry.worker;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Takes one record of a queue as a worker does, says so, and goes no further: what is left of a worker before its claim. */
final class HolderMain {
    private HolderMain() {}

    public static void main(String[] args) {
        try (KafkaShareConsumer<byte[], byte[]> consumer = new KafkaShareConsumer<>(
                Map.of(
                        "bootstrap.servers", args[0],
                        "group.id", args[1],
                        "share.acknowledgement.mode", "explicit",
                        "share.acquire.mode", "record_limit",
                        "max.poll.records", "1"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            consumer.subscribe(List.of(args[2]));
            ConsumerRecords<byte[], byte[]> taken;
            do {
                taken = consumer.poll(Duration.ofSeconds(1));
            } while (taken.isEmpty());
            System.out.println("HOLDS " + taken.iterator().next().offset());
            while (System.in.read() >= 0) {
                // Until it is killed.
            }
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
