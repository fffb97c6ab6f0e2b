package io.quarry.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarry.avro.Asked;
import io.quarry.avro.CauseType;
import io.quarry.avro.Job;
import io.quarry.avro.OfflineQuery;
import io.quarry.avro.Resources;
import io.quarry.schemas.JobIds;
import io.quarry.schemas.JobRules;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class JobBuilderTest {
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    @Test
    void whatIsNotSaidIsLeftToTheGroup() {
        Job job = JobBuilder.withId("j").offlineQuery(query().build()).build();
        assertThat(job.getResourceGroup()).isEqualTo("default");
        assertThat(job.getResources()).isNull();
        assertThat(job.getMaxAttempts()).isNull();
        assertThat(job.getTimeoutMs()).isNull();
        assertThat(JobRules.check(job)).isEmpty();
    }

    @Test
    void quantitiesAreWrittenAsKubernetesWritesThem() {
        Job job = JobBuilder.withId("j")
                .offlineQuery(query().build())
                .cpu("2500m")
                .memory("450Gi")
                .timeout(Duration.ofHours(2))
                .build();
        assertThat(job.getResources()).isEqualTo(new Resources(2500L, 450L << 30, null));
        assertThat(job.getTimeoutMs()).isEqualTo(7_200_000);
        assertThatThrownBy(() -> JobBuilder.withId("j").memory("450 gigs")).hasMessageContaining("'450 gigs'");
    }

    @Test
    void whatIsTriedAgainAndWhenMayBeSaidByTheJob() {
        Job job = JobBuilder.withId("j")
                .offlineQuery(query().build())
                .backoff(Duration.ofSeconds(2), Duration.ofMinutes(1))
                .retryOn(CauseType.MEMORY_LIMIT)
                .noRetryOn(CauseType.WORKER_KILLED, CauseType.OOM_KILLED)
                .build();
        assertThat(job.getBackoffMs()).isEqualTo(2000);
        assertThat(job.getMaxBackoffMs()).isEqualTo(60_000);
        assertThat(job.getRetryOn()).containsExactly("MEMORY_LIMIT");
        assertThat(job.getNoRetryOn()).containsExactly("WORKER_KILLED", "OOM_KILLED");
        assertThat(JobRules.check(job)).isEmpty();
    }

    @Test
    void anIdempotencyKeyGivesTheId() {
        Job job = JobBuilder.withIdempotencyKey("any text, of any form / even this")
                .offlineQuery(query().build())
                .build();
        assertThat(job.getId())
                .isEqualTo(JobIds.ofKey("any text, of any form / even this").toString());
        assertThat(job.getIdempotencyKey()).isEqualTo("any text, of any form / even this");
        assertThat(JobRules.check(job)).isEmpty();
    }

    @Test
    void aCustomPayloadTakesTheQuerysPlace() {
        Job job = JobBuilder.withId("j")
                .offlineQuery(query().build())
                .custom("mail", "text/plain", new byte[] {1})
                .build();
        assertThat(job.getOfflineQuery()).isNull();
        assertThat(JobRules.check(job)).isEmpty();
    }

    @Test
    void columnsTakeTheirWireTypes() {
        OfflineQuery query = OfflineQueryBuilder.of("a.b")
                .column("n", Arrays.asList(1, 2L, null))
                .column("x", List.of(1.5f, 2.5, true))
                .column("t", List.of(NOON, "JFK", (short) 3))
                .build();
        assertThat(query.getInput().getColumns().get(0).getValues()).containsExactly(1L, 2L, null);
        assertThat(query.getInput().getColumns().get(1).getValues()).containsExactly(1.5, 2.5, true);
        assertThat(query.getInput().getColumns().get(2).getValues()).containsExactly("2026-01-01T12:00:00Z", "JFK", 3L);
    }

    @Test
    void clockHeadersAndAttemptMakeNoOtherJob() {
        Job job = JobBuilder.withId("j").offlineQuery(query().build()).build();
        Job same = Job.newBuilder(job)
                .setSubmittedAt(NOON)
                .setHeaders(java.util.Map.of("traceparent", "x"))
                .build();
        Job other = Job.newBuilder(job).setName("another").build();
        assertThat(Bodies.conflict(job, row(same))).isFalse();
        assertThat(Bodies.conflict(job, row(other))).isTrue();
    }

    @Test
    void aLargerSizeThatItWasGivenMakesNoOtherJob() {
        Job job = JobBuilder.withId("j").offlineQuery(query().build()).build();
        Resources more = new Resources(1000L, 1L << 40, 1L << 30);
        Job larger =
                Job.newBuilder(job).setResourceGroup("large").setResources(more).build();
        io.quarry.avro.JobState given = io.quarry.avro.JobState.newBuilder(row(larger))
                .setAsked(new Asked(job.getResourceGroup(), job.getResources()))
                .build();

        assertThat(Bodies.conflict(job, given)).isFalse();
        assertThat(Bodies.conflict(larger, given)).isTrue();
    }

    private static io.quarry.avro.JobState row(Job job) {
        return io.quarry.avro.JobState.newBuilder()
                .setJob(job)
                .setState(io.quarry.avro.State.QUEUED)
                .setSubmittedAt(NOON)
                .build();
    }

    private static OfflineQueryBuilder query() {
        return OfflineQueryBuilder.of("airport.city").range("airport", 0, 3);
    }
}
