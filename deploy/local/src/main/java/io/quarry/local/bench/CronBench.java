package io.quarry.local.bench;

import io.quarry.avro.CatchUpPolicy;
import io.quarry.avro.CustomPayload;
import io.quarry.avro.Job;
import io.quarry.avro.OverlapPolicy;
import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleTick;
import io.quarry.avro.TickOutcome;
import io.quarry.local.LogFile;
import io.quarry.schemas.Topics;
import io.quarry.schemas.schedule.TickIds;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Measures schedules: how long it takes until the jobs of many that are due at once are in their topic, beside a plain transactional
 * producer that writes as many; how late ticks of one second are; what many schedules cost that have nothing to do; and how
 * soon they tick again when the state directory is lost.
 */
public final class CronBench {
    /** Most seconds from the instant until all triggers of ten thousand schedules are in the topic. */
    public static final double SECONDS_GOAL = 2;

    private static final int OF_TRANSACTION = 500;
    private static final Duration LONGEST = Duration.ofMinutes(30);
    private static final Duration LOOK = Duration.ofMillis(20);

    private CronBench() {}

    /**
     * How to measure.
     *
     * @param due schedules that are due at once
     * @param rounds how often they are
     * @param idle schedules that have nothing to do
     * @param seconds how long ticks of a second are watched, on a hundred schedules
     */
    public record Settings(int due, int rounds, int idle, int seconds) {
        public static Settings standard() {
            return new Settings(10_000, 5, 100_000, 600);
        }
    }

    /** Milliseconds at half, and at 99 of 100, of all ticks. */
    public record Late(double p50, double p99) {}

    /** CPU milliseconds of the scheduler for each second, with the schedules and without any. */
    public record Idle(double with, double without) {}

    /**
     * All figures.
     *
     * @param burstSeconds from the instant until all jobs are in the topic, a round each
     * @param rawSeconds what the plain producer took for as many jobs and ledger rows, a round each
     * @param late how late the jobs of ticks of a second were appended
     * @param idle CPU of the scheduler with nothing due
     * @param restoreSeconds from the start of a process without state until a schedule ticks
     * @param peakBytes highest resident memory of the scheduler
     */
    public record Report(
            Settings settings,
            Spread burstSeconds,
            Spread rawSeconds,
            Late late,
            Idle idle,
            double restoreSeconds,
            long peakBytes) {
        /** Whether the goal is met. */
        public boolean passed() {
            return burstSeconds.median() <= SECONDS_GOAL;
        }
    }

    /**
     * Runs the bench.
     *
     * @param scratch empty directory for everything that is written
     */
    // The log is closed like any other resource; nothing else is done with it.
    @SuppressWarnings("try")
    public static Report run(Path scratch, Settings settings, InstantSource clock, News news) throws Exception {
        news.step("starting broker and scheduler");
        try (AutoCloseable log = LogFile.open(scratch.resolve("log"));
                Ground ground = Ground.start(scratch, null);
                Control control = new Control(ground.settings("cron."), scratch.resolve("cron"), null);
                Bench bench = new Bench(ground.settings("cron."), control.topics(), clock)) {
            Child scheduler = control.start();
            double without = idle(scheduler, "without any schedule", news);
            List<Double> burst = new ArrayList<>();
            List<Double> raw = new ArrayList<>();
            // One round more than is shown: the first meets a process that is still being compiled.
            for (int round = 0; round <= settings.rounds(); round++) {
                news.step("round " + round + ": " + settings.due() + " schedules due at once");
                double seconds = bench.burst(settings.due());
                double plain = bench.raw(settings.due());
                if (round > 0) {
                    burst.add(seconds);
                    raw.add(plain);
                }
            }
            news.step("defining " + settings.idle() + " schedules that have nothing to do");
            bench.defineIdle(settings.idle());
            double with = idle(scheduler, "with " + settings.idle() + " schedules that are not due", news);
            news.step("a hundred schedules tick each second for " + settings.seconds() + " s");
            Late late = bench.lateness(settings.seconds());
            long peak = scheduler.peakBytes();
            control.stop();
            control.forget();
            news.step("the state directory is gone: restoring");
            long began = System.nanoTime();
            Child unused = control.start();
            bench.awaitAnyTick();
            double restore = (System.nanoTime() - began) / 1e9;
            return new Report(settings, Spread.of(burst), Spread.of(raw), late, new Idle(with, without), restore, peak);
        }
    }

