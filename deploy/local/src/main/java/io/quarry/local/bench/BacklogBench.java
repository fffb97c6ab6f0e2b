package io.quarry.local.bench;

import io.quarry.local.LogFile;
import io.quarry.schemas.Topics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Measures what one job costs while few and while many wait behind it: the worker, the broker and the lifecycle.
 *
 * <p>Each size has a queue and a warm worker of its own on one broker. They are measured in turn, again and again; while one
 * is, the others are held in a job and out of their queues. A queue keeps its length, since for every job that is taken one is
 * appended: the broker's cost of a job is that of submitting it, handing it out and logging its claim and its end.
 */
public final class BacklogBench {
    /** Most that a job may cost at any size, as a multiple of what it costs at the first one. */
    public static final double GOAL = 1.1;

    private static final int SETTLE = 200;

    /** Lives that the scheduler sees before it is measured, as a multiple of those of one measurement. */
    private static final int WARM_LIVES = 20;

    private static final long LEFT_NANOS = Duration.ofMillis(1500).toNanos();
    private static final Duration UP = Duration.ofMinutes(1);
    private static final Duration LONGEST = Duration.ofMinutes(5);

    private final Settings settings;
    private final News news;

    private BacklogBench(Settings settings, News news) {
        this.settings = settings;
        this.news = news;
    }

    /**
     * How to measure.
     *
     * @param sizes lengths of the queues, ascending; the first one is what the others are compared with
     * @param jobs jobs of one measurement
     * @param rounds measurements of each size
     * @param warmUp jobs that each worker runs before it is measured
     * @param lifecycle whether to measure the lifecycle as well
     * @param recordings directory for a flight recording of each process; null for none
     */
    public record Settings(
            List<Integer> sizes,
            int jobs,
            int rounds,
            int warmUp,
            boolean lifecycle,
            @Nullable Path recordings) {
        public Settings {
            sizes = List.copyOf(sizes);
        }

        public static Settings standard() {
            return new Settings(List.of(100, 10_000, 1_000_000), 2_000, 5, 4_000, true, null);
        }
    }

    /**
     * What a job cost at one size.
     *
     * @param perSecond jobs a second with one worker
     * @param workerMs CPU milliseconds of the worker
     * @param brokerMs CPU milliseconds of the broker
     * @param ratio both together to both at the first size, round by round
     */
    public record Dispensing(Spread perSecond, Spread workerMs, Spread brokerMs, Spread ratio) {}

    /**
     * What the life of a job, from submitted to succeeded, cost the lifecycle while so many others were queued.
     *
     * @param schedulerMs CPU milliseconds of the scheduler
     * @param brokerMs CPU milliseconds of the broker
     * @param ratio the scheduler's to the middle one at the first size
     */
    public record Keeping(Spread schedulerMs, Spread brokerMs, Spread ratio) {}

    /**
     * One size.
     *
     * @param lifecycle null when not measured
     */
    public record Size(
            int queued, Dispensing dispensing, @Nullable Keeping lifecycle) {
        boolean passed() {
            return dispensing.ratio().median() <= GOAL
                    && (lifecycle == null || lifecycle.ratio().median() <= GOAL);
        }
    }

    /** All figures. */
    public record Report(Settings settings, List<Size> sizes) {
        public Report {
            sizes = List.copyOf(sizes);
        }

        public boolean passed() {
            return sizes.stream().allMatch(Size::passed);
        }
    }

    private record Cost(double perSecond, double workerMs, double brokerMs) {
        double together() {
            return workerMs + brokerMs;
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
        BacklogBench bench = new BacklogBench(settings, news);
        news.step("starting the broker");
        try (AutoCloseable log = LogFile.open(scratch.resolve("log"));
                Ground ground = Ground.start(scratch, settings.recordings())) {
            Map<Integer, Dispensing> dispensing = bench.dispensing(ground, scratch.resolve("queues"));
            Map<Integer, Keeping> keeping =
                    settings.lifecycle() ? bench.lifecycle(ground, scratch.resolve("lifecycle"), clock) : Map.of();
            return new Report(
                    settings,
                    dispensing.entrySet().stream()
                            .map(size -> new Size(size.getKey(), size.getValue(), keeping.get(size.getKey())))
                            .toList());
        }
    }

