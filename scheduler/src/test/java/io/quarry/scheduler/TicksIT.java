package io.quarry.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.quarry.avro.ScheduleEvent;
import io.quarry.avro.ScheduleEventType;
import io.quarry.avro.TickOutcome;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.management.ObjectName;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ticks on a real broker whose topics somebody meddles with; a prefix for each test. */
@Tag("long")
class TicksIT {
    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir
    static Path directory;

    private static TestRegistry registry;
    private static TestBroker broker;

    @BeforeAll
    static void start() throws Exception {
        registry = new TestRegistry();
        broker = new TestBroker(directory.resolve("broker"));
    }

    @AfterAll
    static void stop() {
        broker.close();
        registry.close();
    }

    /**
     * A scheduler died between the two halves of a commit: until its transaction is ended, nobody knows how far it had read one
     * partition. Those of the other one go on.
     */
    @Test
    @SuppressWarnings("removal") // a consumer that gives its metadata would have to join the group
    void aTransactionThatADeadSchedulerLeftOpenHoldsBackNoOtherPartition() throws Exception {
        try (TestInstallation quarry = new TestInstallation(broker, registry, "open.", Map.of())) {
            Map<String, String> settings = quarry.settings(
                    "scheduler.state.dir",
                    directory.resolve("open").toString(),
                    "scheduler.trigger.patience.ms",
                    "2000");
            Ticking ticking;
            try (SchedulerProcess first = SchedulerProcess.start(settings)) {
                first.awaitReady(LONG);
                ticking = new Ticking(quarry, 10);
                ticking.awaitJobs(20);
            }
            Map<String, Object> dead = Map.of(
                    "bootstrap.servers",
                    broker.bootstrapServers(),
                    "transactional.id",
                    "dead",
                    "transaction.timeout.ms",
                    600_000);
            try (KafkaProducer<byte[], byte[]> left =
                    new KafkaProducer<>(dead, new ByteArraySerializer(), new ByteArraySerializer())) {
                left.initTransactions();
                left.beginTransaction();
                left.sendOffsetsToTransaction(
                        Map.of(new TopicPartition(quarry.topics.scheduleEvents(), 1), new OffsetAndMetadata(1)),
                        new ConsumerGroupMetadata("open.trigger"));
                try (SchedulerProcess second = SchedulerProcess.start(settings)) {
                    ticking.awaitJobs(ticking.jobs() + 50);
                    assertThat(quarry.admin
                                    .describeTransactions(List.of("dead"))
                                    .description("dead")
                                    .get()
                                    .state())
                            .as("nobody waited for its end")
                            .isEqualTo(TransactionState.ONGOING);
                    left.abortTransaction();
                    second.awaitReady(LONG);
                    ticking.awaitUntil(Instant.now());
                    ticking.assertOneDecisionAndOneJobEach();
                }
            }
        }
    }

    /** With no task that looks after them; behind it in the log lie garbage and transactions that were given up. */
    @Test
    void whatWasPausedOrDeletedWhileNoSchedulerRanRunsNoTickAfterIt() throws Exception {
        try (TestInstallation quarry = new TestInstallation(broker, registry, "away.", Map.of())) {
            Map<String, String> settings = quarry.settings(
                    "scheduler.state.dir", directory.resolve("away").toString());
            Ticking ticking;
            try (SchedulerProcess first = SchedulerProcess.start(settings)) {
                first.awaitReady(LONG);
                ticking = new Ticking(quarry, 4);
                ticking.awaitUntil(Instant.now().plusSeconds(1));
            }
            quarry.send(
                    quarry.topics.scheduleEvents(),
                    "s1",
                    ScheduleEvent.newBuilder()
                            .setType(ScheduleEventType.PAUSE)
                            .setSchedule("s1")
                            .setAt(Instant.now())
                            .setReason("moving")
                            .build());
            quarry.producer
                    .send(new ProducerRecord<>(quarry.topics.schedules(), "s0".getBytes(StandardCharsets.UTF_8), null))
                    .get();
            Instant until = Instant.now();
            quarry.sendBytes(quarry.topics.schedules(), "s2", new byte[] {1, 2, 3});
            quarry.sendBytes(quarry.topics.scheduleEvents(), "s1", new byte[] {1, 2, 3});
            giveUp(quarry.topics.schedules(), quarry.topics.scheduleEvents());
            await().atMost(LONG).until(() -> Instant.now().isAfter(until.plusSeconds(3)));
            try (SchedulerProcess second = SchedulerProcess.start(settings)) {
                second.awaitReady(LONG);
                ticking.awaitUntil(Instant.now(), 3);
            }
            assertThat(ticking.rows("s0"))
                    .isNotEmpty()
                    .noneMatch(row -> row.getTick().isAfter(until));
            assertThat(ticking.rows("s1"))
                    .filteredOn(row -> row.getTick().isAfter(until))
                    .hasSizeGreaterThan(2)
                    .allMatch(row -> row.getOutcome() == TickOutcome.SKIPPED_PAUSED);
            assertThat(ticking.rows("s2"))
                    .filteredOn(row -> row.getTick().isAfter(until))
                    .hasSizeGreaterThan(2)
                    .allMatch(row -> row.getJobId() != null);
            assertThat(quarry.audit().findings()).isEmpty();
        }
    }

