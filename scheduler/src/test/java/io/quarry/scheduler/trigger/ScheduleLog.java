package io.quarry.scheduler.trigger;

import io.quarry.avro.Cause;
import io.quarry.avro.CustomPayload;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobState;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleEvent;
import io.quarry.avro.ScheduleEventType;
import io.quarry.avro.ScheduleState;
import io.quarry.avro.ScheduleTick;
import io.quarry.avro.State;
import io.quarry.scheduler.TestWire;
import io.quarry.scheduler.streams.StreamsApp;
import io.quarry.schemas.Topics;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;

/** The schedules without a broker, with a clock of the test's. */
final class ScheduleLog implements AutoCloseable {
    static final Topics TOPICS = Topics.withDefaultPrefix();
    static final TriggerSettings SETTINGS = new TriggerSettings(
            TOPICS,
            Duration.ofSeconds(5),
            Duration.ofSeconds(60),
            Duration.ofMillis(20),
            Duration.ofSeconds(30),
            Duration.ofMinutes(10),
            ScheduleTime.real());

    private static final List<String> STORES =
            List.of(TriggerTopology.DEFINITIONS, TriggerTopology.STATES, TriggerTopology.BOOK);

    final TestWire wire = new TestWire();
    private final Path state;
    private final ScheduleTime time;
    private TopologyTestDriver driver;
    private Instant now;
    /** By how much the schedulers' clock is behind. */
    private Duration lag = Duration.ZERO;
    /** By how much the clock was set forward. */
    private Duration shift = Duration.ZERO;

    ScheduleLog(Path state, Instant begin) {
        this(state, begin, ScheduleTime.real());
    }

    ScheduleLog(Path state, Instant begin, ScheduleTime time) {
        this.state = state;
        this.time = time;
        now = begin;
        driver = driver(begin, true);
        group("default");
    }

    /** Reads its mark before the first instant of the test, if it has a router. */
    private TopologyTestDriver driver(Instant begin, boolean routed) {
        TriggerTopology topology = new TriggerTopology(
                SETTINGS.by(real -> time.at(real.plus(shift))), () -> wire, Stores::inMemoryKeyValueStore);
        TopologyTestDriver made = new TopologyTestDriver(
                routed ? topology.get() : topology.unrouted(),
                StreamsApp.properties(
                        "trigger", Map.of("bootstrap.servers", "none:1"), Map.of("state.dir", state.toString())),
                begin.minus(SETTINGS.interval()));
        made.advanceWallClockTime(SETTINGS.interval());
        return made;
    }

    /**
     * Another task goes on with what this one has kept, some time later. Nothing is routed to it any more: the test brings its events,
     * and its mark.
     */
    void restart(Duration later) {
        Map<String, List<KeyValue<Object, byte[]>>> kept = new HashMap<>();
        for (String name : STORES) {
            List<KeyValue<Object, byte[]>> entries = new ArrayList<>();
            try (KeyValueIterator<Object, byte[]> all =
                    driver.<Object, byte[]>getKeyValueStore(name).all()) {
                all.forEachRemaining(entries::add);
            }
            kept.put(name, entries);
        }
        driver.close();
        now = now.plus(later);
        driver = driver(now, false);
        kept.forEach(
                (name, entries) -> driver.<Object, byte[]>getKeyValueStore(name).putAll(entries));
        group("default");
    }

    /** How many marks the task has asked for, since the last look. */
    int marks() {
        return driver.createOutputTopic(TOPICS.schedules(), new StringDeserializer(), new ByteArrayDeserializer())
                .readKeyValuesToList()
                .size();
    }

    /** The mark that the task has asked for comes back. */
    void bringMark() {
        String key = driver.createOutputTopic(TOPICS.schedules(), new StringDeserializer(), new ByteArrayDeserializer())
                .readKeyValue()
                .key;
        pipe(
                TOPICS.scheduleEvents(),
                "",
                ScheduleEvent.newBuilder()
                        .setType(ScheduleEventType.MARK)
                        .setSchedule("")
                        .setAt(now)
                        .setRequest(key.substring(Arrears.KEY.length()))
                        .build());
    }

    /** A router brings what was written some time ago. */
    void bring(Duration ago, ScheduleEvent.Builder event) {
        send(event.setAt(now.minus(ago)).setWriter(RouterProcessor.WRITER));
    }

    /** What was written some time ago is read. */
    void send(Duration ago, ScheduleEvent.Builder event) {
        pipe(TOPICS.scheduleEvents(), event.getSchedule(), event.build(), now.minus(ago));
    }

    void group(String name) {
        pipe(
                TOPICS.groups(),
                name,
                ResourceGroup.newBuilder()
                        .setName(name)
                        .setWorker(new Resources(1000L, 1L << 30, 1L << 30))
                        .build());
    }

    /** Somebody deletes a group. */
    void vanish(String group) {
        pipe(TOPICS.groups(), group, null);
    }

