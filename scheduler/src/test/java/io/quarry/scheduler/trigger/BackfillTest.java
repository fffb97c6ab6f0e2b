package io.quarry.scheduler.trigger;

import static io.quarry.scheduler.trigger.ScheduleLog.schedule;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Backfill;
import io.quarry.avro.ScheduleEventType;
import io.quarry.avro.ScheduleState;
import io.quarry.avro.ScheduleTick;
import io.quarry.avro.State;
import io.quarry.avro.TickOutcome;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Ranges of ticks beside the live schedule. */
class BackfillTest extends ScheduleFixture {
    @Test
    void aBackfillRunsInOrderSoManyAtATimeAndDisturbsNobody() {
        log.define(schedule("a", "0 * * * *"));
        Backfill.Builder asked =
                range("b-1", "2025-12-31T00:00:00Z", "2025-12-31T05:00:00Z").setConcurrency(2);
        ask(asked);
        ask(asked);
        List<String> ids = IntStream.range(0, 5)
                .mapToObj(hour -> "a:2025-12-31T0" + hour + ":00:00Z:b-1")
                .toList();
        assertThat(log.jobIds()).isEqualTo(ids.subList(0, 2));
        log.end(ids.get(1), State.FAILED);
        assertThat(log.jobIds()).isEqualTo(ids.subList(2, 3));
        log.pass(Duration.ofHours(1));
        assertThat(log.jobIds()).as("the live one").containsExactly("a:2026-01-01T01:00:00Z");
        log.end(ids.get(0), State.SUCCEEDED);
        log.end(ids.get(2), State.SUCCEEDED);
        log.end(ids.get(3), State.SUCCEEDED);
        log.end(ids.get(4), State.SUCCEEDED);
        assertThat(log.jobIds()).isEqualTo(ids.subList(3, 5));
        Backfill done = log.state().getBackfills().get(0);
        assertThat(done.getTotal()).isEqualTo(5);
        assertThat(done.getSucceeded()).isEqualTo(4);
        assertThat(done.getFailed()).isEqualTo(1);
        assertThat(done.getEndedAt()).isNotNull();
    }

    @Test
    void aCancelledBackfillAppendsNothingMoreAndCancelsWhatRuns() {
        log.define(schedule("a", "0 * * * *"));
        Backfill.Builder asked = range("b-1", "2025-12-01T00:00:00Z", "2025-12-31T00:00:00Z");
        ask(asked);
        log.send(log.event(ScheduleEventType.CANCEL_BACKFILL, "a").setBackfill(asked.build()));
        assertThat(log.jobEvents())
                .singleElement()
                .satisfies(event -> assertThat(event.getJobId()).isEqualTo("a:2025-12-01T00:00:00Z:b-1"));
        log.end("a:2025-12-01T00:00:00Z:b-1", State.CANCELLED);
        assertThat(log.jobs()).hasSize(1);
        ScheduleState state = log.state();
        assertThat(state.getBackfills()).singleElement().satisfies(backfill -> {
            assertThat(backfill.getCancelled()).isTrue();
            assertThat(backfill.getEndedAt()).isNotNull();
            assertThat(backfill.getCause()).isEqualTo("cancelled by test");
            assertThat(backfill.getCancelledJobs()).isEqualTo(1);
            assertThat(backfill.getFailed()).isZero();
            assertThat(backfill.getNext()).isEqualTo(Instant.parse("2025-12-01T01:00:00Z"));
        });
    }

    @Test
    void aTickThatIsRefusedFailsAloneAndTheOthersGoOn() {
        // Only the last day has its group.
        log.group("g-2025-12-31");
        log.define(hourlyIn("g-{{tick.date}}").setCron("0 12 * * *"));
        Backfill.Builder asked = range("b-1", "2025-12-29T00:00:00Z", "2026-01-01T00:00:00Z");
        ask(asked);
        List<ScheduleTick> rows = log.rows();
        assertThat(rows)
                .extracting(ScheduleTick::getOutcome)
                .containsExactly(TickOutcome.REFUSED, TickOutcome.REFUSED, TickOutcome.BACKFILLED);
        assertThat(rows.get(0).getCause()).isEqualTo("there is no resource group g-2025-12-29");
        log.end("a:2025-12-31T12:00:00Z:b-1", State.SUCCEEDED);
        Backfill done = log.state().getBackfills().get(0);
        assertThat(done.getFailed()).isEqualTo(2);
        assertThat(done.getSucceeded()).isEqualTo(1);
        assertThat(done.getCancelled()).isFalse();
        assertThat(done.getEndedAt()).isNotNull();
    }

    @Test
    void whenNothingButRefusalsComeItEndsAndSaysWhereAndWhy() {
        log.define(hourlyIn("gone"));
        Backfill.Builder asked =
                range("b-1", "2025-12-01T00:00:00Z", "2025-12-31T00:00:00Z").setConcurrency(5);
        ask(asked);
        assertThat(log.rows()).hasSize(Backfills.MOST_REFUSED).allMatch(row -> row.getOutcome() == TickOutcome.REFUSED);
        Backfill done = log.state().getBackfills().get(0);
        assertThat(done.getEndedAt()).isNotNull();
        assertThat(done.getCause())
                .isEqualTo("10 ticks in a row were refused, the last: there is no resource group gone");
        assertThat(done.getNext()).isEqualTo(Instant.parse("2025-12-01T10:00:00Z"));
    }

    @Test
    void aBackfillMayRunInAnotherGroupThanTheLiveSchedule() {
        log.group("night");
        log.define(hourlyIn("default"));
        Backfill.Builder asked = range("b-1", "2025-12-31T00:00:00Z", "2025-12-31T02:00:00Z")
                .setConcurrency(2)
                .setResourceGroup("night");
        ask(asked);
        log.pass(Duration.ofHours(1));
        assertThat(log.jobs("night"))
                .hasSize(2)
                .allMatch(job -> job.getResourceGroup().equals("night"));
        assertThat(log.jobIds()).as("the live one").containsExactly("a:2026-01-01T01:00:00Z");
    }

    /** Its jobs would have the ids of jobs that ended, whose end nobody tells again: it would wait for ever. */
    @Test
    void anIdThatWasUsedBeforeBeginsNothingHoweverLongAgo() {
        log.define(hourlyIn("default"));
        for (int i = 0; i <= 11; i++) {
            String id = i == 11 ? "b-0" : "b-" + i;
            ask(range(id, "2025-12-31T00:00:00Z", "2025-12-31T01:00:00Z"));
            log.jobIds().forEach(job -> log.end(job, State.SUCCEEDED));
            log.pass(Duration.ofSeconds(1));
        }
        List<Backfill> known = log.state().getBackfills();
        assertThat(known).hasSize(10).allMatch(backfill -> backfill.getEndedAt() != null);
        assertThat(known.get(9)).satisfies(last -> {
            assertThat(last.getId()).isEqualTo("b-0");
            assertThat(last.getTriggered()).isZero();
            assertThat(last.getCause()).startsWith("its id was used before");
        });
        log.remove("a");
        log.define(hourlyIn("default"));
        log.rows();
        ask(range("b-3", "2025-12-31T00:00:00Z", "2025-12-31T01:00:00Z"));
        assertThat(log.rows()).isEmpty();
    }
}
