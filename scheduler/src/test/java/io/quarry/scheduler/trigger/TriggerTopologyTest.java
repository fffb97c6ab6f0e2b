package io.quarry.scheduler.trigger;

import static io.quarry.scheduler.trigger.ScheduleLog.schedule;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.CatchUpPolicy;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.OverlapPolicy;
import io.quarry.avro.ScheduleEventType;
import io.quarry.avro.ScheduleTick;
import io.quarry.avro.State;
import io.quarry.avro.TickOutcome;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of ticks: every policy with every event. */
class TriggerTopologyTest extends ScheduleFixture {

    @Test
    void aTickBecomesOneJobAndItsRowIsClosedWithTheJobsEnd() {
        log.define(minutely());
        log.pass(MINUTE);
        List<Job> jobs = log.jobs();
        assertThat(jobs).hasSize(1);
        Job job = jobs.get(0);
        assertThat(job.getId()).isEqualTo("a:2026-01-01T00:01:00Z");
        assertThat(job.getTags()).containsEntry("schedule", "a").containsEntry("tick", "2026-01-01T00:01:00Z");
        assertThat(StandardCharsets.UTF_8
                        .decode(job.getCustom().getBody().duplicate())
                        .toString())
                .isEqualTo("at 2026-01-01T00:01:00Z");
        List<ScheduleTick> rows = log.rows();
        assertThat(rows).hasSize(1);
        assertThat(rows.get(0).getOutcome()).isEqualTo(TickOutcome.TRIGGERED);
        assertThat(rows.get(0).getJobId()).isEqualTo(job.getId());
        log.end(job.getId(), State.RUNNING);
        log.end(job.getId(), State.SUCCEEDED);
        log.end(job.getId(), State.SUCCEEDED);
        List<ScheduleTick> closed = log.rows();
        assertThat(closed).hasSize(1);
        assertThat(closed.get(0).getState()).isEqualTo(State.SUCCEEDED);
        assertThat(closed.get(0).getOutcome()).isEqualTo(TickOutcome.TRIGGERED);
    }

