package io.quarry.local.bench;

import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.WireSerdes;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Runs the raw loop as a process like a worker's: {@code RawMain <settings.properties>}, until standard input ends. */
public final class RawMain {
    private RawMain() {}

    public static void main(String[] arguments) throws IOException, InterruptedException, ExecutionException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(Path.of(arguments[0]), StandardCharsets.UTF_8)) {
            properties.load(reader);
        }
        Map<String, String> settings = new HashMap<>();
        properties.stringPropertyNames().forEach(name -> settings.put(name, properties.getProperty(name)));
        String name = properties.getProperty("worker.name");
        String group = properties.getProperty("resource.group");
        Topics topics = new Topics(properties.getProperty("topic.prefix"));
        RawEvents events = new RawEvents(WireSerdes.of(settings), topics, group, name);

        AtomicBoolean ended = new AtomicBoolean();
        Thread watching = new Thread(() -> awaitEndOfInput(ended), "raw-parent");
        watching.setDaemon(true);
        watching.start();
        String broker = properties.getProperty("bootstrap.servers");
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(producer(broker, name));
                KafkaShareConsumer<byte[], byte[]> consumer =
                        new KafkaShareConsumer<>(consumer(broker, name, topics.shareGroup(group)))) {
            consumer.subscribe(List.of(topics.jobs(group)));
            RawLoop loop = new RawLoop(consumer, producer, events, topics.events(), InstantSource.system());
            loop.runOnce();
            System.out.println("quarry-raw READY " + name);
            while (!ended.get()) {
                loop.runOnce();
            }
        }
    }

    private static void awaitEndOfInput(AtomicBoolean ended) {
        try {
            long unused = System.in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            // A broken pipe is an end as well.
        }
        ended.set(true);
    }

    /** As a worker's: one record at a time, acknowledged by hand, and a fetch that does not walk through the backlog. */
    private static Map<String, Object> consumer(String broker, String name, String group) {
        return Map.of(
                "bootstrap.servers",
                broker,
                "client.id",
                name + "-share",
                "group.id",
                group,
                "key.deserializer",
                ByteArrayDeserializer.class,
                "value.deserializer",
                ByteArrayDeserializer.class,
                "max.poll.records",
                1,
                "share.acquire.mode",
                "record_limit",
                "share.acknowledgement.mode",
                "explicit",
                "fetch.max.bytes",
                1024);
    }

    private static Map<String, Object> producer(String broker, String name) {
        return Map.of(
                "bootstrap.servers",
                broker,
                "client.id",
                name + "-events",
                "key.serializer",
                ByteArraySerializer.class,
                "value.serializer",
                ByteArraySerializer.class,
                "acks",
                "all",
                "enable.idempotence",
                true,
                "linger.ms",
                5);
    }
}
