package io.quarry.local.bench;

import io.quarry.avro.JobState;
import io.quarry.avro.State;
import io.quarry.local.LogFile;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/**
 * Measures how soon a scheduler that has lost its state directory serves again. The state is that of jobs whose whole lives
 * went through the lifecycle before, one in a hundred of them still queued. It serves when a job that was queued before the
 * loss is claimed and its row says so.
 */
public final class RestoreBench {
    /** Most seconds from the start of the process until it serves, at the standard number of jobs. */
    public static final double SECONDS_GOAL = 30;

    /** Most resident memory of the process, until it serves. */
    public static final long BYTES_GOAL = 1L << 30;

    private static final int QUEUED_OF = 100;
    private static final int TELL_EVERY = 2_000;
    private static final Duration LONGEST = Duration.ofHours(1);
    private static final Duration LOOK = Duration.ofMillis(50);

    private RestoreBench() {}

    /**
     * How to measure.
     *
     * @param jobs jobs of the state
     * @param rounds times that the state is lost
     * @param threads stream threads of each topology
     * @param recordings directory for a flight recording of each process; null for none
     */
    public record Settings(
            int jobs, int rounds, int threads, @Nullable Path recordings) {
        public static Settings standard() {
            return new Settings(1_000_000, 1, 1, null);
        }
    }

    /**
     * All figures.
     *
     * @param fillSeconds how long the lifecycle took for the jobs' lives
     * @param changelogBytes what the broker kept of them for the lifecycle, at the time of the first loss
     * @param readySeconds from the start of the process until its topologies ran
     * @param servesSeconds from the start of the process until it served
     * @param cpuSeconds CPU time of the process until then, which other processes of the machine bend less
     * @param peakBytes highest resident memory of the process until then
     */
    public record Report(
            Settings settings,
            double fillSeconds,
            long changelogBytes,
            Spread readySeconds,
            Spread servesSeconds,
            Spread cpuSeconds,
            Spread peakBytes) {
        public boolean passed() {
            return servesSeconds.median() <= SECONDS_GOAL && peakBytes.median() <= BYTES_GOAL;
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
                Control control = new Control(
                        with(ground.settings("restore."), settings.threads()),
                        scratch.resolve("restore"),
                        settings.recordings());
                Lives lives = new Lives(ground.settings("restore."), control.topics(), clock.instant())) {
            Child unused = control.start();
            long began = System.nanoTime();
            fill(settings.jobs(), lives, control, news);
            double fillSeconds = (System.nanoTime() - began) / 1e9;
            control.stop();
            long changelogBytes = control.changelogBytes();
            double[] ready = new double[settings.rounds()];
            double[] serves = new double[settings.rounds()];
            double[] cpu = new double[settings.rounds()];
            double[] peak = new double[settings.rounds()];
            Attendance attendance = new Attendance();
            attendance.enter("the broker", ground.broker()::end);
            for (int round = 0; round < settings.rounds(); round++) {
                news.step("the state directory is gone: restoring, round " + (round + 1) + " of " + settings.rounds());
                control.forget();
                try (Rows rows =
                        new Rows(ground.settings("restore."), control.topics().states())) {
                    long started = System.nanoTime();
                    Child scheduler = control.start();
                    attendance.enter("the scheduler", scheduler::end);
                    ready[round] = (System.nanoTime() - started) / 1e9;
                    long queued = (long) round * QUEUED_OF;
                    lives.claim(queued, true);
                    lives.flush();
                    rows.awaitRunning(Lives.id(queued), LONGEST, attendance);
                    serves[round] = (System.nanoTime() - started) / 1e9;
                    cpu[round] = scheduler.cpu().toNanos() / 1e9;
                    peak[round] = scheduler.peakBytes();
                }
                control.stop();
            }
            return new Report(
                    settings, fillSeconds, changelogBytes, spread(ready), spread(serves), spread(cpu), spread(peak));
        }
    }

    private static Map<String, String> with(Map<String, String> settings, int threads) {
        settings.put("scheduler.threads", Integer.toString(threads));
        return settings;
    }

    private static Spread spread(double[] rounds) {
        return Spread.of(java.util.Arrays.stream(rounds).boxed().toList());
    }

    /** Every hundredth job stays in its queue. */
    private static void fill(int jobs, Lives lives, Control control, News news) throws InterruptedException {
        for (int number = 0; number < jobs; number++) {
            if (number % QUEUED_OF == 0) {
                lives.submit(number);
            } else {
                lives.whole(number);
            }
            if (number % TELL_EVERY == 0) {
                news.share("writing the events of " + jobs + " jobs", (double) number / jobs);
            }
        }
        lives.flush();
        control.awaitTakenIn(control.ends(), LONGEST, "the lifecycle takes in " + jobs + " jobs", news);
    }

    /** The rows that are written from now on. */
    private static final class Rows implements AutoCloseable {
        private final KafkaConsumer<byte[], byte[]> consumer;
        private final Deserializer<JobState> states;

        Rows(Map<String, String> settings, String topic) {
            this.states = WireSerdes.of(settings).deserializer(JobState.class);
            this.consumer = LogEnd.consumer(
                    settings, Map.of("client.id", "bench-" + UUID.randomUUID(), "isolation.level", "read_committed"));
            LogEnd.seek(consumer, List.of(topic));
        }

        /** Waits for the row of a job that was queued before: running, and with the source of its submission. */
        void awaitRunning(String id, Duration longest, Attendance attendance) {
            long end = System.nanoTime() + longest.toNanos();
            while (System.nanoTime() < end) {
                attendance.check();
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(LOOK)) {
                    if (record.value() != null && id.equals(new String(record.key(), StandardCharsets.UTF_8))) {
                        JobState row = states.deserialize(record.topic(), record.value());
                        if (row.getState() != State.RUNNING || row.getHistory().size() != 2) {
                            throw new IllegalStateException(
                                    "the job that was queued came back as " + row.getState() + " with "
                                            + row.getHistory().size() + " lines of history: its row was not restored");
                        }
                        return;
                    }
                }
            }
            throw new IllegalStateException("no row came within " + longest.toSeconds() + " s");
        }

        @Override
        public void close() {
            consumer.close();
        }
    }
}