    static Schedule.Builder schedule(String name, String cron) {
        return Schedule.newBuilder()
                .setName(name)
                .setCron(cron)
                .setJob(Job.newBuilder()
                        .setId("")
                        .setKind("nothing")
                        .setCustom(new CustomPayload("text/plain", utf8("at {{tick.time}}")))
                        .build());
    }

    static ByteBuffer utf8(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    // ---- what happens

    Instant now() {
        return now;
    }

    void define(Schedule schedule) {
        pipe(TOPICS.schedules(), schedule.getName(), schedule);
    }

    void define(Schedule.Builder schedule) {
        define(schedule.build());
    }

    void remove(String schedule) {
        pipe(TOPICS.schedules(), schedule, null);
    }

    ScheduleEvent.Builder event(ScheduleEventType type, String schedule) {
        return ScheduleEvent.newBuilder()
                .setType(type)
                .setSchedule(schedule)
                .setAt(now)
                .setWriter("test");
    }

    void send(ScheduleEvent.Builder event) {
        pipe(TOPICS.scheduleEvents(), event.getSchedule(), event.build());
    }

    void end(String jobId, State state) {
        end(jobId, state, null);
    }

    void end(String jobId, State state, @Nullable Cause cause) {
        pipe(
                TOPICS.states(),
                jobId,
                JobState.newBuilder()
                        .setJob(Job.newBuilder().setId(jobId).build())
                        .setState(state)
                        .setCause(cause)
                        .setSubmittedAt(now)
                        .build());
    }

    /** The row of a job is removed. */
    void forget(String jobId) {
        pipe(TOPICS.states(), jobId, null);
    }

    /** Time goes on with the schedulers at work: one wake-up each second of it, at least one. */
    void pass(Duration time) {
        Instant end = now.plus(time);
        while (now.isBefore(end)) {
            Duration step = Duration.between(now, end);
            wake(step.compareTo(Duration.ofSeconds(1)) > 0 ? Duration.ofSeconds(1) : step);
        }
    }

    /** No scheduler is running for a time; one wake-up afterwards. */
    void outage(Duration time) {
        wake(time);
    }

    /** Somebody sets all clocks forward or, by less than nothing, back. */
    void setClocks(Duration by) {
        shift = shift.plus(by);
    }

    void wake(Duration later) {
        now = now.plus(later);
        Duration step = later.plus(lag);
        lag = Duration.ZERO;
        driver.advanceWallClockTime(step);
    }

    void wake(int times) {
        for (int i = 0; i < times; i++) {
            wake(Duration.ofMillis(20));
        }
    }

    /** Records come later than before, and no scheduler looks at the clock. */
    void later(Duration time) {
        now = now.plus(time);
        lag = lag.plus(time);
    }

    private void pipe(String topic, String key, @Nullable SpecificRecord value) {
        pipe(topic, key, value, now);
    }

    private void pipe(String topic, String key, @Nullable SpecificRecord value, Instant at) {
        driver.createInputTopic(topic, new ByteArraySerializer(), new ByteArraySerializer())
                .pipeInput(key.getBytes(StandardCharsets.UTF_8), value == null ? null : wire.write(topic, value), at);
    }

    // ---- what came of it, since the last look

    List<ScheduleTick> rows() {
        return read(TOPICS.ticks(), ScheduleTick.class);
    }

    /** Rows as {@code time outcome}, or {@code time STATE} for those that were closed. */
    List<String> story() {
        return rows().stream()
                .map(row -> row.getTick() + " " + (row.getState() == null ? row.getOutcome() : row.getState()))
                .map(line -> line.substring("2026-01-01T".length()))
                .toList();
    }

    List<Job> jobs() {
        return jobs("default");
    }

    List<Job> jobs(String group) {
        return read(TOPICS.jobs(group), Job.class);
    }

    List<String> jobIds() {
        return jobs().stream().map(Job::getId).toList();
    }

    List<JobEvent> jobEvents() {
        return read(TOPICS.events(), JobEvent.class);
    }

    /** The last row of a schedule's state. */
    ScheduleState state() {
        List<ScheduleState> states = read(TOPICS.scheduleStates(), ScheduleState.class);
        return states.get(states.size() - 1);
    }

    /** The last row of each schedule's state. */
    Map<String, ScheduleState> states() {
        Map<String, ScheduleState> states = new HashMap<>();
        read(TOPICS.scheduleStates(), ScheduleState.class).forEach(row -> states.put(row.getName(), row));
        return states;
    }

    private <T extends SpecificRecord> List<T> read(String topic, Class<T> type) {
        return driver
                .createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer())
                .readValuesToList()
                .stream()
                .filter(value -> value != null)
                .map(value -> wire.read(topic, value, type))
                .toList();
    }

    @Override
    public void close() {
        driver.close();
    }
}
