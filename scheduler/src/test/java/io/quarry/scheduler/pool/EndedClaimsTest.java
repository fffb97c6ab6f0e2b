package io.quarry.scheduler.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.JobState;
import io.quarry.avro.Owner;
import io.quarry.avro.State;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EndedClaimsTest {
    private static final Instant T0 = Instant.parse("2026-01-01T00:00:00Z");
    private static final Cause KILLED = new Cause(CauseType.OOM_KILLED, "Out of memory.", Map.of("limit_bytes", "1"));

    private final EndedClaims claims = new EndedClaims();

    @Test
    void theClaimOfADeadWorkerEndsWithItsCauseWhicheverIsHeardOfFirst() {
        claims.take("a", running("a", "w1", 0));
        claims.take(new WorkerDeath("w1", T0.plusSeconds(9), KILLED));
        claims.take(new WorkerDeath("w2", T0.plusSeconds(9), KILLED));
        assertThat(claims.due(T0)).singleElement().satisfies(event -> {
            assertThat(event.getType()).isEqualTo(JobEventType.WORKER_DIED);
            assertThat(event.getJobId()).isEqualTo("a");
            assertThat(event.getAttempt()).isEqualTo(2);
            assertThat(event.getClaim()).isEqualTo("claim-a");
            assertThat(event.getWorker()).isEqualTo("w1");
            assertThat(event.getCause().getType()).isEqualTo(CauseType.OOM_KILLED);
            assertThat(event.getCause().getEvidence())
                    .containsEntry("limit_bytes", "1")
                    .containsEntry("worker", "w1");
        });
        assertThat(claims.due(T0)).isEmpty();

        claims.take("b", running("b", "w2", 3));

        assertThat(claims.due(T0)).extracting(JobEvent::getJobId).containsExactly("b");
    }

    @Test
    void whatTheNextProcessOfThatNameClaimsIsLeftAlone() {
        claims.take(new WorkerDeath("w", T0.plusSeconds(5), KILLED));
        claims.take("a", running("a", "w", 6));
        assertThat(claims.due(T0)).isEmpty();

        claims.take(new WorkerDeath("w", Instant.MAX, KILLED));

        assertThat(claims.due(T0)).extracting(JobEvent::getJobId).containsExactly("a");
    }

    @Test
    void aLostOwnerThatWillNotComeBackIsSaidToBeDead() {
        Owner owner = running("a", "w", 0).getOwner();
        claims.take(
                "a",
                JobState.newBuilder(running("a", "w", 0))
                        .setState(State.RETRYING)
                        .setOwner(null)
                        .setLostOwner(owner)
                        .build());
        claims.take(new WorkerDeath("w", Instant.MAX, KILLED));

        assertThat(claims.due(T0)).extracting(JobEvent::getClaim).containsExactly("claim-a");
    }

    @Test
    void eachOwnerOfWhichNothingIsKnownIsLookedForOnceWhileItHoldsSomething() {
        claims.take("a", running("a", "w1", 0));
        claims.take("b", running("b", "w2", 0));
        claims.take("c", running("c", "dead", 0));
        claims.take("over", running("over", "w3", 0));
        claims.take("over", null);
        claims.take(new WorkerDeath("dead", Instant.MAX, KILLED));
        assertThat(claims.unchecked()).containsExactlyInAnyOrder("w1", "w2");
        assertThat(claims.unchecked()).as("until somebody has").hasSize(2);

        claims.checked(Set.of("w1", "w2"));
        claims.take("a", running("a", "w1", 0));
        assertThat(claims.unchecked()).isEmpty();

        // The lifecycle was away as well: it reads only now what was claimed.
        claims.take("d", running("d", "w4", 0));
        assertThat(claims.unchecked()).containsExactly("w4");
    }

    @Test
    void ofAMissingWorkerOnlyWhatItHadClaimedBeforeTheLookEnds() {
        claims.take("a", running("a", "w", 5));
        claims.take("b", running("b", "w", 7));

        claims.take(WorkerDeath.ofMissing("w", T0.plusSeconds(6)));

        assertThat(claims.due(T0)).singleElement().satisfies(event -> {
            assertThat(event.getJobId()).isEqualTo("a");
            assertThat(event.getCause().getType()).isEqualTo(CauseType.POD_FAILED);
            assertThat(event.getCause().getMessage()).contains("was gone when the scheduler came back");
            assertThat(event.getCause().getEvidence())
                    .containsEntry("pod", "w")
                    .containsEntry("looked_at", T0.plusSeconds(6).toString());
        });
    }

    @Test
    void nothingIsSaidOfJobsThatAreOverGoneOrNoneOfThePools() {
        claims.take("over", running("over", "w", 0));
        claims.take(
                "over",
                JobState.newBuilder(running("over", "w", 0))
                        .setState(State.SUCCEEDED)
                        .build());
        claims.take("gone", running("gone", "w", 0));
        claims.take("gone", null);
        claims.take(
                "launched",
                JobState.newBuilder(running("launched", "w", 0))
                        .setOversize(true)
                        .build());

        claims.take(new WorkerDeath("w", Instant.MAX, KILLED));

        assertThat(claims.due(T0)).isEmpty();
    }

    private static JobState running(String id, String worker, long second) {
        return JobState.newBuilder()
                .setJob(Job.newBuilder().setId(id).build())
                .setState(State.RUNNING)
                .setSubmittedAt(T0)
                .setOwner(Owner.newBuilder()
                        .setClaim("claim-" + id)
                        .setAttempt(2)
                        .setWorker(worker)
                        .setClaimedAt(T0.plusSeconds(second))
                        .build())
                .build();
    }
}
