package io.quarry.scheduler.trigger;

import static io.quarry.scheduler.trigger.ScheduleLog.schedule;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Backfill;
import io.quarry.avro.CatchUpPolicy;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.OverlapPolicy;
import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleEventType;
import io.quarry.avro.ScheduleTick;
import io.quarry.avro.State;
import io.quarry.avro.TickOutcome;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What comes at a bad moment, or from somebody who keeps no rules: no tick is lost, none waits for ever, no scheduler ends. */
class TriggerTroubleTest extends ScheduleFixture {
    private static final Instant FARTHEST = Instant.ofEpochMilli(Long.MAX_VALUE);
    private static final Instant FIRST = Instant.ofEpochMilli(Long.MIN_VALUE);

    /** A thousand seconds are missed, the event comes after them, and another thousand pass until somebody looks. */
    @ParameterizedTest
    @EnumSource(names = {"PAUSE", "RESUME", "REMOVED", "TRIGGER", "BACKFILL"})
    void anEventComesAfterAllTicksBeforeItHoweverMany(ScheduleEventType type) {
        log.define(schedule("a", "* * * * * *").setCatchUp(CatchUpPolicy.NONE).setOverlap(OverlapPolicy.ALLOW));
        log.wake(1);
        if (type == ScheduleEventType.RESUME) {
            log.send(log.event(ScheduleEventType.PAUSE, "a").setReason("moving"));
        }
        log.later(Duration.ofSeconds(1000));
        Instant at = log.now();
        if (type == ScheduleEventType.REMOVED) {
            log.remove("a");
        } else {
            log.send(log.event(type, "a")
                    .setReason("moving")
                    .setRequest("manual-1")
                    .setBackfill(Backfill.newBuilder()
                            .setId("b-1")
                            .setFrom(BEGIN)
                            .setTo(BEGIN.plusSeconds(1))
                            .build()));
        }
        log.outage(Duration.ofSeconds(1000));
        log.wake(40);
        List<ScheduleTick> rows = log.rows();
        List<ScheduleTick> own = rows.stream()
                .filter(row -> row.getOutcome() != TickOutcome.MANUAL && row.getOutcome() != TickOutcome.BACKFILLED)
                .toList();
        boolean removed = type == ScheduleEventType.REMOVED;
        assertThat(own.stream().map(ScheduleTick::getTick))
                .hasSizeGreaterThanOrEqualTo(removed ? 1000 : 2000)
                .doesNotHaveDuplicates();
        assertThat(own).allSatisfy(row -> {
            boolean before = !row.getTick().isAfter(at);
            assertThat(before || !removed).isTrue();
            if (type == ScheduleEventType.PAUSE || type == ScheduleEventType.RESUME) {
                assertThat(row.getOutcome() == TickOutcome.SKIPPED_PAUSED)
                        .as(row.toString())
                        .isEqualTo(before == (type == ScheduleEventType.RESUME));
            }
        });
        assertThat(rows)
                .hasSize(
                        own.size() + (type == ScheduleEventType.TRIGGER || type == ScheduleEventType.BACKFILL ? 1 : 0));
    }

    @Test
    void definitionsThatWaitCountOneAfterTheOther() {
        log.define(schedule("a", "* * * * * *").setCatchUp(CatchUpPolicy.NONE));
        log.wake(1);
        log.later(Duration.ofMinutes(20));
        log.define(schedule("a", "*/2 * * * * *").setCatchUp(CatchUpPolicy.NONE));
        log.later(Duration.ofMinutes(20));
        log.send(log.event(ScheduleEventType.RESUME, "a"));
        log.define(schedule("a", "*/4 * * * * *").setCatchUp(CatchUpPolicy.NONE));
        log.remove("a");
        log.define(schedule("a", "0 * * * *").setOverlap(OverlapPolicy.ALLOW));
        log.wake(40);
        assertThat(log.story()).hasSize(1200 + 600).doesNotHaveDuplicates();
        log.pass(MINUTE.multipliedBy(20));
        assertThat(log.story()).containsExactly("01:00:00Z TRIGGERED");
    }

