package io.quarry.local.cli;

import io.quarry.avro.JobState;
import io.quarry.schemas.States;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Reads what the lifecycle says about jobs from its compacted topic. Not safe for use by several threads. */
final class JobRows implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration ANSWER = Duration.ofSeconds(2);

    private final Connection connection;
    private final KafkaConsumer<String, JobState> consumer;
    private final Clock clock;
    private final List<TopicPartition> partitions;

    private JobRows(
            Connection connection,
            KafkaConsumer<String, JobState> consumer,
            Clock clock,
            List<TopicPartition> partitions) {
        this.connection = connection;
        this.consumer = consumer;
        this.clock = clock;
        this.partitions = partitions;
    }

    /**
     * Opens the topic.
     *
     * @param reach how long each question to the broker may take; what takes longer ends in a TimeoutException
     */
    static JobRows open(Connection connection, Clock clock, Duration reach) {
        KafkaConsumer<String, JobState> consumer = new KafkaConsumer<>(
                connection.reading(reach),
                new StringDeserializer(),
                WireSerdes.of(connection.settings()).serde(JobState.class).deserializer());
        String topic = connection.topics().states();
        try {
            List<TopicPartition> partitions = new ArrayList<>();
            for (PartitionInfo partition : consumer.partitionsFor(topic, reach)) {
                partitions.add(new TopicPartition(topic, partition.partition()));
            }
            if (partitions.isEmpty()) {
                throw CommandFailure.failed(
                        "the broker at " + connection.bootstrapServers() + " has no topic " + topic
                                + ": is Quarry's scheduler running there, and is --topic-prefix right?",
                        new IllegalStateException("no topic " + topic));
            }
            partitions.sort(Comparator.comparingInt(TopicPartition::partition));
            return new JobRows(connection, consumer, clock, partitions);
        } catch (RuntimeException e) {
            consumer.close();
            throw e;
        }
    }

    /** The rows of all jobs, in the order of their submission. */
    List<JobState> all() {
        Map<String, JobState> rows = new LinkedHashMap<>();
        read(partitions, rows);
        return rows.values().stream()
                .sorted(Comparator.comparing(JobState::getSubmittedAt)
                        .thenComparing(row -> row.getJob().getId()))
                .toList();
    }

    /** Gives the newest rows of the topic to somebody, at most so many, each as it stands there: of one job there may be several. */
    void recent(long most, Consumer<JobState> taker) {
        consumer.assign(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(partitions);
        long each = Math.max(1, most / partitions.size());
        partitions.forEach(partition -> consumer.seek(
                partition, Math.max(beginnings.getOrDefault(partition, 0L), ends.getOrDefault(partition, 0L) - each)));
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            for (ConsumerRecord<String, JobState> record : poll()) {
                if (record.value() != null) {
                    taker.accept(record.value());
                }
            }
        }
    }

    /** The row of one job, or empty when none is logged. */
    Optional<JobState> find(String id) {
        Map<String, JobState> rows = new LinkedHashMap<>();
        read(List.of(partitionOf(id)), rows);
        return Optional.ofNullable(rows.get(id));
    }

    /** The row of a job whose first one may yet come; empty when none has come in time. */
    Optional<JobState> await(String id, Duration longest) {
        Instant until = clock.instant().plus(longest);
        Map<String, JobState> rows = new LinkedHashMap<>();
        read(List.of(partitionOf(id)), rows);
        while (!rows.containsKey(id) && clock.instant().isBefore(until)) {
            take(poll(), rows);
        }
        return Optional.ofNullable(rows.get(id));
    }

    /**
     * Follows a job until it is final.
     *
     * @param onRow gets each new row, and the last one again about five times a second, so that clocks can move on
     * @param deadline when to stop waiting, or null
     * @return the last row seen, or empty when none was logged by the deadline
     * @throws CommandFailure when the broker gives no answer for {@link Contact#SILENT}
     */
    Optional<JobState> follow(String id, Consumer<JobState> onRow, Optional<Instant> deadline) {
        return follow(id, onRow, deadline, () -> {});
    }

    /**
     * Follows a job until it is final.
     *
     * @param onPoll called about five times a second, also while no row is known; what it throws ends the waiting
     */
    Optional<JobState> follow(String id, Consumer<JobState> onRow, Optional<Instant> deadline, Runnable onPoll) {
        TopicPartition partition = partitionOf(id);
        assign(List.of(partition));
        long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
        Contact contact = new Contact(clock, () -> consumer.endOffsets(List.of(partition), ANSWER));
        Optional<JobState> last = Optional.empty();
        while (true) {
            onPoll.run();
            for (ConsumerRecord<String, JobState> record : poll()) {
                contact.heard();
                if (id.equals(record.key())) {
                    last = Optional.ofNullable(record.value());
                }
            }
            // What is behind the end was history when this began: only the newest of it counts.
            if (consumer.position(partition) >= end) {
                last.ifPresent(onRow);
                if (last.filter(row -> States.isFinal(row.getState())).isPresent()) {
                    return last;
                }
            }
            if (deadline.isPresent() && !clock.instant().isBefore(deadline.get())) {
                return last;
            }
            if (contact.isLost()) {
                throw connection.brokerGone(Contact.SILENT);
            }
        }
    }

    private void read(Collection<TopicPartition> from, Map<String, JobState> rows) {
        assign(from);
        Map<TopicPartition, Long> ends = consumer.endOffsets(from);
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            take(poll(), rows);
        }
    }

    private static void take(Iterable<ConsumerRecord<String, JobState>> records, Map<String, JobState> rows) {
        for (ConsumerRecord<String, JobState> record : records) {
            if (record.value() == null) {
                rows.remove(record.key());
            } else {
                rows.put(record.key(), record.value());
            }
        }
    }

    private Iterable<ConsumerRecord<String, JobState>> poll() {
        return consumer.poll(POLL);
    }

    private void assign(Collection<TopicPartition> from) {
        consumer.assign(from);
        consumer.seekToBeginning(from);
    }

    private TopicPartition partitionOf(String id) {
        int index = BuiltInPartitioner.partitionForKey(id.getBytes(StandardCharsets.UTF_8), partitions.size());
        return partitions.get(index);
    }

    @Override
    public void close() {
        consumer.close();
    }
}