    private static double idle(Child scheduler, String what, News news) throws InterruptedException {
        news.step("idle cost " + what);
        TimeUnit.SECONDS.sleep(5);
        Duration before = scheduler.cpu();
        long began = System.nanoTime();
        TimeUnit.SECONDS.sleep(20);
        return scheduler.cpu().minus(before).toNanos() / 1e6 / ((System.nanoTime() - began) / 1e9);
    }

    /** What writes schedules and sees what comes of them. One thread. */
    private static final class Bench implements AutoCloseable {
        private final Topics topics;
        private final InstantSource clock;
        private final WireSerdes serdes;
        private final Map<String, String> settings;
        private final KafkaProducer<byte[], byte[]> producer;
        private final KafkaConsumer<byte[], byte[]> consumer;
        private int bursts;

        Bench(Map<String, String> settings, Topics topics, InstantSource clock) {
            this.settings = settings;
            this.topics = topics;
            this.clock = clock;
            this.serdes = WireSerdes.of(settings);
            this.producer = new KafkaProducer<>(client(), new ByteArraySerializer(), new ByteArraySerializer());
            this.consumer = LogEnd.consumer(
                    settings, Map.of("client.id", "bench-" + UUID.randomUUID(), "isolation.level", "read_committed"));
        }

        private Map<String, Object> client() {
            Map<String, Object> client = new HashMap<>();
            client.put("bootstrap.servers", settings.getOrDefault("bootstrap.servers", ""));
            client.put("linger.ms", "5");
            return client;
        }

        private static Job template() {
            return Job.newBuilder()
                    .setId("")
                    .setKind("no-op")
                    .setCustom(new CustomPayload(
                            "text/plain", ByteBuffer.wrap("{{tick.time}}".getBytes(StandardCharsets.UTF_8))))
                    .build();
        }

        private static Schedule.Builder schedule(String name) {
            return Schedule.newBuilder()
                    .setName(name)
                    .setJob(template())
                    .setOverlap(OverlapPolicy.ALLOW)
                    .setCatchUp(CatchUpPolicy.NONE);
        }

        private void define(Schedule schedule) {
            send(producer, topics.schedules(), schedule.getName(), schedule);
        }

        private <T extends SpecificRecord> void send(
                KafkaProducer<byte[], byte[]> to, String topic, String key, T value) {
            @SuppressWarnings("unchecked") // the class of a T
            Class<T> type = (Class<T>) value.getClass();
            var unused = to.send(new ProducerRecord<>(
                    topic,
                    key.getBytes(StandardCharsets.UTF_8),
                    serdes.serializer(type).serialize(topic, value)));
        }

        /** Schedules that are due once, all at the same instant; seconds from it until the last of their jobs can be read. */
        double burst(int schedules) throws InterruptedException {
            LogEnd.seek(consumer, List.of(topics.scheduleStates()));
            Instant at = clock.instant().truncatedTo(ChronoUnit.SECONDS).plusSeconds(15 + schedules / 500);
            String name = "burst-" + bursts++ + "-";
            for (int i = 0; i < schedules; i++) {
                define(schedule(name + i).setTimes(List.of(at)).build());
            }
            producer.flush();
            count(schedules, "states of new schedules");
            LogEnd.seek(consumer, List.of(topics.jobs("default")));
            if (!clock.instant().isBefore(at)) {
                throw new IllegalStateException("the scheduler took too long for the definitions: " + at + " is over");
            }
            TimeUnit.MILLISECONDS.sleep(Duration.between(clock.instant(), at).toMillis());
            count(schedules, "jobs");
            return Duration.between(at, clock.instant()).toNanos() / 1e9;
        }

