package io.quarry.scheduler.lifecycle;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.Manifest;
import io.quarry.avro.Outcome;
import io.quarry.avro.Progress;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.Source;
import io.quarry.scheduler.TestWire;
import io.quarry.scheduler.streams.StreamsApp;
import io.quarry.scheduler.streams.Wire;
import io.quarry.schemas.Topics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Function;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;

/**
 * A log that leads jobs through what they may meet, and what a version of the lifecycle made of it: written down once per
 * version (by {@link #main}), so that every later one can be shown to go on from there.
 *
 * @param events the log, oldest first
 * @param rows the store of rows after the first half of it
 * @param timers the store of timers after the first half of it
 * @param states the last row of each job after all of it
 */
record Recording(List<Line> events, List<Line> rows, List<Line> timers, List<Line> states) {
    private static final Topics TOPICS = Topics.withDefaultPrefix();
    private static final Instant T0 = Instant.parse("2026-03-01T10:00:00Z");

    static final LifecycleSettings SETTINGS = new LifecycleSettings(
            TOPICS,
            30,
            Duration.ofSeconds(1),
            Duration.ofSeconds(30),
            Duration.ofDays(30),
            Duration.ofDays(30),
            Duration.ofSeconds(5));

    /** A record: key, value, append time. */
    @SuppressWarnings("ArrayRecordComponent") // bytes are handed through, never compared
    record Line(byte[] key, byte[] value, Instant at) {
        String text() {
            Base64.Encoder encoder = Base64.getEncoder();
            return at.toEpochMilli() + " " + encoder.encodeToString(key) + " " + encoder.encodeToString(value);
        }

        static Line of(String text) {
            String[] parts = text.split(" ", -1);
            Base64.Decoder decoder = Base64.getDecoder();
            return new Line(
                    decoder.decode(parts[1]), decoder.decode(parts[2]), Instant.ofEpochMilli(Long.parseLong(parts[0])));
        }
    }

    /** Writes what this version makes of the log to a directory: {@code src/test/resources/recorded/<version>}. */
    public static void main(String[] args) throws IOException {
        Path directory = Path.of(args[0]);
        Path state = Files.createTempDirectory("recording");
        Files.createDirectories(directory);
        TestWire wire = TestWire.recording();
        List<Line> events = new Scenario(wire).lines();
        Recording made;
        try (TopologyTestDriver driver = driver(wire, state)) {
            TestInputTopic<byte[], byte[]> in = input(driver);
            int half = events.size() / 2;
            events.subList(0, half).forEach(line -> in.pipeInput(line.key, line.value, line.at));
            List<Line> rows = new ArrayList<>();
            rows.addAll(rows(driver));
            List<Line> timers = new ArrayList<>();
            try (var all = driver.<Bytes, byte[]>getKeyValueStore(LifecycleTopology.TIMERS)
                    .all()) {
                all.forEachRemaining(e -> timers.add(new Line(e.key.get(), e.value, T0)));
            }
            events.subList(half, events.size()).forEach(line -> in.pipeInput(line.key, line.value, line.at));
            made = new Recording(events, rows, timers, rows(driver));
        }
        write(directory.resolve("events.txt"), made.events);
        write(directory.resolve("rows.txt"), made.rows);
        write(directory.resolve("timers.txt"), made.timers);
        write(directory.resolve("states.txt"), made.states);
    }

    /** The lifecycle without a broker, with a group of two attempts and pods. */
    static TopologyTestDriver driver(TestWire wire, Path state) {
        return driver(wire, state, Stores::persistentKeyValueStore);
    }

    /** The same over stores of the caller's. */
    static TopologyTestDriver driver(TestWire wire, Path state, Function<String, KeyValueBytesStoreSupplier> stores) {
        Properties p = StreamsApp.properties(
                "lifecycle", Map.of("bootstrap.servers", "none:1"), Map.of("state.dir", state.toString()));
        TopologyTestDriver driver =
                new TopologyTestDriver(new LifecycleTopology(SETTINGS, () -> wire, () -> "", Map::of, stores).get(), p);
        ResourceGroup group = ResourceGroup.newBuilder()
                .setName("default")
                .setWorker(new Resources(1L, 1L, 1L))
                .setOversizeCeiling(new Resources(100L, 100L, 100L))
                .setMaxAttempts(2)
                .setBackoffMs(4000)
                .build();
        driver.createInputTopic(TOPICS.groups(), new ByteArraySerializer(), new ByteArraySerializer())
                .pipeInput(utf8("default"), wire.write("", group));
        return driver;
    }

