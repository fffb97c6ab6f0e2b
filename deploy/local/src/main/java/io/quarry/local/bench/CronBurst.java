package io.quarry.local.bench;

import io.quarry.avro.Job;
import io.quarry.avro.ScheduleTick;
import io.quarry.avro.TickOutcome;
import io.quarry.schemas.schedule.TickIds;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;

/** Many schedules that are due at one instant, and a plain producer that writes as many records. */
final class CronBurst {
    private static final int OF_TRANSACTION = 500;

    private final CronTopics topics;
    private final InstantSource clock;
    private final News news;
    private int bursts;
    /** What the scheduler is given for the definitions; it grows with a machine that is slow. */
    private int leadSeconds = 15;

    CronBurst(CronTopics topics, InstantSource clock, News news) {
        this.topics = topics;
        this.clock = clock;
        this.news = news;
    }

    /** Schedules that are due once, all at the same instant; seconds from it until the last of their jobs can be read. */
    double due(int schedules) throws InterruptedException {
        while (true) {
            topics.watch(topics.states());
            Instant at =
                    clock.instant().truncatedTo(ChronoUnit.SECONDS).plusSeconds(leadSeconds + (long) schedules / 500);
            String name = "burst-" + bursts++ + "-";
            for (int i = 0; i < schedules; i++) {
                topics.define(CronTopics.schedule(name + i).setTimes(List.of(at)));
            }
            topics.await(schedules, name, "states of new schedules");
            topics.watch(topics.jobs());
            if (clock.instant().isBefore(at)) {
                TimeUnit.MILLISECONDS.sleep(
                        Duration.between(clock.instant(), at).toMillis());
                topics.await(schedules, name, "jobs");
                return Duration.between(at, clock.instant()).toNanos() / 1e9;
            }
            leadSeconds *= 2;
            news.step("their time had come before all were defined: once more, " + leadSeconds + " s ahead");
        }
    }

    /** A plain producer writes as many jobs and rows, in transactions of the size that the schedules' have. */
    double raw(int jobs) {
        topics.watch(topics.jobs());
        try (KafkaProducer<byte[], byte[]> plain =
                topics.producer(Map.of("transactional.id", "bench-raw-" + UUID.randomUUID()))) {
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
                pair(plain, "raw-" + i, at);
            }
            plain.commitTransaction();
            topics.await(jobs, "raw-", "jobs");
            return (System.nanoTime() - began) / 1e9;
        }
    }

    private void pair(KafkaProducer<byte[], byte[]> plain, String name, Instant at) {
        String id = TickIds.job(name, at) + ":r-" + UUID.randomUUID().toString().substring(0, 8);
        topics.send(
                plain,
                topics.jobs(),
                id,
                Job.newBuilder(CronTopics.template()).setId(id).build());
        topics.send(
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
}