    /** With jitter, ticks until the event are due after it: no look in between may take them for the new rule's. */
    @Test
    void aDefinitionThatWaitsTakesNoTickOfTheOldRuleThatJitterHasMovedBehindIt() {
        log.define(schedule("a", "* * * * * *").setJitterMs(3_600_000).setOverlap(OverlapPolicy.ALLOW));
        log.wake(1);
        log.later(Duration.ofMinutes(20));
        log.define(schedule("a", "0 0 * * *"));
        log.wake(40);
        assertThat(log.story()).hasSize(1200).doesNotHaveDuplicates();
    }

    @Test
    void whatIsCaughtUpIsFoundByEachRuleOfItsOwn() {
        log.define(minutely().setCatchUp(CatchUpPolicy.LATEST).setOverlap(OverlapPolicy.ALLOW));
        log.wake(1);
        log.later(MINUTE.multipliedBy(10));
        log.define(schedule("a", "*/7 * * * *").setCatchUp(CatchUpPolicy.LATEST).setOverlap(OverlapPolicy.ALLOW));
        log.later(MINUTE.multipliedBy(10));
        log.wake(1);
        assertThat(log.story().stream().filter(line -> !line.contains("MISSED")))
                .containsExactly("00:10:00Z LATE", "00:14:00Z CAUGHT_UP");
    }

    /** No tick was in time between the two, so that nothing but the end of the first one tells them apart. */
    @Test
    void ofTwoOutagesInARowEachHasItsOwnLatestTick() {
        log.define(schedule("a", "*/5 * * * *").setCatchUp(CatchUpPolicy.LATEST).setOverlap(OverlapPolicy.ALLOW));
        log.wake(1);
        log.outage(MINUTE.multipliedBy(12));
        log.outage(MINUTE.multipliedBy(20));
        assertThat(log.story())
                .containsExactly(
                        "00:05:00Z MISSED_OUTAGE",
                        "00:10:00Z CAUGHT_UP",
                        "00:15:00Z MISSED_OUTAGE",
                        "00:20:00Z MISSED_OUTAGE",
                        "00:25:00Z MISSED_OUTAGE",
                        "00:30:00Z CAUGHT_UP");
    }

    @Test
    void ticksThatWaitAreRefusedAllWhenTheirGroupIsGone() {
        log.define(schedule("a", "* * * * * *").setOverlap(OverlapPolicy.QUEUE_ALL));
        log.pass(Duration.ofMinutes(15));
        log.vanish("default");
        log.rows();
        String first = log.jobIds().get(0);
        log.end(first, State.SUCCEEDED);
        assertThat(log.rows()).as("not all at once").hasSizeLessThan(600);
        log.group("default");
        log.wake(1);
        List<Job> jobs = log.jobs();
        assertThat(jobs).as("the first one that waits").hasSize(1);
        assertThat(jobs.get(0).getId()).isLessThan("a:2026-01-01T00:09");
    }

    @Test
    void whoWaitsNeedNotWhenOverlapIsAllowed() {
        log.define(minutely().setOverlap(OverlapPolicy.QUEUE_ALL));
        log.pass(MINUTE.multipliedBy(3));
        log.define(minutely().setOverlap(OverlapPolicy.ALLOW));
        log.wake(1);
        assertThat(log.jobIds()).hasSize(3);
        assertThat(log.story()).endsWith("00:02:00Z LATE", "00:03:00Z LATE");
    }

