package io.quarry.local.bench;

import io.quarry.local.LogFile;
import io.quarry.local.bench.Installation.Drain;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Measures how fast workers take jobs that do nothing, beside the fastest loop that keeps the same promise. Both sides run as
 * processes of the same size on the same warm broker and alternate, A B A B; what is compared is the two of one round.
 */
public final class DispatchBench {
    /** Least share of the raw loop's rate that is accepted, and what is aimed at. */
    public static final double DRAIN_BAR = 0.7;

    public static final double DRAIN_GOAL = 0.9;

    /** Most that the median wait may be of the raw loop's, and what is aimed at. */
    public static final double P50_BAR = 2;

    public static final double P50_GOAL = 1.5;

    /** Most milliseconds that one in a hundred may wait on an idle machine. */
    public static final double P99_GOAL_MS = 20;

    private static final Duration PAUSE = Duration.ofMillis(20);
    private static final int MANY = 4;

    private final Settings settings;
    private final Consumer<String> news;

    private DispatchBench(Settings settings, Consumer<String> news) {
        this.settings = settings;
        this.news = news;
    }

    /**
     * How to measure.
     *
     * @param jobs jobs of one drain
     * @param rounds rounds, each with both sides
     * @param warmUp jobs that each process runs before it is measured
     * @param samples jobs submitted one by one to an idle worker, of a side in a round
     * @param withScheduler whether to measure with the scheduler running as well
     * @param recordings directory for a flight recording of each process; null for none
     */
    public record Settings(
            int jobs,
            int rounds,
            int warmUp,
            int samples,
            boolean withScheduler,
            @Nullable Path recordings) {
        public static Settings standard() {
            return new Settings(800, 5, 2500, 80, true, null);
        }
    }

    /** One side's figures of one round. */
    private record Round(Drain alone, Drain many, double p50, double p99) {}

    /**
     * One side's figures.
     *
     * @param drainPerSecond1 jobs a second with one worker
     * @param drainPerSecond4 jobs a second with four
     * @param startP50Ms median milliseconds from submit to start, idle
     * @param startP99Ms what one in a hundred waits longer than
     * @param cpuMsPerJob1 CPU milliseconds of one worker for each job of a drain
     * @param cpuMsPerJob4 the same of four workers together
     * @param brokerMsPerJob1 CPU milliseconds of the broker for each job of a drain by one worker
     * @param brokerMsPerJob4 the same by four
     */
    public record Figures(
            Spread drainPerSecond1,
            Spread drainPerSecond4,
            Spread startP50Ms,
            Spread startP99Ms,
            Spread cpuMsPerJob1,
            Spread cpuMsPerJob4,
            Spread brokerMsPerJob1,
            Spread brokerMsPerJob4) {}

    /**
     * Both sides under equal conditions. Ratios are ours to raw, round by round.
     *
     * @param cpuRatio1 CPU of worker and broker for each job together, one worker: other processes of the machine bend it less
     *     than they bend the rate
     * @param cpuRatio4 the same of four
     * @param doubledClaims jobs that were claimed twice, of either side: none is expected
     */
    public record Comparison(
            Spread drainRatio1,
            Spread drainRatio4,
            Spread p50Ratio,
            Spread cpuRatio1,
            Spread cpuRatio4,
            Figures quarry,
            Figures raw,
            int doubledClaims) {
        public boolean passed() {
            return within(DRAIN_BAR, P50_BAR);
        }

        public boolean goalMet() {
            return within(DRAIN_GOAL, P50_GOAL);
        }

        private boolean within(double drain, double p50) {
            return drainRatio1.median() >= drain
                    && drainRatio4.median() >= drain
                    && p50Ratio.median() <= p50
                    && quarry.startP99Ms().median() <= P99_GOAL_MS;
        }
    }

    /**
     * All figures.
     *
     * @param loops the loops alone: broker and workers
     * @param whole with the scheduler running, which reads and writes for each job of either side; null when not measured
     */
    public record Report(
            Settings settings, Comparison loops, @Nullable Comparison whole) {}

    /**
     * Runs the bench.
     *
     * @param scratch empty directory for everything that is written
     * @param news told a line before each step, for a person who waits
     */
    // The log is closed like any other resource; nothing else is done with it.
    @SuppressWarnings("try")
    public static Report run(Path scratch, Settings settings, Consumer<String> news) throws Exception {
        DispatchBench bench = new DispatchBench(settings, news);
        news.accept("starting the broker");
        Path ownLog = scratch.resolve("log");
        try (AutoCloseable log = LogFile.open(ownLog);
                Ground ground = Ground.start(scratch, settings.recordings());
                Installation installation =
                        new Installation("bench.", ground, scratch.resolve("bench"), settings.recordings(), ownLog)) {
            Comparison loops = bench.loops(installation);
            Comparison whole = settings.withScheduler() ? bench.whole(installation) : null;
            return new Report(settings, loops, whole);
        }
    }