        private void count(int records, String what) {
            long end = System.nanoTime() + LONGEST.toNanos();
            int seen = 0;
            while (seen < records) {
                seen += consumer.poll(LOOK).count();
                if (System.nanoTime() > end) {
                    throw new IllegalStateException("of " + records + " " + what + " only " + seen + " came");
                }
            }
        }

        /** A plain producer writes as many jobs and rows, in transactions of the size that the schedules' have. */
        double raw(int jobs) {
            Map<String, Object> client = client();
            client.put("transactional.id", "bench-raw-" + UUID.randomUUID());
            LogEnd.seek(consumer, List.of(topics.jobs("default")));
            try (KafkaProducer<byte[], byte[]> plain =
                    new KafkaProducer<>(client, new ByteArraySerializer(), new ByteArraySerializer())) {
                plain.initTransactions();
                Instant at = clock.instant().truncatedTo(ChronoUnit.MILLIS);
                long began = System.nanoTime();
                for (int i = 0; i < jobs; i++) {
                    if (i % OF_TRANSACTION == 0) {
                        if (i > 0) {
                            plain.commitTransaction();
                        }
                        plain.beginTransaction();
                    }
                    String name = "raw-" + i;
                    String id = TickIds.job(name, at) + ":r-"
                            + UUID.randomUUID().toString().substring(0, 8);
                    send(
                            plain,
                            topics.jobs("default"),
                            id,
                            Job.newBuilder(template()).setId(id).build());
                    send(
                            plain,
                            topics.ticks(),
                            name,
                            ScheduleTick.newBuilder()
                                    .setSchedule(name)
                                    .setTick(at)
                                    .setAt(at)
                                    .setOutcome(TickOutcome.MANUAL)
                                    .setJobId(id)
                                    .build());
                }
                plain.commitTransaction();
                count(jobs, "jobs");
                return (System.nanoTime() - began) / 1e9;
            }
        }

        void defineIdle(int schedules) {
            LogEnd.seek(consumer, List.of(topics.scheduleStates()));
            for (int i = 0; i < schedules; i++) {
                define(schedule("idle-" + i)
                        .setCron("0 0 29 2 " + i % 7)
                        .setStart(Instant.parse("2096-01-01T00:00:00Z"))
                        .build());
            }
            producer.flush();
            count(schedules, "states of new schedules");
        }

        /** How late the jobs of a hundred schedules with a tick a second are appended, by the broker's clock. */
        Late lateness(int seconds) {
            LogEnd.seek(consumer, List.of(topics.jobs("default")));
            for (int i = 0; i < 100; i++) {
                define(schedule("second-" + i).setEveryMs(1000L).build());
            }
            producer.flush();
            List<Double> late = new ArrayList<>();
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds + 5L);
            while (System.nanoTime() < end && late.size() < seconds * 100L) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(LOOK)) {
                    String id = new String(record.key(), StandardCharsets.UTF_8);
                    if (id.startsWith("second-")) {
                        Instant tick = Instant.parse(id.substring(id.indexOf(':') + 1));
                        late.add((double) record.timestamp() - tick.toEpochMilli());
                    }
                }
            }
            if (late.isEmpty()) {
                throw new IllegalStateException("no tick of a second came");
            }
            List<Double> sorted = late.stream().sorted().toList();
            return new Late(sorted.get(sorted.size() / 2), sorted.get(sorted.size() * 99 / 100));
        }

        /** Waits until a schedule ticks again, whose ticks there are each second. */
        void awaitAnyTick() {
            LogEnd.seek(consumer, List.of(topics.jobs("default")));
            count(1, "jobs");
        }

        @Override
        public void close() {
            producer.close();
            consumer.close();
        }
    }
}