    static Stream<Schedule.Builder> strange() {
        Schedule.Builder plain = schedule("b", "* * * * *");
        return Stream.of(
                Schedule.newBuilder(plain)
                        .setCron(null)
                        .setTimes(List.of(FARTHEST))
                        .setJitterMs(86_400_000),
                Schedule.newBuilder(plain).setCron(null).setTimes(List.of(FIRST)),
                Schedule.newBuilder(plain).setCron(null).setEveryMs(Long.MAX_VALUE),
                Schedule.newBuilder(plain)
                        .setCron(null)
                        .setEveryMs(Long.MAX_VALUE)
                        .setStart(FARTHEST),
                Schedule.newBuilder(plain).setCron(null).setEveryMs(60_000L).setStart(FIRST),
                Schedule.newBuilder(plain).setStart(FARTHEST),
                Schedule.newBuilder(plain).setStart(FIRST).setEnd(FARTHEST),
                Schedule.newBuilder(plain).setCatchUpWindowMs(Long.MAX_VALUE).setMaxFailures(Integer.MAX_VALUE));
    }

    @ParameterizedTest
    @MethodSource("strange")
    void aDefinitionOfWhateverNumbersEndsNoScheduler(Schedule.Builder strange) {
        log.define(minutely());
        log.define(strange);
        log.outage(Duration.ofMinutes(5));
        log.wake(3);
        log.send(log.event(ScheduleEventType.BACKFILL, "a")
                .setBackfill(Backfill.newBuilder()
                        .setId("b-1")
                        .setFrom(FIRST)
                        .setTo(FARTHEST)
                        .build()));
        log.send(log.event(ScheduleEventType.TRIGGER, "a").setAt(FARTHEST).setRequest("manual-1"));
        log.send(log.event(ScheduleEventType.TRIGGER, "a").setAt(FIRST).setRequest("manual-1"));
        log.send(log.event(ScheduleEventType.DEFINED, "a").setDefinition(strange.build()));
        log.pass(MINUTE);
        assertThat(log.jobIds()).contains("a:2026-01-01T00:05:00Z").allMatch(id -> !id.contains("manual"));
    }

    @Test
    void aRequestThatComesAgainAfterItsJobHasEndedOpensNoRow() {
        log.define(minutely());
        Backfill asked = Backfill.newBuilder()
                .setId("b-1")
                .setFrom(BEGIN.minusSeconds(60))
                .setTo(BEGIN)
                .build();
        var manual = log.event(ScheduleEventType.TRIGGER, "a").setRequest("manual-1");
        var backfill = log.event(ScheduleEventType.BACKFILL, "a").setBackfill(asked);
        log.send(manual);
        log.send(backfill);
        List<String> ids = log.jobIds();
        assertThat(ids).hasSize(2);
        ids.forEach(id -> log.end(id, State.SUCCEEDED));
        log.rows();
        log.remove("a");
        log.define(minutely());
        log.send(manual);
        log.send(backfill);
        assertThat(log.rows()).isEmpty();
        log.pass(MINUTE);
        assertThat(log.story()).containsExactly("00:01:00Z TRIGGERED");
        log.outage(Duration.ofDays(8));
        log.rows();
        log.send(manual);
        assertThat(log.rows()).noneMatch(row -> row.getOutcome() == TickOutcome.MANUAL);
    }

    @Test
    void aCancelOfABackfillReachesAllItsJobsHoweverManyOthersRun() {
        log.define(schedule("a", "0 0 1 1 *").setZone("UTC").setCron("* * * * *"));
        List<String> last = new ArrayList<>();
        for (int i = 0; i < 11; i++) {
            Backfill asked = Backfill.newBuilder()
                    .setId("b-" + i)
                    .setFrom(BEGIN.minus(Duration.ofDays(20 - i)))
                    .setTo(BEGIN.minus(Duration.ofDays(19 - i)))
                    .setConcurrency(100)
                    .build();
            log.send(log.event(ScheduleEventType.BACKFILL, "a").setBackfill(asked));
            last = log.jobIds();
        }
        assertThat(last).hasSize(100);
        log.send(log.event(ScheduleEventType.CANCEL_BACKFILL, "a")
                .setBackfill(Backfill.newBuilder()
                        .setId("b-10")
                        .setFrom(BEGIN)
                        .setTo(BEGIN)
                        .build()));
        assertThat(log.jobEvents().stream().map(JobEvent::getJobId)).containsExactlyInAnyOrderElementsOf(last);
    }
}