    private Comparison loops(Installation installation) throws IOException, InterruptedException {
        String what = "loops alone: ";
        news.accept(what + "starting one process of each side");
        installation.grow(1, settings.warmUp());
        Map<Side, List<Drain>> one = drains(installation, what + "1 worker, ");
        Map<Side, List<List<Double>>> idle = idle(installation, what);
        news.accept(what + "starting the others");
        installation.grow(MANY, MANY * settings.warmUp());
        Map<Side, List<Drain>> four = drains(installation, what + MANY + " workers, ");
        return comparison(one, four, idle, installation.doubled());
    }

    /** The same processes, the other way round: many are there already. */
    private Comparison whole(Installation installation) throws InterruptedException {
        String what = "with the scheduler: ";
        news.accept(what + "starting it");
        installation.startScheduler(settings.jobs());
        Map<Side, List<Drain>> four = drains(installation, what + MANY + " workers, ");
        installation.shrink(1);
        Map<Side, List<Drain>> one = drains(installation, what + "1 worker, ");
        Map<Side, List<List<Double>>> idle = idle(installation, what);
        return comparison(one, four, idle, installation.doubled());
    }

    private Map<Side, List<List<Double>>> idle(Installation installation, String what) throws InterruptedException {
        Map<Side, List<List<Double>>> idle = new EnumMap<>(Side.class);
        for (int round = 1; round <= settings.rounds(); round++) {
            news.accept(what + "idle, round " + round + " of " + settings.rounds());
            for (Side side : Side.values()) {
                idle.computeIfAbsent(side, key -> new ArrayList<>())
                        .add(installation.idle(side, settings.samples(), PAUSE));
            }
        }
        return idle;
    }

    private Map<Side, List<Drain>> drains(Installation installation, String what) throws InterruptedException {
        Map<Side, List<Drain>> rates = new EnumMap<>(Side.class);
        for (int round = 1; round <= settings.rounds(); round++) {
            news.accept(what + "round " + round + " of " + settings.rounds());
            for (Side side : Side.values()) {
                rates.computeIfAbsent(side, key -> new ArrayList<>()).add(installation.drain(side, settings.jobs()));
            }
        }
        return rates;
    }

    private static <T> List<T> of(Map<Side, List<T>> all, Side side) {
        return all.getOrDefault(side, List.of());
    }

    private Comparison comparison(
            Map<Side, List<Drain>> one, Map<Side, List<Drain>> four, Map<Side, List<List<Double>>> idle, int doubled) {
        Map<Side, List<Round>> rounds = new EnumMap<>(Side.class);
        for (Side side : Side.values()) {
            List<Round> own = new ArrayList<>();
            for (int i = 0; i < settings.rounds(); i++) {
                List<Double> waits = of(idle, side).get(i);
                own.add(new Round(
                        of(one, side).get(i),
                        of(four, side).get(i),
                        Spread.quantile(waits, 0.5),
                        Spread.quantile(waits, 0.99)));
            }
            rounds.put(side, own);
        }
        List<Round> quarry = of(rounds, Side.QUARRY);
        List<Round> raw = of(rounds, Side.RAW);
        return new Comparison(
                ratio(quarry, raw, round -> round.alone().perSecond()),
                ratio(quarry, raw, round -> round.many().perSecond()),
                ratio(quarry, raw, Round::p50),
                ratio(
                        quarry,
                        raw,
                        round -> round.alone().cpuMillis() + round.alone().brokerMillis()),
                ratio(
                        quarry,
                        raw,
                        round -> round.many().cpuMillis() + round.many().brokerMillis()),
                figures(quarry),
                figures(raw),
                doubled);
    }

    private static Spread ratio(List<Round> quarry, List<Round> raw, ToDoubleFunction<Round> figure) {
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < quarry.size(); i++) {
            ratios.add(figure.applyAsDouble(quarry.get(i)) / figure.applyAsDouble(raw.get(i)));
        }
        return Spread.of(ratios);
    }

    private static Figures figures(List<Round> rounds) {
        return new Figures(
                spread(rounds, round -> round.alone().perSecond()),
                spread(rounds, round -> round.many().perSecond()),
                spread(rounds, Round::p50),
                spread(rounds, Round::p99),
                spread(rounds, round -> round.alone().cpuMillis()),
                spread(rounds, round -> round.many().cpuMillis()),
                spread(rounds, round -> round.alone().brokerMillis()),
                spread(rounds, round -> round.many().brokerMillis()));
    }

    private static Spread spread(List<Round> rounds, ToDoubleFunction<Round> figure) {
        return Spread.of(rounds.stream().mapToDouble(figure).boxed().toList());
    }
}
