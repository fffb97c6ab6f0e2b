package io.quarry.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.DeadJob;
import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.Resources;
import io.quarry.avro.State;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class DeadLettersIT {
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    private static Installation installation;
    private QuarryClient client;

    @BeforeAll
    static void startBroker() throws Exception {
        installation = Installation.start();
        installation.queue("big");
        row(job("oom", "default").setName("nightly report").build(), State.FAILED, CauseType.MEMORY_LIMIT, NOON);
        row(job("slow", "big").build(), State.EXPIRED, CauseType.RUN_DEADLINE, NOON.plusSeconds(60));
        row(job("stopped", "default").build(), State.CANCELLED, CauseType.CANCELLED, NOON);
        installation.row(job("fine", "default").build(), State.SUCCEEDED);
        installation.row(job("still", "default").build(), State.RUNNING);
        installation.dead(DeadJob.newBuilder()
                .setJob(job("forgotten", "default")
                        .setTags(Map.of("team", "growth"))
                        .build())
                .setState(State.FAILED)
                .setCause(new Cause(CauseType.USER_ERROR, "no such feature", Map.of()))
                .setAttempts(1)
                .setAt(NOON.minusSeconds(86_400))
                .build());
    }

    @AfterAll
    static void stopBroker() {
        installation.close();
    }

    @BeforeEach
    void connect() {
        client = QuarryClient.connect(installation.settings());
    }

    @AfterEach
    void disconnect() {
        client.close();
    }

    private static Job.Builder job(String id, String group) {
        return Job.newBuilder(JobBuilder.withId(id)
                .group(group)
                .custom("echo", "text/plain", id.getBytes(StandardCharsets.UTF_8))
                .build());
    }

    private static void row(Job job, State state, CauseType cause, Instant at) {
        installation.row(JobState.newBuilder()
                .setJob(job)
                .setState(state)
                .setSubmittedAt(NOON.minusSeconds(600))
                .setFirstStartedAt(NOON.minusSeconds(500))
                .setFinishedAt(at)
                .setAttempt(2)
                .setCause(new Cause(cause, "it ended", Map.of("limit_bytes", "1024")))
                .build());
    }

    private List<String> ids(DeadFilter filter) {
        return client.deadLetters(filter).stream()
                .map(letter -> letter.dead().getJob().getId())
                .toList();
    }

    @Test
    void whatFailedOrExpiredIsListedByTheTimeOfItsEndAndACancelledJobOnlyWhenAskedFor() {
        assertThat(ids(DeadFilter.all()))
                .containsSubsequence("forgotten", "oom", "slow")
                .doesNotContain("stopped", "fine");
        assertThat(ids(DeadFilter.all().of(CauseType.CANCELLED))).containsExactly("stopped");
        assertThat(ids(DeadFilter.all().of(CauseType.MEMORY_LIMIT))).containsExactly("oom");
        assertThat(ids(DeadFilter.all().ofGroup("big"))).containsExactly("slow");
        assertThat(ids(new DeadFilter(java.util.Set.of(), null, NOON.plusSeconds(1), null, Map.of())))
                .containsExactly("slow");
        assertThat(ids(new DeadFilter(java.util.Set.of(), null, null, "nightly*", Map.of())))
                .containsExactly("oom");
        assertThat(ids(new DeadFilter(java.util.Set.of(), null, null, "night", Map.of())))
                .isEmpty();
        assertThat(ids(new DeadFilter(java.util.Set.of(), null, null, null, Map.of("team", "growth"))))
                .containsExactly("forgotten");
    }

    @Test
    void aLetterHasTheEvidenceAndOutlivesItsRow() {
        DeadLetter oom = client.deadLetter("oom").orElseThrow();
        assertThat(oom.dead().getCause().getEvidence()).containsEntry("limit_bytes", "1024");
        assertThat(oom.dead().getAttempts()).isEqualTo(2);
        assertThat(oom.row()).isNotNull();

        assertThat(client.deadLetter("forgotten").orElseThrow().row()).isNull();
        assertThat(client.deadLetter("fine")).isEmpty();
        assertThat(client.deadLetter("still")).isEmpty();
    }

    @Test
    void aRedrivenJobIsLinkedBothWaysAndTheSameRedriveIsOneJob() {
        row(job("again", "default").build(), State.FAILED, CauseType.MEMORY_LIMIT, NOON);
        DeadLetter letter = client.deadLetter("again").orElseThrow();
        assertThat(letter.redriven()).isFalse();
        Redrive redrive = Redrive.withId("rd-1")
                .withResources(new Resources(null, 4L << 30, null))
                .into("big");

        JobHandle handle = client.submit(redrive.of(letter.dead().getJob()));

        String big = installation.topics().jobs("big");
        Job made = installation.submitted(big, handle.id());
        assertThat(made.getRepeats()).isEqualTo("again");
        installation.row(made, State.RUNNING);
        assertThat(client.submit(redrive.of(letter.dead().getJob())).id()).isEqualTo(handle.id());
        assertThat(installation.count(big, handle.id())).isEqualTo(1);
        assertThatThrownBy(() ->
                        client.submit(Redrive.withId("rd-1").of(letter.dead().getJob())))
                .as("the same redrive with other changes")
                .isInstanceOf(ConflictException.class);
        DeadLetter linked = client.deadLetter("again").orElseThrow();
        assertThat(linked.redriven()).isTrue();
        assertThat(linked.repeats()).containsExactly(new DeadLetter.Repeat(handle.id(), State.RUNNING, "redrive/rd-1"));
    }

    @Test
    void aRecordThatNeverBecameAJobIsKeptByteByByteWithTheReason() {
        byte[] bytes = {9, 1, 2, (byte) 0xff};
        installation.invalid(
                "k-1",
                bytes,
                Map.of(
                        "quarry.reason", "BAD_MAGIC",
                        "quarry.detail", "the first byte is 9",
                        "quarry.topic", "quarry.jobs.default",
                        "quarry.offset", "17"));

        try (Stream<InvalidRecord> records = client.invalidRecords()) {
            InvalidRecord record = records.findFirst().orElseThrow();
            assertThat(record.reason()).isEqualTo("BAD_MAGIC");
            assertThat(record.topic()).isEqualTo("quarry.jobs.default");
            assertThat(record.topicOffset()).isEqualTo(17);
            assertThat(record.key()).isEqualTo("k-1".getBytes(StandardCharsets.UTF_8));
            assertThat(record.value()).isEqualTo(bytes);
        }
    }
}