    /** Ticks at minutes 1 to 4; the job of minute 1 ends after minute 3, those after it at once. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SKIP | 00:01 TRIGGERED, 00:02 SKIPPED_OVERLAP, 00:03 SKIPPED_OVERLAP, 00:01 SUCCEEDED, 00:04"
                        + " TRIGGERED",
                "QUEUE_ONE | 00:01 TRIGGERED, 00:02 WAITING, 00:03 SKIPPED_OVERLAP, 00:01 SUCCEEDED, 00:02 LATE,"
                        + " 00:02 SUCCEEDED, 00:04 TRIGGERED",
                "QUEUE_ALL | 00:01 TRIGGERED, 00:02 WAITING, 00:03 WAITING, 00:01 SUCCEEDED, 00:02 LATE, 00:02"
                        + " SUCCEEDED, 00:03 LATE, 00:03 SUCCEEDED, 00:04 TRIGGERED",
                "ALLOW | 00:01 TRIGGERED, 00:02 TRIGGERED, 00:03 TRIGGERED, 00:01 SUCCEEDED, 00:02 SUCCEEDED,"
                        + " 00:03 SUCCEEDED, 00:04 TRIGGERED",
                "CANCEL_PREVIOUS | 00:01 TRIGGERED, 00:02 WAITING, 00:02 SKIPPED_OVERLAP, 00:03 WAITING, 00:01"
                        + " SUCCEEDED, 00:03 LATE, 00:03 SUCCEEDED, 00:04 TRIGGERED",
            })
    void overlapNeverWhenTheLifecycleLags(OverlapPolicy policy, String story) {
        log.define(minutely().setOverlap(policy));
        log.pass(MINUTE.multipliedBy(3));
        log.end("a:2026-01-01T00:01:00Z", State.SUCCEEDED);
        log.end("a:2026-01-01T00:02:00Z", State.SUCCEEDED);
        log.end("a:2026-01-01T00:03:00Z", State.SUCCEEDED);
        log.pass(MINUTE);
        assertThat(String.join(", ", log.story()).replace(":00Z", "")).isEqualTo(story);
        List<JobEvent> cancels = log.jobEvents();
        assertThat(cancels)
                .hasSize(policy == OverlapPolicy.CANCEL_PREVIOUS ? 2 : 0)
                .allSatisfy(cancel -> assertThat(cancel.getJobId()).isEqualTo("a:2026-01-01T00:01:00Z"));
    }

    /** Minutes 1 to 6 are missed, minute 7 is decided 10 s late. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "NONE   | 1 | 1d | mmmmmm | LATE",
                "LATEST | 1 | 1d | mmmmmm | LATE",
                "LATEST | 3 | 1d | mmmmcc | LATE",
                "ALL    | 1 | 1d | cccccc | LATE",
                "ALL    | 1 | 3m | ooookk | LATE",
            })
    void missedTicksGetARowByTheCatchUpPolicy(
            CatchUpPolicy policy, int most, String window, String missed, TickOutcome last) {
        log.define(minutely()
                .setCatchUp(policy)
                .setCatchUpMax(most)
                .setOverlap(OverlapPolicy.ALLOW)
                .setCatchUpWindowMs(window.equals("1d") ? 86_400_000 : 180_000));
        log.wake(Duration.ofMillis(20));
        log.outage(Duration.ofSeconds(400));
        log.wake(3);
        List<ScheduleTick> rows = log.rows();
        assertThat(rows).hasSize(7);
        StringBuilder signs = new StringBuilder();
        rows.subList(0, 6)
                .forEach(row -> signs.append(
                        switch (row.getOutcome()) {
                            case MISSED_OUTAGE -> "m";
                            case CAUGHT_UP -> "c";
                            case SKIPPED_OUTSIDE_WINDOW -> "o";
                            default -> "?";
                        }));
        assertThat(signs.toString()).isEqualTo(missed.replace('k', 'c'));
        assertThat(rows.get(6).getOutcome()).isEqualTo(last);
        assertThat(log.jobs())
                .hasSize(1 + (int) signs.chars().filter(sign -> sign == 'c').count());
    }

    /** Of the two that are caught up the second waits for the first, and is no less caught up for that. */
    @Test
    void aMissedTickThatWaitsForItsPredecessorIsCaughtUpInTheEnd() {
        log.define(minutely().setCatchUpMax(3).setOverlap(OverlapPolicy.QUEUE_ONE));
        log.wake(Duration.ofMillis(20));
        log.outage(Duration.ofSeconds(270));
        log.end("a:2026-01-01T00:03:00Z", State.SUCCEEDED);
        List<ScheduleTick> rows = log.rows();
        assertThat(rows.stream()
                        .map(row -> row.getTick().toString().substring(14, 16) + " "
                                + (row.getState() == null ? row.getOutcome() : row.getState()))
                        .toList())
                .containsExactly(
                        "01 MISSED_OUTAGE",
                        "02 MISSED_OUTAGE",
                        "03 CAUGHT_UP",
                        "04 WAITING",
                        "05 SKIPPED_OVERLAP",
                        "03 SUCCEEDED",
                        "04 CAUGHT_UP");
        assertThat(rows.get(6).getCause())
                .isEqualTo("no scheduler was running at its time, then it waited for the end of"
                        + " a:2026-01-01T00:03:00Z");
    }

    @Test
    void catchUpOfADayIsDoneInBoundedSteps() {
        log.define(
                schedule("busy", "*/20 * * * * *").setCatchUp(CatchUpPolicy.ALL).setOverlap(OverlapPolicy.ALLOW));
        log.define(schedule("calm", "0 12 * * *").setCatchUp(CatchUpPolicy.ALL));
        log.wake(1);
        log.outage(Duration.ofDays(1));
        List<ScheduleTick> first = log.rows();
        assertThat(first).hasSizeLessThanOrEqualTo(Agenda.SWEEP);
        assertThat(first)
                .as("one long outage holds up no other schedule")
                .anyMatch(row -> row.getSchedule().equals("calm"));
        int steps = 0;
        int rows = first.size();
        while (rows < 4320 && steps++ < 200) {
            log.wake(1);
            List<ScheduleTick> more = log.rows();
            assertThat(more).hasSizeLessThanOrEqualTo(Agenda.SWEEP);
            rows += more.size();
        }
        assertThat(rows).isGreaterThanOrEqualTo(4320);
    }

