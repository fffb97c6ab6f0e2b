package io.quarry.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.CustomPayload;
import io.quarry.avro.Job;
import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleState;
import io.quarry.avro.ScheduleTick;
import io.quarry.avro.TickOutcome;
import io.quarry.scheduler.trigger.LedgerAudit;
import io.quarry.schemas.Topics;
import io.quarry.schemas.provision.ProvisionSettings;
import io.quarry.schemas.provision.TopicProvisioner;
import io.quarry.schemas.schedule.Ticks;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.Serializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The recount of a ledger that is larger than its memory. */
class LedgerAuditIT {
    private static final int SCHEDULES = 15_000;
    private static final int TICKS = 12;
    private static final Instant BEGIN = Instant.parse("2001-02-01T00:00:00Z");
    private static final String PREFIX = "audit.";

    @TempDir
    private Path directory;

    @Test
    void aHeapThatHoldsNeitherTheirJobsNorTheirTicksCountsManySchedules() throws Exception {
        try (TestBroker broker = new TestBroker(directory.resolve("broker"));
                TestRegistry registry = new TestRegistry();
                TestInstallation quarry = new TestInstallation(broker, registry, PREFIX, Map.of())) {
            TopicProvisioner.of(quarry.admin, quarry.topics, ProvisionSettings.of(quarry.settings()))
                    .provision();
            write(quarry);

            Process audit = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx48m",
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                            AuditMain.class.getName(),
                            broker.bootstrapServers(),
                            registry.url())
                    .redirectError(directory.resolve("log").toFile())
                    .start();
            List<String> lines = audit.inputReader().lines().toList();

            assertThat(audit.waitFor(1, TimeUnit.MINUTES)).isTrue();
            assertThat(lines)
                    .containsExactlyInAnyOrder(
                            SCHEDULES + " schedules, " + SCHEDULES * TICKS + " expected, 0 unexamined",
                            "MISSING s-7 2001-02-01T03:00:00Z",
                            "DOUBLED s-8 2001-02-01T04:00:00Z",
                            "UNEXPECTED s-9 2001-02-01T05:30:00Z");
        }
    }

    /** A topic of jobs of 100 MB, and twelve ticks of each schedule. */
    private static void write(TestInstallation quarry) {
        WireSerdes serdes = WireSerdes.of(quarry.settings());
        Topics topics = quarry.topics;
        Serializer<Schedule> schedules = serdes.serializer(Schedule.class);
        Serializer<ScheduleState> states = serdes.serializer(ScheduleState.class);
        Serializer<ScheduleTick> rows = serdes.serializer(ScheduleTick.class);
        Job job = Job.newBuilder()
                .setId("")
                .setKind("nothing")
                .setCustom(new CustomPayload("text/plain", ByteBuffer.wrap(new byte[7_000])))
                .build();
        for (int i = 0; i < SCHEDULES; i++) {
            String name = "s-" + i;
            Schedule schedule = Schedule.newBuilder()
                    .setName(name)
                    .setCron("0 * * * *")
                    .setJob(job)
                    .build();
            send(quarry, topics.schedules(), name, schedules, schedule);
            send(
                    quarry,
                    topics.scheduleStates(),
                    name,
                    states,
                    ScheduleState.newBuilder()
                            .setName(name)
                            .setRule(Ticks.fingerprint(schedule))
                            .setSince(BEGIN)
                            .setCursor(hour(TICKS))
                            .build());
            for (int tick = 1; tick <= TICKS; tick++) {
                ScheduleTick row = row(name, hour(tick));
                if (!(i == 7 && tick == 3)) {
                    send(quarry, topics.ticks(), name, rows, row);
                }
                if (i == 8 && tick == 4) {
                    send(quarry, topics.ticks(), name, rows, row);
                }
            }
            if (i == 9) {
                send(quarry, topics.ticks(), name, rows, row(name, hour(5).plus(Duration.ofMinutes(30))));
            }
        }
        quarry.producer.flush();
    }

    private static ScheduleTick row(String name, Instant tick) {
        return ScheduleTick.newBuilder()
                .setSchedule(name)
                .setTick(tick)
                .setAt(tick)
                .setOutcome(TickOutcome.TRIGGERED)
                .setJobId(name + ":" + tick)
                .build();
    }

    private static Instant hour(int number) {
        return BEGIN.plus(Duration.ofHours(number));
    }

    @SuppressWarnings("FutureReturnValueIgnored") // what did not arrive is found missing
    private static <T extends SpecificRecord> void send(
            TestInstallation quarry, String topic, String key, Serializer<T> serializer, T record) {
        quarry.producer.send(
                new ProducerRecord<>(topic, key.getBytes(StandardCharsets.UTF_8), serializer.serialize(topic, record)));
    }

    /** Counts, and prints what it found. */
    static final class AuditMain {
        private AuditMain() {}

        public static void main(String[] arguments) {
            Map<String, String> kafka = Map.of("bootstrap.servers", arguments[0]);
            LedgerAudit.Report report = new LedgerAudit(
                            new Topics(PREFIX), kafka, WireSerdes.of(Map.of("schema.registry.url", arguments[1])))
                    .run(BEGIN, hour(TICKS), Duration.ofMinutes(5));
            System.out.println(report.schedules() + " schedules, " + report.expected() + " expected, "
                    + report.unexamined() + " unexamined");
            report.findings()
                    .forEach(finding ->
                            System.out.println(finding.kind() + " " + finding.schedule() + " " + finding.tick()));
        }
    }
}
