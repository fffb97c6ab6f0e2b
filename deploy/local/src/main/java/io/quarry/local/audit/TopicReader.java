package io.quarry.local.audit;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads whole topics, committed records only, from their beginnings to the ends that they had when it began with each. Not
 * safe for use by several threads.
 */
final class TopicReader {
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Map<String, Object> settings = new HashMap<>();
    private long records;

    /** Takes a record. */
    @FunctionalInterface
    interface Sink {
        void take(ConsumerRecord<byte[], byte[]> record) throws SQLException;
    }

    TopicReader(Map<String, String> connection) {
        connection.forEach((name, value) -> {
            if (name.equals("bootstrap.servers")
                    || name.startsWith("security.")
                    || name.startsWith("sasl.")
                    || name.startsWith("ssl.")) {
                settings.put(name, value);
            }
        });
        settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 100);
        settings.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, 8 << 20);
        settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 2000);
    }

    /** One for each reading: what a consumer still asks about topics that it left is noise. */
    private KafkaConsumer<byte[], byte[]> consumer() {
        return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** All topics of the cluster. */
    Set<String> topics() {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            return new TreeSet<>(consumer.listTopics().keySet());
        }
    }

    /** Whether a topic still holds its first record, so that what is missing in it was never there. */
    boolean whole(Collection<String> topics) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            return consumer.beginningOffsets(partitions(consumer, topics)).values().stream()
                    .allMatch(first -> first == 0);
        }
    }

    /** The leader epoch of each of some topics of one partition, as far as a leader answers. */
    Map<String, Integer> leaderEpochs(Collection<String> topics) {
        Map<String, Integer> epochs = new HashMap<>();
        try (Admin admin = Admin.create(admin())) {
            for (String topic : topics) {
                TopicPartition partition = new TopicPartition(topic, 0);
                admin.listOffsets(Map.of(partition, OffsetSpec.latest()))
                        .partitionResult(partition)
                        .get()
                        .leaderEpoch()
                        .ifPresent(epoch -> epochs.put(topic, epoch));
            }
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException known ? known : new KafkaException(e.getCause());
        }
        return epochs;
    }

    /** The broker of each partition that one broker alone holds, and leads whenever it is up. */
    Map<TopicPartition, Integer> soleBrokers(Collection<String> topics) {
        Map<TopicPartition, Integer> brokers = new HashMap<>();
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            for (String topic : topics) {
                for (PartitionInfo partition : consumer.partitionsFor(topic)) {
                    if (partition.replicas().length == 1) {
                        brokers.put(new TopicPartition(topic, partition.partition()), partition.replicas()[0].id());
                    }
                }
            }
        }
        return brokers;
    }

    private Map<String, Object> admin() {
        Map<String, Object> admin = new HashMap<>(settings);
        admin.keySet().retainAll(AdminClientConfig.configNames());
        return admin;
    }

    /** Hands over all records of some topics, in order within each partition. */
    void read(Collection<String> topics, Sink sink) throws SQLException {
        if (!topics.isEmpty()) {
            try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
                read(consumer, partitions(consumer, topics), sink);
            }
        }
    }

    private void read(KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions, Sink sink)
            throws SQLException {
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        long last = System.nanoTime();
        long before = -1;
        while (true) {
            long position = 0;
            boolean done = true;
            for (TopicPartition partition : partitions) {
                long at = consumer.position(partition);
                position += at;
                done &= at >= ends.getOrDefault(partition, 0L);
            }
            if (done) {
                return;
            }
            if (position != before) {
                before = position;
                last = System.nanoTime();
            } else if (System.nanoTime() - last > PATIENCE.toNanos()) {
                throw new TimeoutException(
                        "nothing more comes of " + partitions + " for " + PATIENCE.toSeconds() + " s");
            }
            ConsumerRecords<byte[], byte[]> polled = consumer.poll(POLL);
            for (ConsumerRecord<byte[], byte[]> record : polled) {
                if (record.offset() < ends.getOrDefault(new TopicPartition(record.topic(), record.partition()), 0L)) {
                    records++;
                    sink.take(record);
                }
            }
        }
    }

    long records() {
        return records;
    }

    private static List<TopicPartition> partitions(KafkaConsumer<?, ?> consumer, Collection<String> topics) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (String topic : topics) {
            for (PartitionInfo partition : consumer.partitionsFor(topic)) {
                partitions.add(new TopicPartition(topic, partition.partition()));
            }
        }
        return partitions;
    }
}
