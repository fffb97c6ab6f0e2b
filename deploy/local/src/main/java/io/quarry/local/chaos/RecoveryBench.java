package io.quarry.local.chaos;

import io.quarry.local.chaos.ChaosSettings.Timing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures how long it takes from the death of a running job's worker until the job is claimed by another one, for each way
 * to die: killed and started again half a second later, when its successor says what it had in hand; paused or cut off, when
 * nobody says anything and the lease has to run out.
 */
public final class RecoveryBench {
    private static final Logger LOG = LoggerFactory.getLogger(RecoveryBench.class);
    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final int WORKERS = 2;
    private static final long ROWS = 250_000;

    private final Path directory;
    private final Clock clock;
    private final int rounds;
    private final Consumer<String> progress;
    private int job;

    /** Seconds until the job was claimed again. */
    public record Seconds(double min, double median, double max) {}

    private RecoveryBench(Path directory, Clock clock, int rounds, Consumer<String> progress) {
        this.directory = directory;
        this.clock = clock;
        this.rounds = rounds;
        this.progress = progress;
    }

    /**
     * Measures with a lease of two seconds and with the standard one of thirty.
     *
     * @param directory an empty directory; whoever made it removes it
     * @param rounds measurements of each kind
     * @return by timing, {@code lease_2s} and {@code standard}, and by kind of death
     * @throws TimeoutException when a job is not claimed again for minutes
     */
    public static Map<String, Map<String, Seconds>> run(
            Path directory, Clock clock, int rounds, Consumer<String> progress)
            throws IOException, InterruptedException, TimeoutException {
        RecoveryBench bench = new RecoveryBench(directory, clock, rounds, progress);
        Map<String, Map<String, Seconds>> all = new LinkedHashMap<>();
        all.put("lease_2s", bench.with("lease-2s", Timing.SHORT));
        all.put("standard", bench.with("standard", Timing.STANDARD));
        return all;
    }

    private Map<String, Seconds> with(String name, Timing timing)
            throws IOException, InterruptedException, TimeoutException {
        Path place = Files.createDirectories(directory.resolve(name));
        ChaosSettings settings = new ChaosSettings(
                1, Duration.ofMinutes(1), 1, WORKERS, 2, Set.of(), ChaosSettings.GAP, timing, place, clock);
        Map<String, Seconds> measured = new LinkedHashMap<>();
        try (Installation installation = Installation.start(settings, progress);
                Submitter submitter = new Submitter(installation.settings(), installation.topics(), clock);
                Observer observer =
                        new Observer(installation.settings(), installation.topics(), Installation.PARTITIONS)) {
            for (FaultKind kind : List.of(FaultKind.KILL_WORKER, FaultKind.PAUSE_WORKER, FaultKind.CUT_WORKER)) {
                List<Double> seconds = new ArrayList<>();
                for (int round = 0; round < rounds; round++) {
                    double taken = once(kind, installation, submitter, observer.sightings());
                    progress.accept(name + "  " + kind.flag() + "  " + taken + " s");
                    seconds.add(taken);
                }
                seconds.sort(null);
                measured.put(
                        kind.flag(),
                        new Seconds(seconds.get(0), seconds.get(seconds.size() / 2), seconds.get(seconds.size() - 1)));
            }
        }
        return measured;
    }

    private double once(FaultKind kind, Installation installation, Submitter submitter, Sightings seen)
            throws IOException, InterruptedException, TimeoutException {
        Question question = new Question("recovery-" + ++job, 0, ROWS, true);
        submitter.submit(question);
        await("the job was never claimed", () -> runner(seen, question.id()) >= 0);
        int worker = runner(seen, question.id());
        int claims = seen.claims(question.id());
        LOG.atInfo()
                .addKeyValue("fault", kind.flag())
                .addKeyValue("worker", Installation.workerName(worker))
                .log("fault begins");
        long began = System.nanoTime();
        strike(kind, installation, worker);
        try {
            await("the job was not claimed again", () -> seen.claims(question.id()) > claims);
            return Math.round((System.nanoTime() - began) / 1e7) / 100.0;
        } finally {
            installation.workerAt(worker).resume();
            installation.wireOfWorker(worker).set(Proxy.Wire.WHOLE);
            await("the job was never done", () -> seen.isFinal(question.id()));
            // The next job has to have two workers to choose from.
            int before = seen.claimsOf(Installation.workerName(worker));
            await("the worker came not back", () -> {
                if (seen.claimsOf(Installation.workerName(worker)) > before) {
                    return true;
                }
                if (seen.allFinal()) {
                    submitter.submit(new Question("fill-" + ++job, 0, 10, false));
                }
                return false;
            });
        }
    }

    private static void strike(FaultKind kind, Installation installation, int worker)
            throws IOException, InterruptedException {
        switch (kind) {
            case KILL_WORKER -> installation.workerAt(worker).kill();
            case PAUSE_WORKER -> installation.workerAt(worker).pause();
            default -> installation.wireOfWorker(worker).set(Proxy.Wire.SILENT);
        }
    }

    private static int runner(Sightings seen, String job) {
        for (int i = 0; i < WORKERS; i++) {
            if (seen.running(Installation.workerName(i)).filter(job::equals).isPresent()) {
                return i;
            }
        }
        return -1;
    }

    private static void await(String otherwise, BooleanSupplier done) throws InterruptedException, TimeoutException {
        long began = System.nanoTime();
        while (!done.getAsBoolean()) {
            if (System.nanoTime() - began > LIMIT.toNanos()) {
                throw new TimeoutException(otherwise + " within " + LIMIT.toSeconds() + " s");
            }
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }
}
