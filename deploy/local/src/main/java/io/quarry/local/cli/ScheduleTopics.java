package io.quarry.local.cli;

import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleEvent;
import io.quarry.avro.ScheduleState;
import io.quarry.avro.ScheduleTick;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.UnreadableRecordException;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/** The topics of the schedules: read as a whole, written record by record. Not safe for use by several threads. */
final class ScheduleTopics implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(200);

    private final Connection connection;
    private final Topics topics;
    private final WireSerdes serdes;
    private final Duration reach;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private @Nullable KafkaProducer<byte[], byte[]> producer;

    private ScheduleTopics(Connection connection, Duration reach) {
        this.connection = connection;
        this.topics = connection.topics();
        this.serdes = WireSerdes.of(connection.settings());
        this.reach = reach;
        this.consumer = new KafkaConsumer<>(
                connection.reading(reach), new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    static ScheduleTopics open(ConnectionOptions options, Console console) {
        return open(options.find(console), options.reach());
    }

    /**
     * Opens the topics.
     *
     * @param reach how long each question to the broker may take
     */
    static ScheduleTopics open(Connection connection, Duration reach) {
        return new ScheduleTopics(connection, reach);
    }

    /** All schedules by name. */
    Map<String, Schedule> schedules() {
        return table(topics.schedules(), Schedule.class, null);
    }

    /**
     * A record of the schedules' topic.
     *
     * @param schedule null when it deletes the schedule
     */
    record Written(long offset, String name, @Nullable Schedule schedule) {}

    /**
     * Where the next record of a schedule will be written, at the earliest. A scheduler's marks lie there too, and while the
     * transaction of one is open the end of what is committed is before records that others were told are written.
     */
    long end() {
        Map<String, Object> settings = connection.reading(reach);
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_uncommitted");
        TopicPartition only = new TopicPartition(topics.schedules(), 0);
        try (KafkaConsumer<byte[], byte[]> anything =
                new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            return anything.endOffsets(List.of(only)).getOrDefault(only, 0L);
        }
    }

    /** What was written about schedules from an offset until now; waits for transactions that are open. */
    List<Written> since(long offset) {
        List<Written> written = new ArrayList<>();
        Deserializer<Schedule> reader = serdes.deserializer(Schedule.class);
        TopicPartition only = new TopicPartition(topics.schedules(), 0);
        consumer.assign(List.of(only));
        consumer.seek(only, offset);
        readTo(Map.of(only, end()), record -> {
            Schedule schedule = record.value() == null ? null : readable(reader, record);
            if (schedule != null || record.value() == null) {
                written.add(new Written(record.offset(), key(record), schedule));
            }
        });
        return written;
    }

    /** Where all schedules stand, by name. */
    Map<String, ScheduleState> states() {
        return table(topics.scheduleStates(), ScheduleState.class, null);
    }

    /** Where one schedule stands; null while the scheduler has not said so. */
    @Nullable ScheduleState state(String schedule) {
        return table(topics.scheduleStates(), ScheduleState.class, schedule).get(schedule);
    }

    /** Rows of the ledger in the order of their writing: of one schedule, or of all with null. */
    List<ScheduleTick> ticks(@Nullable String schedule) {
        List<ScheduleTick> rows = new ArrayList<>();
        Deserializer<ScheduleTick> reader = serdes.deserializer(ScheduleTick.class);
        read(topics.ticks(), schedule, (key, record) -> {
            ScheduleTick row = readable(reader, record);
            if (row != null) {
                rows.add(row);
            }
        });
        return rows;
    }

    private <T extends SpecificRecord> Map<String, T> table(String topic, Class<T> type, @Nullable String only) {
        Map<String, T> rows = new TreeMap<>();
        Deserializer<T> reader = serdes.deserializer(type);
        read(topic, only, (key, record) -> {
            T row = record.value() == null ? null : readable(reader, record);
            if (row != null) {
                rows.put(key, row);
            } else if (record.value() == null) {
                rows.remove(key);
            }
        });
        return rows;
    }

    private static <T> @Nullable T readable(Deserializer<T> reader, ConsumerRecord<byte[], byte[]> record) {
        try {
            return reader.deserialize(record.topic(), record.value());
        } catch (UnreadableRecordException e) {
            // Somebody else's; the scheduler skips it as well.
            return null;
        }
    }

    private void read(String topic, @Nullable String only, BiConsumer<String, ConsumerRecord<byte[], byte[]>> sink) {
        List<PartitionInfo> infos = consumer.partitionsFor(topic, reach);
        if (infos == null || infos.isEmpty()) {
            throw CommandFailure.failed(
                    "the broker has no topic " + topic
                            + ": is Quarry's scheduler running there, in a version that knows"
                            + " schedules, and is --topic-prefix right?",
                    new IllegalStateException("no topic " + topic));
        }
        List<TopicPartition> partitions = new ArrayList<>();
        int own = only == null
                ? -1
                : BuiltInPartitioner.partitionForKey(only.getBytes(StandardCharsets.UTF_8), infos.size());
        for (int i = 0; i < infos.size(); i++) {
            if (own < 0 || own == i) {
                partitions.add(new TopicPartition(topic, i));
            }
        }
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        readTo(consumer.endOffsets(partitions), record -> {
            String key = key(record);
            if (only == null || only.equals(key)) {
                sink.accept(key, record);
            }
        });
    }

    private void readTo(Map<TopicPartition, Long> ends, Consumer<ConsumerRecord<byte[], byte[]>> sink) {
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            consumer.poll(POLL).forEach(sink);
        }
    }

    private static String key(ConsumerRecord<byte[], byte[]> record) {
        return record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
    }

    // ---- writing

    /** Writes a schedule in the place of the one that there may be; the offset of its record. */
    long define(Schedule schedule) {
        return send(topics.schedules(), schedule.getName(), schedule);
    }

    /** Deletes a schedule; the offset of the record that does. */
    long remove(String schedule) {
        return send(topics.schedules(), schedule, null);
    }

    void event(ScheduleEvent event) {
        long unused = send(topics.scheduleEvents(), event.getSchedule(), event);
    }

    private <T extends SpecificRecord> long send(String topic, String key, @Nullable T value) {
        try {
            byte[] bytes = null;
            if (value != null) {
                @SuppressWarnings("unchecked") // the class of a T
                Class<T> type = (Class<T>) value.getClass();
                bytes = serdes.serializer(type).serialize(topic, value);
            }
            RecordMetadata written = writer().send(
                            new ProducerRecord<>(topic, key.getBytes(StandardCharsets.UTF_8), bytes))
                    .get();
            if (written == null) {
                throw new IllegalStateException("the broker acknowledged nothing");
            }
            return written.offset();
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException known ? known : new KafkaException(e.getCause());
        }
    }

    private KafkaProducer<byte[], byte[]> writer() {
        KafkaProducer<byte[], byte[]> made = producer;
        if (made == null) {
            Map<String, Object> settings = connection.kafka();
            settings.put("acks", "all");
            settings.put("enable.idempotence", "true");
            settings.put("linger.ms", "0");
            settings.put("max.block.ms", (int) reach.toMillis());
            settings.put("request.timeout.ms", (int) reach.toMillis());
            settings.put("delivery.timeout.ms", (int) reach.toMillis() + 1000);
            made = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
            producer = made;
        }
        return made;
    }

    @Override
    public void close() {
        KafkaProducer<byte[], byte[]> made = producer;
        if (made != null) {
            made.close();
        }
        consumer.close();
    }
}
