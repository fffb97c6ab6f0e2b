package io.quarry.scheduler.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.quarry.avro.CustomPayload;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.scheduler.TestWire;
import io.quarry.scheduler.streams.Rereads;
import io.quarry.scheduler.streams.StreamsApp;
import io.quarry.schemas.Topics;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

class IntakeTopologyTest {
    private static final Topics TOPICS = Topics.withDefaultPrefix();
    private static final LifecycleSettings SETTINGS = new LifecycleSettings(
            TOPICS,
            30,
            Duration.ofSeconds(1),
            Duration.ofSeconds(30),
            Duration.ofDays(30),
            Duration.ofDays(30),
            Duration.ofSeconds(5));

    @TempDir
    Path state;

    private final TestWire wire = new TestWire();
    private final Map<String, Long> shareStarts = new HashMap<>();
    private Map<String, String> queues = Map.of();
    private TopologyTestDriver driver;
    private TestInputTopic<byte[], byte[]> jobs;
    private TestInputTopic<byte[], byte[]> retries;
    private TestOutputTopic<byte[], byte[]> events;
    private TestOutputTopic<byte[], byte[]> invalid;

    @BeforeEach
    void open() {
        Properties p = StreamsApp.properties(
                "intake", Map.of("bootstrap.servers", "none:1"), Map.of("state.dir", state.toString()));
        driver = new TopologyTestDriver(
                new IntakeTopology(SETTINGS, () -> wire, () -> shareStarts, () -> queues, new Rereads()).get(), p);
        jobs = driver.createInputTopic(TOPICS.jobs("default"), new ByteArraySerializer(), new ByteArraySerializer());
        retries = driver.createInputTopic(
                TOPICS.retries("default"), new ByteArraySerializer(), new ByteArraySerializer());
        events = driver.createOutputTopic(TOPICS.events(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
        invalid = driver.createOutputTopic(TOPICS.invalid(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    @AfterEach
    void close() {
        driver.close();
    }

    @Test
    void aSubmittedJobBecomesAnEventThatNamesItsRecord() {
        pipe(job("a"));
        pipe(job("b"));
        List<JobEvent> seen = events();
        assertThat(seen).extracting(JobEvent::getJobId).containsExactly("a", "b");
        assertThat(seen).extracting(JobEvent::getType).containsOnly(JobEventType.SUBMITTED);
        assertThat(seen.get(1).getSource().getTopic()).isEqualTo(TOPICS.jobs("default"));
        assertThat(seen.get(1).getSource().getOffset()).isEqualTo(1);
        assertThat(seen.get(1).getJob()).isEqualTo(job("b"));
    }

    @Test
    void aRequeuedFirstAttemptIsEnqueued() {
        retries.pipeInput(utf8("a"), wire.write("", job("a")));
        JobEvent event = events().get(0);
        assertThat(event.getType()).isEqualTo(JobEventType.ENQUEUED);
        assertThat(event.getAttempt()).isEqualTo(1);
    }

    @Test
    void poisonIsKeptAsItCameAndTheNextJobGoesOn() {
        Headers headers = new RecordHeaders();
        headers.add("mine", utf8("kept"));
        jobs.pipeInput(new TestRecord<>(utf8("poison"), new byte[] {9, 1}, headers));
        pipe(job("next"));
        TestRecord<byte[], byte[]> record = invalid.readRecord();
        assertThat(record.key()).isEqualTo(utf8("poison"));
        assertThat(record.value()).containsExactly(9, 1);
        assertThat(header(record, "quarry.reason")).isEqualTo("BAD_MAGIC");
        assertThat(header(record, "quarry.topic")).isEqualTo(TOPICS.jobs("default"));
        assertThat(header(record, "quarry.offset")).isEqualTo("0");
        assertThat(header(record, "quarry.exception")).endsWith("UnreadableRecordException");
        assertThat(header(record, "mine")).isEqualTo("kept");
        assertThat(events()).extracting(JobEvent::getJobId).containsExactly("next");
    }

    @ParameterizedTest
    @EnumSource(Odd.class)
    void aRecordThatNamesNoJobIsKeptWithItsReasonAndTheNextJobGoesOn(Odd odd) {
        jobs.pipeInput(new TestRecord<>(odd.key, odd.job == null ? null : wire.write("", odd.job)));
        pipe(job("next"));
        TestRecord<byte[], byte[]> kept = invalid.readRecord();
        assertThat(header(kept, "quarry.reason")).isEqualTo(odd.reason);
        assertThat(header(kept, "quarry.detail")).contains(odd.detail);
        assertThat(kept.getKey()).isEqualTo(odd.key);
        assertThat(events()).extracting(JobEvent::getJobId).containsExactly("next");
    }

    @SuppressWarnings("ImmutableEnumChecker") // nobody changes the arrays
    enum Odd {
        TOMBSTONE(utf8("a"), null, "NULL_VALUE", "no value"),
        NULL_KEY(null, job("a"), "KEY", "no key"),
        EMPTY_KEY(new byte[0], job("a"), "KEY", "no key"),
        KEY_OF_ANOTHER_JOB(utf8("other"), job("a"), "KEY", "not the job's id"),
        KEY_NOT_UTF8(new byte[] {(byte) 0xff}, job("a"), "KEY", "no key"),
        AN_ID_OF_10_KB(utf8("x".repeat(10_240)), job("x".repeat(10_240)), "RULE", "id is xxx"),
        AN_ID_OF_DOTS(utf8(".."), job(".."), "RULE", "id is ..");

        private final byte @Nullable [] key;
        private final @Nullable Job job;
        private final String reason;
        private final String detail;

        Odd(byte @Nullable [] key, @Nullable Job job, String reason, String detail) {
            this.key = key;
            this.job = job;
            this.reason = reason;
            this.detail = detail;
        }
    }

    @Test
    void aJobThatBreaksARuleIsKeptAndRefusedByName() {
        pipe(Job.newBuilder(job("a"))
                .setMaxAttempts(-1)
                .setAttempt(2)
                .setResourceGroup("other")
                .build());
        JobEvent event = events().get(0);
        assertThat(event.getCause().getMessage())
                .contains("max_attempts is -1", "attempt is 2", "resource_group is other");
        assertThat(header(invalid.readRecord(), "quarry.reason")).isEqualTo("RULE");
    }

    @Test
    void whileTheRegistryIsAwayRecordsWaitInOrder() {
        wire.registryAway = true;
        pipe(job("a"));
        jobs.pipeInput(utf8("poison"), new byte[] {9});
        pipe(job("b"));
        driver.advanceWallClockTime(Duration.ofSeconds(1));
        assertThat(events()).isEmpty();
        assertThat(invalid.isEmpty()).isTrue();
        wire.registryAway = false;
        pipe(job("c"));
        driver.advanceWallClockTime(Duration.ofSeconds(1));
        List<JobEvent> seen = events();
        assertThat(seen).extracting(JobEvent::getJobId).containsExactly("a", "b", "c");
        assertThat(seen).extracting(e -> e.getSource().getOffset()).containsExactly(0L, 2L, 3L);
        assertThat(invalid.readRecordsToList()).hasSize(1);
    }

    @Test
    void registryDownForTenMinutes() {
        pipe(job("before"));
        wire.registryAway = true;
        for (int minute = 0; minute < 10; minute++) {
            pipe(job("during-" + minute));
            jobs.pipeInput(utf8("poison"), new byte[] {9});
            shareStarts.put(TOPICS.jobs("default"), 1 + 2L * minute);
            driver.advanceWallClockTime(Duration.ofMinutes(1));
        }
        wire.registryAway = false;
        driver.advanceWallClockTime(Duration.ofSeconds(1));
        pipe(job("after"));
        List<JobEvent> seen = events().stream()
                .filter(e -> e.getType() != JobEventType.PASSED)
                .toList();
        // A job that could not be read for ten minutes was never taken for poison, and poison did not overtake it.
        assertThat(seen).extracting(JobEvent::getJobId).startsWith("before", "during-0", "during-1");
        assertThat(seen).extracting(JobEvent::getJobId).endsWith("during-9", "after");
        assertThat(seen).hasSize(12);
        assertThat(invalid.readRecordsToList())
                .hasSize(10)
                .extracting(r -> header(r, "quarry.reason"))
                .containsOnly("BAD_MAGIC");
    }

    @Test
    void passedNeverGoesBeyondWhatWasTreated() {
        pipe(job("a"));
        pipe(job("b"));
        wire.registryAway = true;
        pipe(job("c"));
        shareStarts.put(TOPICS.jobs("default"), 3L);
        driver.advanceWallClockTime(Duration.ofSeconds(6));
        List<JobEvent> seen = events();
        assertThat(seen.get(2).getType()).isEqualTo(JobEventType.PASSED);
        assertThat(seen.get(2).getSource().getOffset()).isEqualTo(2);
        wire.registryAway = false;
        driver.advanceWallClockTime(Duration.ofSeconds(6));
        seen = events();
        assertThat(seen.get(0).getJobId()).isEqualTo("c");
        assertThat(seen.get(1).getSource().getOffset()).isEqualTo(3);
    }

    @Test
    void whatComesOfARemadeQueueBeforeItIsReadAgainCountsForNothing() {
        String topic = TOPICS.jobs("default");
        queues = Map.of(topic, "first");
        pipe(job("a"));
        queues = Map.of(topic, "first", TOPICS.retries("default"), "another");
        pipe(job("b"));
        assertThat(events()).extracting(JobEvent::getJobId).containsExactly("a", "b");

        queues = Map.of(topic, "second");
        pipe(job("c"));
        shareStarts.put(topic, 2L);
        driver.advanceWallClockTime(Duration.ofSeconds(6));

        // Nor is anything said to have passed that is still to be read.
        assertThat(events()).isEmpty();
        retries.pipeInput(utf8("d"), wire.write("", job("d")));
        assertThat(events()).extracting(JobEvent::getJobId).containsExactly("d");
    }

    @Test
    void anOutageOfTheRegistryIsLoggedOnceAndItsEndOnce() {
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        Logger logger = (Logger) LoggerFactory.getLogger(IntakeProcessor.class);
        logger.addAppender(log);
        Level before = logger.getLevel();
        logger.setLevel(Level.INFO);
        try {
            pipe(job("a"));
            shareStarts.put(TOPICS.jobs("default"), 1L);
            wire.registryAwayForWriting = true;
            for (int i = 0; i < 5; i++) {
                driver.advanceWallClockTime(Duration.ofSeconds(6));
            }
            wire.registryAwayForWriting = false;
            for (int i = 0; i < 5; i++) {
                driver.advanceWallClockTime(Duration.ofSeconds(6));
            }
        } finally {
            logger.detachAppender(log);
            logger.setLevel(before);
        }
        assertThat(log.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .filteredOn(line -> line.contains("egistry"))
                .hasSize(2)
                .satisfies(lines -> {
                    assertThat(lines.get(0)).contains("while the registry is down");
                    assertThat(lines.get(1)).contains("answers again");
                });
    }

    @Test
    void theTraceOfTheRecordIsTheJobs() {
        Headers headers = new RecordHeaders();
        headers.add("traceparent", utf8("00-1-2-01"));
        jobs.pipeInput(new TestRecord<>(utf8("a"), wire.write("", job("a")), headers));
        assertThat(events().get(0).getJob().getHeaders()).containsEntry("traceparent", "00-1-2-01");
    }

    private static Job job(String id) {
        return Job.newBuilder()
                .setId(id)
                .setKind("nothing")
                .setCustom(new CustomPayload("text/plain", ByteBuffer.wrap(new byte[] {1})))
                .build();
    }

    private void pipe(Job job) {
        jobs.pipeInput(utf8(job.getId()), wire.write("", job));
    }

    private List<JobEvent> events() {
        boolean away = wire.registryAway;
        wire.registryAway = false;
        List<JobEvent> seen = events.readValuesToList().stream()
                .map(bytes -> wire.read("", bytes, JobEvent.class))
                .toList();
        wire.registryAway = away;
        return seen;
    }

    private static @Nullable String header(TestRecord<byte[], byte[]> record, String name) {
        return new String(
                Objects.requireNonNull(record.headers().lastHeader(name)).value(), StandardCharsets.UTF_8);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