    static TestInputTopic<byte[], byte[]> input(TopologyTestDriver driver) {
        return driver.createInputTopic(TOPICS.events(), new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** The last row of each job, in the order of their keys. */
    static List<Line> rows(TopologyTestDriver driver) {
        KeyValueStore<String, byte[]> store = driver.getKeyValueStore(LifecycleTopology.ROWS);
        List<Line> rows = new ArrayList<>();
        try (var all = store.all()) {
            all.forEachRemaining(entry -> rows.add(new Line(utf8(entry.key), entry.value, T0)));
        }
        return rows;
    }

    static Recording read(String version) {
        return new Recording(
                read(version, "events.txt"),
                read(version, "rows.txt"),
                read(version, "timers.txt"),
                read(version, "states.txt"));
    }

    private static List<Line> read(String version, String file) {
        try {
            return Files.readAllLines(Path.of("src", "test", "resources", "recorded", version, file)).stream()
                    .map(Line::of)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(Path file, List<Line> lines) throws IOException {
        Files.write(file, lines.stream().map(Line::text).toList());
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Makes the log. */
    private static final class Scenario {
        private final Wire wire;
        private final List<Line> lines = new ArrayList<>();
        private Instant now = T0;

        Scenario(Wire wire) {
            this.wire = wire;
        }

        List<Line> lines() {
            for (int i = 0; i < 12; i++) {
                submit("job-" + i, i, null);
            }
            submit("by", 20, T0.plusSeconds(40));
            submitOversize("pod", 0);
            submitOversize("pod-broken", 1);
            ticks(2);
            run("job-0", 1, "a0", Outcome.SUCCEEDED, null);
            run("job-1", 1, "a1", Outcome.RETRIABLE, CauseType.TRANSIENT_FAILURE);
            run("job-2", 1, "a2", Outcome.FAILED, CauseType.USER_ERROR);
            run("job-3", 1, "a3", Outcome.HANDED_BACK, CauseType.HANDED_BACK);
            run("job-4", 1, "a4", Outcome.MISPLACED, CauseType.MISPLACED);
            claim("job-5", 1, "a5");
            beat("job-5", "a5");
            claim("job-6", 1, "a6");
            claim("job-7", 1, "a7");
            beat("job-7", "a7");
            cancel("job-8");
            submit("job-9", 30, null);
            event(begin(JobEventType.WORKER_DIED, "job-6").setClaim("a6").setCause(cause(CauseType.OOM_KILLED)));
            event(begin(JobEventType.LAUNCHED, "pod").setAttempt(1).setClaim("p1"));
            claim("pod", 1, "p1");
            event(begin(JobEventType.POD_FAILED, "pod-broken").setAttempt(1).setCause(cause(CauseType.POD_FAILED)));
            ticks(6);
            enqueued("job-1", 2, 0);
            enqueued("job-3", 2, 1);
            run("job-1", 2, "b1", Outcome.RETRIABLE, CauseType.DISK_FULL);
            beat("job-5", "stranger");
            ticks(15);
            beat("job-5", "a5");
            event(begin(JobEventType.PASSED, "").setSource(new Source(TOPICS.jobs("default"), 11L)));
            enqueued("job-10", 1, 2);
            ticks(40);
            beat("job-5", "a5");
            run("job-3", 2, "b3", Outcome.SUCCEEDED, null);
            cancel("not-seen-yet");
            submit("not-seen-yet", 31, null);
            ticks(8);
            enqueued("job-7", 2, 3);
            claim("job-7", 2, "b7");
            beat("job-7", "a7");
            run("job-10", 1, "a10", Outcome.SUCCEEDED, null);
            event(begin(JobEventType.FINISHED, "job-7").setClaim("b7").setOutcome(Outcome.SUCCEEDED));
            ticks(40);
            return List.copyOf(lines);
        }

        private void submit(String id, long offset, @Nullable Instant startBy) {
            event(begin(JobEventType.SUBMITTED, id)
                    .setJob(job(id, startBy))
                    .setSource(new Source(TOPICS.jobs("default"), offset)));
        }

        private void submitOversize(String id, long offset) {
            event(begin(JobEventType.SUBMITTED, id)
                    .setJob(job(id, null))
                    .setSource(new Source(TOPICS.oversize(), offset)));
        }

        private static Job job(String id, @Nullable Instant startBy) {
            return Job.newBuilder()
                    .setId(id)
                    .setKind("nothing")
                    .setName("job " + id)
                    .setTags(Map.of("team", "blue"))
                    .setStartBy(startBy)
                    .build();
        }

        private void run(String id, int attempt, String claim, Outcome outcome, @Nullable CauseType cause) {
            claim(id, attempt, claim);
            beat(id, claim);
            event(begin(JobEventType.FINISHED, id)
                    .setClaim(claim)
                    .setOutcome(outcome)
                    .setCause(cause == null ? null : cause(cause))
                    .setManifest(
                            outcome == Outcome.SUCCEEDED
                                    ? Manifest.newBuilder()
                                            .setLocation("file:/data/" + id)
                                            .setRows(7)
                                            .setBytes(70)
                                            .build()
                                    : null));
        }

        private void claim(String id, int attempt, String claim) {
            event(begin(JobEventType.CLAIMED, id)
                    .setAttempt(attempt)
                    .setClaim(claim)
                    .setWorker("worker-" + claim)
                    .setStarted(false)
                    .setJob(job(id, null)));
        }

        private void beat(String id, String claim) {
            event(begin(JobEventType.HEARTBEAT, id)
                    .setClaim(claim)
                    .setStarted(true)
                    .setProgress(Progress.newBuilder().setPhase("query").build()));
        }

        private void enqueued(String id, int attempt, long offset) {
            event(begin(JobEventType.ENQUEUED, id)
                    .setAttempt(attempt)
                    .setSource(new Source(TOPICS.retries("default"), offset)));
        }

        private void cancel(String id) {
            event(begin(JobEventType.CANCEL_REQUESTED, id).setRequestedBy("me").setReason("enough"));
        }

        private static Cause cause(CauseType type) {
            return new Cause(type, "it was " + type, Map.of("exit_code", "137"));
        }

        private void ticks(int n) {
            for (int i = 0; i < n; i++) {
                now = now.plusSeconds(1);
                event(begin(JobEventType.TICK, "").setTickIntervalMs(1000L));
            }
        }

        private static JobEvent.Builder begin(JobEventType type, String id) {
            return JobEvent.newBuilder().setType(type).setJobId(id).setAt(T0);
        }

        private void event(JobEvent.Builder event) {
            lines.add(new Line(utf8(event.getJobId()), wire.write("", event.build()), now));
        }
    }
}
