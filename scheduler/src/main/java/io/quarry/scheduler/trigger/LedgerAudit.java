package io.quarry.scheduler.trigger;

import io.quarry.avro.Job;
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
 * meanwhile cannot be missed. Each schedule's rows are tallied; single ones are only kept, in a second reading, of a schedule
 * whose tally is not what its rule calls for. So memory grows with the schedules, by less than a kilobyte for each, and not with
 * their ticks or jobs.
 */
public final class LedgerAudit {
    /** Most findings of one schedule. */
    private static final int MOST = 100;
    /** Most ticks of a partition that are looked at one by one. */
    private static final int MOST_TICKS = 200_000;

    private static final Job NO_JOB = Job.newBuilder().setId("").build();

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
     * @param unexamined schedules whose rows do not add up, beside so many others that they were not looked at one by one
     */
    public record Report(int schedules, long expected, List<Recount.Finding> findings, int unexamined) {
        public Report {
            findings = List.copyOf(findings);
        }

        /** Whether every tick has exactly one decision. */
        public boolean clean() {
            return findings.isEmpty() && unexamined == 0;
        }
    }

    /**
     * Counts.
     *
     * @param from ticks before this instant are left out
     * @param behind how late a tick may be decided
     */
    public Report run(Instant from, Instant now, Duration behind) {
        Recount recount = new Recount();
        List<Recount.Finding> findings = new ArrayList<>();
        long expected = 0;
        int unexamined = 0;
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(client, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            Map<String, Counted> schedules = schedules(consumer, from);
            List<TopicPartition> partitions = partitions(consumer, topics.ticks());
            Map<Integer, List<Counted>> dealt = schedules.values().stream()
                    .collect(Collectors.groupingBy(counted -> ownPartition(counted.name(), partitions.size())));
            for (TopicPartition partition : partitions) {
                rows(consumer, partition, from, (name, row) -> {
                    Counted counted = schedules.get(name);
                    if (counted != null) {
                        counted.written.add(row);
                    }
                });
                Suspects suspects = new Suspects();
                for (Counted counted : dealt.getOrDefault(partition.partition(), List.of())) {
                    Tally due = recount.expected(counted.schedule, counted.state, from);
                    expected += due.count();
                    counted.written.end();
                    if (due.agrees(counted.written)) {
                        findings.addAll(recount.behind(counted.schedule, counted.state, now, behind));
                    } else if (!suspects.take(counted, due.count() + counted.written.count())) {
                        unexamined++;
                    }
                }
                if (!suspects.byName.isEmpty()) {
                    rows(consumer, partition, from, suspects::add);
                    for (Suspects.Suspect suspect : suspects.byName.values()) {
                        Counted counted = suspect.counted;
                        findings.addAll(
                                recount.of(counted.schedule, counted.state, suspect.rows, from, now, behind, MOST)
                                        .findings());
                    }
                }
            }
            return new Report(schedules.size(), expected, findings, unexamined);
        }
    }

    /** What has to be known of a schedule to count it: neither its jobs nor single ticks, so that many of them fit. */
    private static final class Counted {
        private final Schedule schedule;
        private final ScheduleState state;
        private final Tally written;

        private Counted(Schedule schedule, ScheduleState state, Instant from) {
            this.schedule = schedule;
            this.state = state;
            this.written = Recount.none(state, from);
        }

        private String name() {
            return schedule.getName();
        }
    }

    /** Schedules of a partition whose rows do not add up: theirs are looked at one by one, as many as memory allows. */
    private static final class Suspects {
        private final Map<String, Suspect> byName = new TreeMap<>();
        private long ticks;

        private record Suspect(Counted counted, List<ScheduleTick> rows) {}

        private boolean take(Counted counted, long more) {
            if (!byName.isEmpty() && ticks + more > MOST_TICKS) {
                return false;
            }
            ticks += more;
            byName.put(counted.name(), new Suspect(counted, new ArrayList<>()));
            return true;
        }

        private void add(String name, ScheduleTick row) {
            Suspect suspect = byName.get(name);
            if (suspect != null && Recount.decides(row)) {
                suspect.rows.add(row);
            }
        }
    }

    /** The states are read first: a definition that the scheduler has not read yet counts for nothing so far. */
    private Map<String, Counted> schedules(KafkaConsumer<byte[], byte[]> consumer, Instant from) {
        Map<String, ScheduleState> states = new HashMap<>();
        table(consumer, topics.scheduleStates(), ScheduleState.class, (name, state) -> {
            if (state == null) {
                states.remove(name);
            } else {
                states.put(name, bare(state));
            }
        });
        Map<String, Counted> schedules = new TreeMap<>();
        table(consumer, topics.schedules(), Schedule.class, (name, schedule) -> {
            ScheduleState state = states.get(name);
            if (schedule == null || state == null || !state.getRule().equals(Ticks.fingerprint(schedule))) {
                schedules.remove(name);
            } else {
                schedules.put(name, new Counted(bare(schedule), state, from));
            }
        });
        return schedules;
    }

    /** The rule alone: what is to run may be a hundred times as large. */
    private static Schedule bare(Schedule schedule) {
        return Schedule.newBuilder()
                .setName(schedule.getName())
                .setCron(schedule.getCron())
                .setEveryMs(schedule.getEveryMs())
                .setTimes(schedule.getTimes())
                .setZone(schedule.getZone())
                .setStart(schedule.getStart())
                .setEnd(schedule.getEnd())
                .setJitterMs(schedule.getJitterMs())
                .setJob(NO_JOB)
                .build();
    }

    private static ScheduleState bare(ScheduleState state) {
        return ScheduleState.newBuilder()
                .setName(state.getName())
                .setRule(state.getRule())
                .setSince(state.getSince())
                .setCursor(state.getCursor())
                .build();
    }

    private static int ownPartition(String schedule, int all) {
        return BuiltInPartitioner.partitionForKey(schedule.getBytes(StandardCharsets.UTF_8), all);
    }

    private <T extends SpecificRecord> void table(
            KafkaConsumer<byte[], byte[]> consumer, String topic, Class<T> type, BiConsumer<String, @Nullable T> sink) {
        Deserializer<T> reader = serdes.deserializer(type);
        List<TopicPartition> partitions = partitions(consumer, topic);
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        read(
                consumer,
                partitions,
                (key, record) -> sink.accept(key, record.value() == null ? null : readable(reader, record)));
    }

    private void rows(
            KafkaConsumer<byte[], byte[]> consumer,
            TopicPartition partition,
            Instant from,
            BiConsumer<String, ScheduleTick> sink) {
        Deserializer<ScheduleTick> reader = serdes.deserializer(ScheduleTick.class);
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
                sink.accept(key, row);
            }
        });
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
