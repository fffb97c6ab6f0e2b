package io.quarry.scheduler.trigger;

import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleState;
import io.quarry.avro.ScheduleTick;
import io.quarry.schemas.Topics;
import io.quarry.schemas.schedule.Ticks;
import io.quarry.schemas.serde.UnreadableRecordException;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/**
 * Recounts the whole ledger from its topics, a partition at a time. The states are read before the rows: a row that is written
 * meanwhile cannot be missed.
 */
public final class LedgerAudit {
    /** Most findings of one schedule. */
    private static final int MOST = 100;

    private static final Duration POLL = Duration.ofMillis(200);

    private final Topics topics;
    private final Map<String, Object> client;
    private final WireSerdes serdes;

    /**
     * An audit of an installation.
     *
     * @param kafka client settings: bootstrap servers, security
     */
    public LedgerAudit(Topics topics, Map<String, String> kafka, WireSerdes serdes) {
        this.topics = topics;
        this.serdes = serdes;
        this.client = new HashMap<>(kafka);
        client.put("enable.auto.commit", false);
        client.put("allow.auto.create.topics", false);
        client.put("auto.offset.reset", "earliest");
        client.put("isolation.level", "read_committed");
    }

    /**
     * What an audit saw.
     *
     * @param schedules schedules that were counted
     * @param expected ticks that are to have a row
     * @param findings what is wrong
     */
    public record Report(int schedules, long expected, List<Recount.Finding> findings) {
        public Report {
            findings = List.copyOf(findings);
        }
    }

    /**
     * Counts.
     *
     * @param from ticks before this instant are left out
     * @param behind how late a tick may be decided
     */
    public Report run(Instant from, Instant now, Duration behind) {
        Map<String, Schedule> schedules = new TreeMap<>();
        Map<String, ScheduleState> states = new HashMap<>();
        List<Recount.Finding> findings = new ArrayList<>();
        Recount recount = new Recount();
        long expected = 0;
        int counted = 0;
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(client, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            table(consumer, topics.scheduleStates(), ScheduleState.class, states);
            table(consumer, topics.schedules(), Schedule.class, schedules);
            List<TopicPartition> partitions = partitions(consumer, topics.ticks());
            Map<Integer, List<Schedule>> dealt = schedules.values().stream()
                    .collect(Collectors.groupingBy(schedule -> ownPartition(schedule.getName(), partitions.size())));
            for (TopicPartition partition : partitions) {
                Map<String, List<ScheduleTick>> rows = rows(consumer, partition, from);
                for (Schedule schedule : dealt.getOrDefault(partition.partition(), List.of())) {
                    ScheduleState state = states.get(schedule.getName());
                    // A definition that the scheduler has not read yet counts for nothing so far.
                    if (state != null && state.getRule().equals(Ticks.fingerprint(schedule))) {
                        counted++;
                        Recount.Count count = recount.of(
                                schedule,
                                state,
                                rows.getOrDefault(schedule.getName(), List.of()),
                                from,
                                now,
                                behind,
                                MOST);
                        expected += count.expected();
                        findings.addAll(count.findings());
                    }
                }
            }
        }
        return new Report(counted, expected, findings);
    }

    private static int ownPartition(String schedule, int all) {
        return BuiltInPartitioner.partitionForKey(schedule.getBytes(StandardCharsets.UTF_8), all);
    }

    private <T extends SpecificRecord> void table(
            KafkaConsumer<byte[], byte[]> consumer, String topic, Class<T> type, Map<String, T> rows) {
        Deserializer<T> reader = serdes.deserializer(type);
        List<TopicPartition> partitions = partitions(consumer, topic);
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        read(consumer, partitions, (key, record) -> {
            T row = record.value() == null ? null : readable(reader, record);
            if (row == null) {
                rows.remove(key);
            } else {
                rows.put(key, row);
            }
        });
    }

    private Map<String, List<ScheduleTick>> rows(
            KafkaConsumer<byte[], byte[]> consumer, TopicPartition partition, Instant from) {
        Deserializer<ScheduleTick> reader = serdes.deserializer(ScheduleTick.class);
        Map<String, List<ScheduleTick>> rows = new HashMap<>();
        consumer.assign(List.of(partition));
        OffsetAndTimestamp first = from.toEpochMilli() <= 0
                ? null
                : consumer.offsetsForTimes(Map.of(partition, from.toEpochMilli()))
                        .get(partition);
        if (first == null) {
            consumer.seekToBeginning(List.of(partition));
        } else {
            consumer.seek(partition, first.offset());
        }
        read(consumer, List.of(partition), (key, record) -> {
            ScheduleTick row = record.value() == null ? null : readable(reader, record);
            if (row != null) {
                rows.computeIfAbsent(key, name -> new ArrayList<>()).add(row);
            }
        });
        return rows;
    }

    private static <T> @Nullable T readable(Deserializer<T> reader, ConsumerRecord<byte[], byte[]> record) {
        try {
            return reader.deserialize(record.topic(), record.value());
        } catch (UnreadableRecordException e) {
            return null;
        }
    }

    private static List<TopicPartition> partitions(KafkaConsumer<byte[], byte[]> consumer, String topic) {
        return consumer.partitionsFor(topic).stream()
                .map(info -> new TopicPartition(topic, info.partition()))
                .toList();
    }

    private static void read(
            KafkaConsumer<byte[], byte[]> consumer,
            List<TopicPartition> partitions,
            BiConsumer<String, ConsumerRecord<byte[], byte[]>> sink) {
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                if (record.key() != null) {
                    sink.accept(new String(record.key(), StandardCharsets.UTF_8), record);
                }
            }
        }
    }
}