    @Test
    void aClockThatIsSetBackMakesNoTickTwice() {
        log.define(minutely().setOverlap(OverlapPolicy.ALLOW));
        log.pass(MINUTE.multipliedBy(3));
        log.later(Duration.ofMinutes(-2));
        // Another rule of the same times, from a broker whose clock was set back.
        log.define(schedule("a", "*/1 * * * *").setOverlap(OverlapPolicy.ALLOW));
        log.send(log.event(ScheduleEventType.RESUME, "a"));
        log.later(Duration.ofMinutes(2));
        log.pass(MINUTE);
        assertThat(log.jobIds())
                .containsExactly(
                        "a:2026-01-01T00:01:00Z",
                        "a:2026-01-01T00:02:00Z",
                        "a:2026-01-01T00:03:00Z",
                        "a:2026-01-01T00:04:00Z");
    }

    @Test
    void aPausedScheduleSaysSoAtEachTickAndWhatWaitedIsDismissed() {
        log.define(minutely().setOverlap(OverlapPolicy.QUEUE_ALL));
        log.pass(MINUTE.multipliedBy(2));
        log.send(log.event(ScheduleEventType.PAUSE, "a").setReason("moving"));
        log.end("a:2026-01-01T00:01:00Z", State.SUCCEEDED);
        log.pass(MINUTE);
        assertThat(log.state().getPaused()).isEqualTo("moving");
        log.send(log.event(ScheduleEventType.RESUME, "a"));
        log.pass(MINUTE);
        assertThat(log.story())
                .containsExactly(
                        "00:01:00Z TRIGGERED",
                        "00:02:00Z WAITING",
                        "00:02:00Z SKIPPED_PAUSED",
                        "00:01:00Z SUCCEEDED",
                        "00:03:00Z SKIPPED_PAUSED",
                        "00:04:00Z TRIGGERED");
    }

    @Test
    void aDefinitionMayBePausedAndGoOnWithAnother() {
        log.define(minutely().setPaused("not yet"));
        log.pass(MINUTE);
        log.define(minutely());
        log.pass(MINUTE);
        assertThat(log.story()).containsExactly("00:01:00Z SKIPPED_PAUSED", "00:02:00Z TRIGGERED");
    }

    @Test
    void aNewRuleCountsFromItsRecordAndTheOldOneUntilThen() {
        log.define(minutely().setCatchUp(CatchUpPolicy.ALL).setOverlap(OverlapPolicy.ALLOW));
        log.pass(MINUTE);
        // Nobody looks at the clock until the record is there: what was due before it is the old rule's.
        log.later(MINUTE.multipliedBy(2));
        log.define(schedule("a", "*/10 * * * *").setOverlap(OverlapPolicy.ALLOW));
        log.pass(Duration.ofMinutes(11));
        assertThat(log.story())
                .containsExactly("00:01:00Z TRIGGERED", "00:02:00Z CAUGHT_UP", "00:03:00Z LATE", "00:10:00Z TRIGGERED");
    }

    @Test
    void aNewRuleWaitsForALongOutageOfTheOldOne() {
        log.define(schedule("a", "* * * * * *").setCatchUp(CatchUpPolicy.NONE));
        log.wake(1);
        log.later(Duration.ofMinutes(20));
        log.define(schedule("a", "0 * * * *").setOverlap(OverlapPolicy.ALLOW));
        log.wake(20);
        List<String> story = log.story();
        assertThat(story).hasSize(1200).doesNotHaveDuplicates();
        log.pass(Duration.ofMinutes(40));
        assertThat(log.story()).containsExactly("01:00:00Z TRIGGERED");
    }