    // ---- worker and broker

    private Map<Integer, Dispensing> dispensing(Ground ground, Path home) throws Exception {
        Map<String, String> common = ground.settings("backlog.");
        common.putAll(Workers.SETTINGS);
        List<String> groups = settings.sizes().stream().map(BacklogBench::group).toList();
        Map<Integer, Child> workers = new HashMap<>();
        try (Queues queues = new Queues(common, new Topics("backlog."), groups)) {
            int taken = settings.warmUp() + settings.rounds() * (settings.jobs() + SETTLE + 200) + 1_000;
            for (int size : settings.sizes()) {
                news.step("filling a queue of " + size);
                queues.fill(group(size), size, taken, news);
            }
            Files.createDirectories(home);
            String classPath = Workers.classPath(home);
            for (int size : settings.sizes()) {
                Files.createFile(hold(home, size));
                Map<String, String> own = new HashMap<>(common);
                own.put(HeldHandler.FILE, hold(home, size).toString());
                String name = group(size) + "-1";
                workers.put(
                        size,
                        Child.start(
                                home.resolve(name),
                                new Child.Program(
                                        Side.QUARRY.mainClass(),
                                        List.of(Workers.settings(own, home, name, group(size))),
                                        Workers.HEAP,
                                        classPath,
                                        settings.recordings())));
            }
            for (Child worker : workers.values()) {
                String unused = worker.awaitReady(UP);
            }
            for (int size : settings.sizes()) {
                news.step("warming the worker of the queue of " + size);
                Files.delete(hold(home, size));
                runUntil(queues, size, settings.warmUp());
                hold(queues, home, size);
            }
            Map<Integer, List<Cost>> costs = new LinkedHashMap<>();
            for (int round = 1; round <= settings.rounds(); round++) {
                for (int size : settings.sizes()) {
                    news.step("round " + round + " of " + settings.rounds() + ", a queue of " + size);
                    Files.delete(hold(home, size));
                    costs.computeIfAbsent(size, key -> new ArrayList<>())
                            .add(measure(queues, size, ground.broker(), workers.get(size)));
                    hold(queues, home, size);
                }
            }
            return dispensing(costs);
        } finally {
            workers.values().forEach(Child::requestStop);
            workers.values().forEach(Child::close);
        }
    }

    private static String group(int size) {
        return "queue-" + size;
    }

    private static Path hold(Path home, int size) {
        return home.resolve("hold-" + size);
    }

    /** Holds the worker in its next job until it has left its queue, which it does after a second. */
    private static void hold(Queues queues, Path home, int size) throws IOException {
        Files.createFile(hold(home, size));
        long end = System.nanoTime() + LEFT_NANOS;
        while (System.nanoTime() < end) {
            queues.keepUp();
        }
    }

    private static void runUntil(Queues queues, int size, long claims) {
        long end = System.nanoTime() + LONGEST.toNanos();
        while (queues.claimed(group(size)) < claims) {
            queues.keepUp();
            if (System.nanoTime() > end) {
                throw new IllegalStateException("the worker of the queue of " + size + " claimed only "
                        + queues.claimed(group(size)) + " of " + claims + " jobs");
            }
        }
    }

    private Cost measure(Queues queues, int size, Child broker, @Nullable Child worker) {
        if (worker == null) {
            throw new IllegalStateException("the queue of " + size + " has no worker");
        }
        runUntil(queues, size, queues.claimed(group(size)) + SETTLE);
        long claims = queues.claimed(group(size));
        Duration workerCpu = worker.cpu();
        Duration brokerCpu = broker.cpu();
        long began = System.nanoTime();
        runUntil(queues, size, claims + settings.jobs());
        double jobs = queues.claimed(group(size)) - claims;
        return new Cost(
                jobs / ((System.nanoTime() - began) / 1e9),
                millis(worker.cpu().minus(workerCpu)) / jobs,
                millis(broker.cpu().minus(brokerCpu)) / jobs);
    }

