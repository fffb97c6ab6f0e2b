package io.quarry.scheduler.trigger;

import static io.quarry.scheduler.trigger.ScheduleLog.schedule;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.CatchUpPolicy;
import io.quarry.avro.OverlapPolicy;
import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleEvent;
import io.quarry.avro.ScheduleEventType;
import io.quarry.avro.State;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** A task that looks at the clock before it has read what was written in an outage: from 00:01:30 to 02:01:30. */
class ArrearsTest extends ScheduleFixture {
    private static final Duration OUTAGE = Duration.ofHours(2);

    private static Schedule.Builder halfHourly() {
        return schedule("a", "*/30 * * * *").setCatchUp(CatchUpPolicy.ALL).setOverlap(OverlapPolicy.ALLOW);
    }

    /** It is defined, nobody is there for two hours, and the new task has looked at the clock three times. */
    private void restarted(Schedule.Builder schedule) {
        log.define(schedule);
        log.pass(Duration.ofMinutes(1));
        log.restart(OUTAGE);
        log.wake(3);
        assertThat(log.rows()).as("nothing is decided before the mark").isEmpty();
    }

    /** An event whose time in the log was so many minutes after midnight. */
    private void at(int minutes, ScheduleEvent.Builder event) {
        Duration ago = ago(minutes);
        log.send(ago, event);
    }

    private Duration ago(int minutes) {
        return Duration.between(Instant.parse("2026-01-01T00:00:00Z").plus(Duration.ofMinutes(minutes)), log.now());
    }

    private void marked() {
        log.bringMark();
        log.wake(3);
    }

    @Test
    void aScheduleThatWasDeletedInAnOutageHasNoTickAfterIt() {
        restarted(halfHourly());
        log.bring(ago(75), log.event(ScheduleEventType.REMOVED, "a"));
        marked();
        assertThat(log.story()).containsExactly("00:30:00Z CAUGHT_UP", "01:00:00Z CAUGHT_UP");
    }

    @Test
    void aScheduleThatWasPausedInAnOutageRunsNoTickAfterIt() {
        restarted(halfHourly());
        at(75, log.event(ScheduleEventType.PAUSE, "a").setReason("moving"));
        marked();
        assertThat(log.story())
                .containsExactly(
                        "00:30:00Z CAUGHT_UP",
                        "01:00:00Z CAUGHT_UP",
                        "01:30:00Z SKIPPED_PAUSED",
                        "02:00:00Z SKIPPED_PAUSED");
    }

    @Test
    void aDefinitionThatIsBroughtLaterCountsFromWhenItWasWritten() {
        restarted(halfHourly());
        at(70, log.event(ScheduleEventType.PAUSE, "a").setReason("moving"));
        at(110, log.event(ScheduleEventType.RESUME, "a"));
        log.bring(
                ago(50),
                log.event(ScheduleEventType.DEFINED, "a")
                        .setDefinition(halfHourly().setCron("*/20 * * * *").build()));
        marked();
        assertThat(log.story())
                .containsExactly(
                        "00:30:00Z CAUGHT_UP",
                        "01:00:00Z CAUGHT_UP",
                        "01:20:00Z SKIPPED_PAUSED",
                        "01:40:00Z SKIPPED_PAUSED",
                        "02:00:00Z CAUGHT_UP");
    }

    @Test
    void ofTwoDefinitionsTheLaterRecordCountsEvenIfTheClockWentBack() {
        restarted(halfHourly());
        log.bring(
                ago(50),
                log.event(ScheduleEventType.DEFINED, "a")
                        .setDefinition(halfHourly().setCron("*/20 * * * *").build()));
        log.bring(
                ago(40),
                log.event(ScheduleEventType.DEFINED, "a")
                        .setDefinition(halfHourly().setCron("0 * * * *").build()));
        marked();
        assertThat(log.story()).containsExactly("00:30:00Z CAUGHT_UP", "01:00:00Z CAUGHT_UP", "02:00:00Z CAUGHT_UP");
    }

    @Test
    void oneThatWasDeletedAndAppliedAgainIsANewOne() {
        restarted(halfHourly());
        log.bring(ago(45), log.event(ScheduleEventType.REMOVED, "a"));
        log.bring(
                ago(75),
                log.event(ScheduleEventType.DEFINED, "a")
                        .setDefinition(halfHourly().build()));
        marked();
        assertThat(log.story()).containsExactly("00:30:00Z CAUGHT_UP");
        log.pass(Duration.ofMinutes(30));
        assertThat(log.story()).containsExactly("02:30:00Z TRIGGERED");
    }

