package io.quarry.local.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.Source;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class SightingsTest {
    private final Sightings seen = new Sightings();

    @Test
    void aJobWhoseWorkerDiedGoesOnWhenItsNextAttemptStandsInTheQueueHoweverLongItStandsThere() throws Exception {
        submitted("a", 0);
        claimed("a", 1, "w");
        assertThat(seen.running("w")).contains("a");
        Recoveries.GoesOn again = seen.again("a");
        assertThat(again.test()).isFalse();

        enqueued("a", 2, 5);

        assertThat(again.test()).isTrue();
        assertThat(seen.claims("a")).isEqualTo(1);
    }

    @Test
    void theRecordOfTheAttemptThatDiedIsNoSignThatTheJobGoesOn() throws Exception {
        submitted("a", 0);
        claimed("a", 2, "w");
        Recoveries.GoesOn again = seen.again("a");

        // Intake says after the worker what the worker took.
        enqueued("a", 2, 5);
        assertThat(again.test()).isFalse();

        claimed("a", 3, "other");
        assertThat(again.test()).isTrue();
    }

    @Test
    void aJobWhoseRecordWasDeletedIsBackWhenANewOneStandsInTheQueueOfRetries() {
        submitted("a", 0);
        submitted("b", 1);
        submitted("c", 2);
        claimed("a", 1, "w");

        assertThat(seen.waitingBelow(2)).containsExactly("b");
        assertThat(seen.isBack("b")).isFalse();

        enqueued("b", 1, 0);

        assertThat(seen.isBack("b")).isTrue();
        assertThat(seen.waitingBelow(2)).isEmpty();
    }

    private void submitted(String job, long offset) {
        seen.event(event(JobEventType.SUBMITTED, job)
                .setSource(new Source("jobs", offset))
                .build());
    }

    private void enqueued(String job, int attempt, long offset) {
        seen.event(event(JobEventType.ENQUEUED, job)
                .setAttempt(attempt)
                .setSource(new Source("retries", offset))
                .build());
    }

    private void claimed(String job, int attempt, String worker) {
        seen.event(event(JobEventType.CLAIMED, job)
                .setAttempt(attempt)
                .setWorker(worker)
                .build());
    }

    private static JobEvent.Builder event(JobEventType type, String job) {
        return JobEvent.newBuilder().setType(type).setJobId(job).setAt(Instant.EPOCH);
    }
}