    private Map<Integer, Dispensing> dispensing(Map<Integer, List<Cost>> costs) {
        List<Cost> first = costs.values().iterator().next();
        Map<Integer, Dispensing> all = new LinkedHashMap<>();
        costs.forEach((size, own) -> {
            List<Double> ratios = new ArrayList<>();
            for (int i = 0; i < own.size(); i++) {
                ratios.add(own.get(i).together() / first.get(i).together());
            }
            all.put(
                    size,
                    new Dispensing(
                            spread(own, Cost::perSecond),
                            spread(own, Cost::workerMs),
                            spread(own, Cost::brokerMs),
                            Spread.of(ratios)));
        });
        return all;
    }

    private static Spread spread(List<Cost> costs, ToDoubleFunction<Cost> figure) {
        return Spread.of(costs.stream().mapToDouble(figure).boxed().toList());
    }

    // ---- lifecycle

    /** Whole lives while the number of queued jobs grows from one size to the next. */
    private Map<Integer, Keeping> lifecycle(Ground ground, Path home, InstantSource clock) throws Exception {
        try (Control control = new Control(ground.settings("lives."), home, settings.recordings());
                Lives lives = new Lives(ground.settings("lives."), control.topics(), clock.instant())) {
            news.step("lifecycle: starting the scheduler");
            Child scheduler = control.start();
            // Queued jobs have numbers from 0 on, those that are measured others from far above.
            long measured = 1L << 40;
            // The sizes can only grow: a scheduler that is still being compiled would look cheaper with each of them.
            news.step("lifecycle: warming the scheduler");
            measured = wholeLives(control, lives, measured, WARM_LIVES * settings.jobs());
            long queued = 0;
            double first = 0;
            Map<Integer, Keeping> all = new LinkedHashMap<>();
            for (int size : settings.sizes()) {
                String what = "lifecycle: " + size + " queued jobs";
                news.step(what);
                for (; queued < size; queued++) {
                    lives.submit(queued);
                }
                lives.flush();
                control.awaitTakenIn(control.ends(), LONGEST.multipliedBy(6), what, news);
                List<Cost> costs = new ArrayList<>();
                for (int round = 1; round <= settings.rounds(); round++) {
                    news.step(what + ", round " + round + " of " + settings.rounds());
                    Duration schedulerCpu = scheduler.cpu();
                    Duration brokerCpu = ground.broker().cpu();
                    measured = wholeLives(control, lives, measured, settings.jobs());
                    costs.add(new Cost(
                            0,
                            millis(scheduler.cpu().minus(schedulerCpu)) / settings.jobs(),
                            millis(ground.broker().cpu().minus(brokerCpu)) / settings.jobs()));
                }
                Spread schedulerMs = spread(costs, Cost::workerMs);
                double compared = first == 0 ? schedulerMs.median() : first;
                first = compared;
                all.put(
                        size,
                        new Keeping(
                                schedulerMs,
                                spread(costs, Cost::brokerMs),
                                spread(costs, cost -> cost.workerMs() / compared)));
            }
            return all;
        }
    }

    private long wholeLives(Control control, Lives lives, long from, int jobs) throws InterruptedException {
        for (long number = from; number < from + jobs; number++) {
            lives.whole(number);
        }
        lives.flush();
        control.awaitTakenIn(control.ends(), LONGEST, "", new Silent());
        return from + jobs;
    }

    private static double millis(Duration duration) {
        return duration.toNanos() / 1e6;
    }

    private static final class Silent implements News {
        @Override
        public void step(String what) {}

        @Override
        public void share(String what, double fraction) {}
    }
}
