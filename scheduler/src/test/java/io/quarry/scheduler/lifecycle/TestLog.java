package io.quarry.scheduler.lifecycle;

import io.quarry.avro.Command;
import io.quarry.avro.DeadJob;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.JobState;
import io.quarry.avro.Outcome;
import io.quarry.avro.Progress;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Source;
import io.quarry.scheduler.TestWire;
import io.quarry.scheduler.streams.StreamsApp;
import io.quarry.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;

/** The lifecycle without a broker: a log that a test writes, and what comes of it. Time is what the records say. */
final class TestLog implements AutoCloseable {
    static final Topics TOPICS = Topics.withDefaultPrefix();
    static final Instant T0 = Instant.parse("2026-03-01T10:00:00Z");

    final TestWire wire = new TestWire();
    /** Identity of the topic job-state; may be set. */
    String statesTopic = "";

    /** Identities of the queues; may be set. */
    Map<String, String> queues = Map.of();

    Instant now = T0;
    private final TopologyTestDriver driver;
    private final TestInputTopic<byte[], byte[]> events;

    TestLog(Path state) {
        this(state, Stores::persistentKeyValueStore);
    }

    TestLog(Path state, Function<String, KeyValueBytesStoreSupplier> stores) {
        driver = new TopologyTestDriver(
                new LifecycleTopology(Recording.SETTINGS, () -> wire, () -> statesTopic, () -> queues, stores).get(),
                StreamsApp.properties(
                        "lifecycle", Map.of("bootstrap.servers", "none:1"), Map.of("state.dir", state.toString())));
        events = Recording.input(driver);
        group(ResourceGroup.newBuilder()
                .setName("default")
                .setWorker(new io.quarry.avro.Resources(1L, 1L, 1L))
                .setOversizeCeiling(new io.quarry.avro.Resources(100L, 100L, 100L))
                .setMaxAttempts(3)
                .setBackoffMs(4000)
                .build());
    }

    void group(ResourceGroup group) {
        driver.createInputTopic(TOPICS.groups(), new ByteArraySerializer(), new ByteArraySerializer())
                .pipeInput(utf8(group.getName()), wire.write("", group));
    }

    static Job.Builder job(String id) {
        return Job.newBuilder().setId(id).setKind("nothing");
    }

    static JobEvent.Builder begin(JobEventType type, String id) {
        return JobEvent.newBuilder().setType(type).setJobId(id).setAt(T0);
    }

    void submit(Job job, long offset) {
        event(begin(JobEventType.SUBMITTED, job.getId())
                .setJob(job)
                .setSource(new Source(TOPICS.jobs(job.getResourceGroup()), offset)));
    }

    void submit(String id, long offset) {
        submit(job(id).build(), offset);
    }

    void claim(String id, int attempt, String claim) {
        event(begin(JobEventType.CLAIMED, id)
                .setAttempt(attempt)
                .setClaim(claim)
                .setWorker("worker-" + claim)
                .setStarted(false));
    }

    void heartbeat(String id, String claim, @Nullable Progress progress) {
        event(begin(JobEventType.HEARTBEAT, id).setClaim(claim).setStarted(true).setProgress(progress));
    }

    void finish(String id, String claim, Outcome outcome) {
        event(begin(JobEventType.FINISHED, id).setClaim(claim).setOutcome(outcome));
    }

    void passed(long offset) {
        event(begin(JobEventType.PASSED, "").setSource(new Source(TOPICS.jobs("default"), offset)));
    }

    void ticks(int n) {
        for (int i = 0; i < n; i++) {
            now = now.plusSeconds(1);
            tick();
        }
    }

    void tick() {
        event(begin(JobEventType.TICK, "").setTickIntervalMs(1000L));
    }

    void wait(Duration time) {
        now = now.plus(time);
    }

    void event(JobEvent.Builder event) {
        raw(event.getJobId(), event.build());
    }

    void raw(String key, JobEvent event) {
        events.pipeInput(utf8(key), wire.write("", event), now);
    }

    // ---- what came of them, since the last look

    List<JobState> rows() {
        return read(TOPICS.states(), JobState.class);
    }

    JobState last() {
        List<JobState> rows = rows();
        return rows.get(rows.size() - 1);
    }

    List<Command> commands() {
        return read(TOPICS.commands(), Command.class);
    }

    List<Job> retries() {
        return read(TOPICS.retries("default"), Job.class);
    }

    List<Job> router() {
        return read(TOPICS.oversize(), Job.class);
    }

    List<DeadJob> dead() {
        return read(TOPICS.dead(), DeadJob.class);
    }

    private <T extends SpecificRecord> List<T> read(String topic, Class<T> type) {
        return driver
                .createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer())
                .readValuesToList()
                .stream()
                .filter(Objects::nonNull)
                .map(bytes -> wire.read(topic, bytes, type))
                .toList();
    }

    /** Value of a metric of that name, of those that have all the tags; 0 when there is none. */
    double metric(String name, Map<String, String> tags) {
        return driver.metrics().values().stream()
                .filter(m -> m.metricName().group().equals("stream-lifecycle-metrics"))
                .filter(m -> m.metricName().name().equals(name))
                .filter(m -> m.metricName().tags().entrySet().containsAll(tags.entrySet()))
                .mapToDouble(m -> ((Number) m.metricValue()).doubleValue())
                .sum();
    }

    List<Recording.Line> stored() {
        return Recording.rows(driver);
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        driver.close();
    }
}
