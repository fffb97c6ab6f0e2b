package io.quarry.local.bench;

import io.quarry.local.LogFile;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Measures schedules: how long it takes until the jobs of many that are due at once are in their topic, beside a plain transactional
 * producer that writes as many; how late ticks of one second are; what many schedules cost that have nothing to do; and how
 * soon they tick again when the state directory is lost.
 */
public final class CronBench {
    /** Most seconds from the instant until all triggers of ten thousand schedules are in the topic. */
    public static final double SECONDS_GOAL = 2;

    /** What a process that has just started still does is not what idling costs. */
    private static final int SETTLE_SECONDS = 15;

    private CronBench() {}

    /**
     * How to measure.
     *
     * @param due schedules that are due at once
     * @param rounds how often they are
     * @param idle schedules that have nothing to do
     * @param seconds how long ticks of a second are watched, on a hundred schedules
     * @param recordings directory for a flight recording of each process; null for none
     */
    public record Settings(
            int due,
            int rounds,
            int idle,
            int seconds,
            @Nullable Path recordings) {
        public static Settings standard() {
            return new Settings(10_000, 5, 100_000, 600, null);
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
     * @param late how late the jobs of ticks of a second could be read
     * @param idle CPU of the scheduler with nothing due
     * @param restoreSeconds from the start of a process without state until each schedule that ticks has done so
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
                Ground ground = Ground.start(scratch, settings.recordings());
                Control control =
                        new Control(ground.settings("cron."), scratch.resolve("cron"), settings.recordings());
                CronTopics topics = new CronTopics(ground.settings("cron."), control.topics())) {
            CronBurst bench = new CronBurst(topics, clock, news);
            Child scheduler = control.start();
            double without = idle(scheduler, "without any schedule", news);
            List<Double> burst = new ArrayList<>();
            List<Double> raw = new ArrayList<>();
            // One round more than is shown: the first meets a process that is still being compiled.
            for (int round = 0; round <= settings.rounds(); round++) {
                news.step("round " + round + ": " + settings.due() + " schedules due at once");
                double seconds = bench.due(settings.due());
                double plain = bench.raw(settings.due());
                if (round > 0) {
                    burst.add(seconds);
                    raw.add(plain);
                }
            }
            news.step("defining " + settings.idle() + " schedules that have nothing to do");
            defineIdle(topics, settings.idle());
            double with = idle(scheduler, "with " + settings.idle() + " schedules that are not due", news);
            news.step("a hundred schedules tick each second for " + settings.seconds() + " s");
            Late late = CronLateness.of(topics, settings.seconds(), clock);
            long peak = scheduler.peakBytes();
            control.stop();
            control.forget();
            news.step("the state directory is gone: restoring");
            topics.watch(topics.jobs());
            long began = System.nanoTime();
            Child unused = control.start();
            topics.awaitEach(CronLateness.SCHEDULES, CronLateness.NAME);
            double restore = (System.nanoTime() - began) / 1e9;
            return new Report(settings, Spread.of(burst), Spread.of(raw), late, new Idle(with, without), restore, peak);
        }
    }

    private static void defineIdle(CronTopics topics, int schedules) {
        topics.watch(topics.states());
        for (int i = 0; i < schedules; i++) {
            topics.define(CronTopics.schedule("idle-" + i)
                    .setCron("0 0 29 2 " + i % 7)
                    .setStart(Instant.parse("2096-01-01T00:00:00Z")));
        }
        topics.await(schedules, "idle-", "states of new schedules");
    }

    private static double idle(Child scheduler, String what, News news) throws InterruptedException {
        news.step("idle cost " + what);
        TimeUnit.SECONDS.sleep(SETTLE_SECONDS);
        Duration before = scheduler.cpu();
        long began = System.nanoTime();
        TimeUnit.SECONDS.sleep(20);
        return scheduler.cpu().minus(before).toNanos() / 1e6 / ((System.nanoTime() - began) / 1e9);
    }
}