    /** Leaves nothing in each partition but the end of a transaction. */
    private static void giveUp(String... topics) {
        Map<String, Object> client =
                Map.of("bootstrap.servers", broker.bootstrapServers(), "transactional.id", "given-up");
        try (KafkaProducer<byte[], byte[]> writer =
                new KafkaProducer<>(client, new ByteArraySerializer(), new ByteArraySerializer())) {
            writer.initTransactions();
            writer.beginTransaction();
            for (String topic : topics) {
                for (PartitionInfo p : writer.partitionsFor(topic)) {
                    var unused = writer.send(new ProducerRecord<>(topic, p.partition(), new byte[] {1}, null));
                }
            }
            writer.flush();
            writer.abortTransaction();
        }
    }

    @Test
    void aRowThatIsMissingIsToldByMetricAndByEvent() throws Exception {
        try (TestInstallation quarry = new TestInstallation(broker, registry, "rows.", Map.of());
                SchedulerProcess scheduler = SchedulerProcess.start(quarry.settings(
                        "scheduler.state.dir",
                        directory.resolve("rows").toString(),
                        "scheduler.trigger.audit.interval.ms",
                        "500"))) {
            scheduler.awaitReady(LONG);
            Ticking ticking = new Ticking(quarry, 2);
            ticking.awaitJobs(6);
            ObjectName auditor = new ObjectName("io.quarry.scheduler:type=schedule-audit");
            assertThat(ManagementFactory.getPlatformMBeanServer().getAttribute(auditor, "Findings"))
                    .isEqualTo(0L);

            quarry.admin
                    .deleteRecords(Map.of(
                            new TopicPartition(quarry.topics.ticks(), 0), RecordsToDelete.beforeOffset(-1),
                            new TopicPartition(quarry.topics.ticks(), 1), RecordsToDelete.beforeOffset(-1)))
                    .all()
                    .get();

            quarry.read(quarry.topics.scheduleEvents());
            List<ScheduleEvent> alarms = new ArrayList<>();
            // It pauses for nineteen times as long as a look took.
            await().atMost(Duration.ofMinutes(5)).pollInSameThread().until(() -> {
                for (ConsumerRecord<byte[], byte[]> record : quarry.poll(Duration.ofMillis(200))) {
                    if (record.topic().equals(quarry.topics.scheduleEvents())) {
                        alarms.add(quarry.read(record, ScheduleEvent.class));
                    }
                }
                alarms.removeIf(event -> event.getType() != ScheduleEventType.ALARM);
                return !alarms.isEmpty();
            });
            assertThat(alarms.get(0).getSchedule()).startsWith("s");
            assertThat(alarms.get(0).getReason()).startsWith("MISSING ");
            assertThat((Long) ManagementFactory.getPlatformMBeanServer().getAttribute(auditor, "Findings"))
                    .isPositive();
        }
    }
}