    @Test
    void aRefusedTickSaysWhyCountsAsAFailureAndPausesInTheEnd() {
        log.define(minutely()
                .setMaxFailures(2)
                .setJob(Job.newBuilder(minutely().getJob())
                        .setResourceGroup("gone")
                        .build()));
        log.pass(MINUTE.multipliedBy(3));
        List<ScheduleTick> rows = log.rows();
        assertThat(rows)
                .extracting(ScheduleTick::getOutcome)
                .containsExactly(TickOutcome.REFUSED, TickOutcome.REFUSED, TickOutcome.SKIPPED_PAUSED);
        assertThat(rows.get(0).getCause()).isEqualTo("there is no resource group gone");
        assertThat(log.state().getPaused()).startsWith("2 failed runs in a row");
    }

    @Test
    void failuresInARowPauseASuccessBeginsAnewAndACancelCountsNothing() {
        log.define(minutely().setMaxFailures(2));
        List<State> ends = List.of(State.FAILED, State.SUCCEEDED, State.FAILED, State.CANCELLED, State.EXPIRED);
        for (int i = 0; i < ends.size(); i++) {
            log.pass(MINUTE);
            assertThat(log.state().getPaused()).as("after " + i).isNull();
            log.end("a:2026-01-01T00:0" + (i + 1) + ":00Z", ends.get(i));
        }
        assertThat(log.state().getPaused()).contains("2 failed runs in a row", "a:2026-01-01T00:05:00Z is EXPIRED");
    }

    @Test
    void aDeletedScheduleTicksNoMoreAndWhatRanIsClosed() {
        log.define(minutely().setOverlap(OverlapPolicy.QUEUE_ONE));
        log.pass(MINUTE.multipliedBy(2));
        log.remove("a");
        log.pass(MINUTE);
        log.end("a:2026-01-01T00:01:00Z", State.SUCCEEDED);
        assertThat(log.story())
                .containsExactly(
                        "00:01:00Z TRIGGERED", "00:02:00Z WAITING", "00:02:00Z SKIPPED_PAUSED", "00:01:00Z SUCCEEDED");
    }

    @Test
    void aJobWhoseRowIsGoneEndsItsTick() {
        log.define(minutely());
        log.pass(MINUTE);
        log.end("a:2026-01-01T00:01:00Z", State.EXPIRED);
        log.pass(MINUTE);
        assertThat(log.jobIds()).hasSize(2);
    }

    @Test
    void aManualRunIsOneHoweverOftenItIsAskedFor() {
        log.define(schedule("a", "0 12 * * *"));
        var asked = log.event(ScheduleEventType.TRIGGER, "a").setRequest("manual-1");
        log.send(asked);
        log.pass(Duration.ofSeconds(1));
        log.send(asked);
        assertThat(log.jobIds()).containsExactly("a:2026-01-01T00:00:30Z:manual-1");
        assertThat(log.rows())
                .singleElement()
                .satisfies(row -> assertThat(row.getOutcome()).isEqualTo(TickOutcome.MANUAL));
    }

    @Test
    void aBrokenDefinitionLeavesTheLastGoodOneInForce() {
        log.define(minutely());
        log.define(schedule("a", "0 0 30 2 *"));
        log.pass(MINUTE);
        assertThat(log.story()).containsExactly("00:01:00Z TRIGGERED");
    }

    @Test
    void jitterMovesAllTicksOfAScheduleByOneAmount() {
        log.define(minutely().setJitterMs(50_000).setOverlap(OverlapPolicy.ALLOW));
        log.pass(MINUTE.multipliedBy(4));
        List<Long> moved = log.rows().stream()
                .map(row -> Duration.between(row.getTick(), row.getAt()).toSeconds())
                .distinct()
                .toList();
        assertThat(moved).hasSize(1);
        assertThat(moved.get(0)).isBetween(1L, 51L);
    }
}