    @Test
    void whatIsAskedOfAScheduleThatWasAppliedInTheSameOutageIsNotLost() {
        log.restart(OUTAGE);
        at(20, log.event(ScheduleEventType.RESUME, "a"));
        at(50, log.event(ScheduleEventType.PAUSE, "a").setReason("moving"));
        log.bring(
                ago(40),
                log.event(ScheduleEventType.DEFINED, "a")
                        .setDefinition(halfHourly().build()));
        marked();
        log.pass(Duration.ofMinutes(30));
        assertThat(log.story()).containsExactly("02:30:00Z SKIPPED_PAUSED");
    }

    @Test
    void anEventThatOvertakesTheDefinitionOfItsScheduleWaitsForIt() {
        log.send(log.event(ScheduleEventType.PAUSE, "a").setReason("moving"));
        log.pass(Agenda.OVERTAKEN.minusSeconds(1));
        log.bring(
                Agenda.OVERTAKEN,
                log.event(ScheduleEventType.DEFINED, "a")
                        .setDefinition(minutely().build()));
        log.send(log.event(ScheduleEventType.PAUSE, "nobody").setReason("moving"));
        log.pass(MINUTE);
        assertThat(log.story()).containsExactly("00:01:00Z SKIPPED_PAUSED");
    }

    @Test
    void anOutageInWhichTheLastRunEndedSkipsNoTickForIt() {
        log.define(schedule("a", "*/30 * * * *").setOverlap(OverlapPolicy.SKIP));
        log.pass(Duration.ofMinutes(30));
        assertThat(log.story()).containsExactly("00:30:00Z TRIGGERED");
        log.restart(OUTAGE);
        log.wake(1);
        log.bring(
                ago(35),
                log.event(ScheduleEventType.JOB_ENDED, "a")
                        .setJobId("a:2026-01-01T00:30:00Z")
                        .setState(State.SUCCEEDED));
        marked();
        assertThat(log.story())
                .containsExactly(
                        "00:30:00Z SUCCEEDED",
                        "01:00:00Z MISSED_OUTAGE",
                        "01:30:00Z MISSED_OUTAGE",
                        "02:00:00Z MISSED_OUTAGE",
                        "02:30:00Z LATE");
    }

    @Test
    void aTickThatWaitedWhenItsScheduleWasPausedDoesNotRunAtTheEndThatCameLater() {
        log.define(schedule("a", "*/30 * * * *").setOverlap(OverlapPolicy.QUEUE_ONE));
        log.pass(Duration.ofHours(1));
        assertThat(log.story()).containsExactly("00:30:00Z TRIGGERED", "01:00:00Z WAITING");
        log.restart(OUTAGE);
        at(70, log.event(ScheduleEventType.PAUSE, "a").setReason("moving"));
        log.bring(
                ago(80),
                log.event(ScheduleEventType.JOB_ENDED, "a")
                        .setJobId("a:2026-01-01T00:30:00Z")
                        .setState(State.SUCCEEDED));
        marked();
        assertThat(log.story())
                .startsWith("01:00:00Z SKIPPED_PAUSED", "00:30:00Z SUCCEEDED", "01:30:00Z SKIPPED_PAUSED")
                .hasSize(6);
        assertThat(log.jobIds()).isEmpty();
    }

    @Test
    void aMarkThatNeverComesHoldsNobodyUpForEver() {
        restarted(halfHourly().setCatchUp(CatchUpPolicy.NONE));
        log.send(log.event(ScheduleEventType.MARK, "").setRequest("another task's"));
        log.wake(ScheduleLog.SETTINGS.patience().minusSeconds(1));
        assertThat(log.rows()).isEmpty();
        log.wake(Duration.ofSeconds(2));
        assertThat(log.story()).hasSize(4);
    }

    @Test
    void oneMarkIsAskedForHoweverOftenTheClockIsLookedAt() {
        log.define(halfHourly());
        log.restart(OUTAGE);
        log.wake(10);
        assertThat(log.marks()).isEqualTo(1);
    }
}
