package io.quarry.local.bench;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** How late ticks of one second are. */
final class CronLateness {
    static final int SCHEDULES = 100;
    static final String NAME = "second-";

    private CronLateness() {}

    /** How late the jobs of a hundred schedules with a tick a second can be read by a worker: their transactions are over. */
    static CronBench.Late of(CronTopics topics, int seconds, InstantSource clock) {
        topics.watch(topics.jobs());
        for (int i = 0; i < SCHEDULES; i++) {
            topics.define(CronTopics.schedule(NAME + i).setEveryMs(1000L));
        }
        List<Double> late = new ArrayList<>();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds + 5L);
        while (System.nanoTime() < end && late.size() < (long) seconds * SCHEDULES) {
            Iterable<ConsumerRecord<byte[], byte[]>> news = topics.news();
            long now = clock.millis();
            for (ConsumerRecord<byte[], byte[]> record : news) {
                String id = new String(record.key(), StandardCharsets.UTF_8);
                if (id.startsWith(NAME)) {
                    Instant tick = Instant.parse(id.substring(id.indexOf(':') + 1));
                    late.add((double) now - tick.toEpochMilli());
                }
            }
        }
        if (late.isEmpty()) {
            throw new IllegalStateException("no tick of a second came");
        }
        List<Double> sorted = late.stream().sorted().toList();
        return new CronBench.Late(sorted.get(sorted.size() / 2), sorted.get(sorted.size() * 99 / 100));
    }
}
