package io.quarry.scheduler.trigger;

import static io.quarry.scheduler.trigger.ScheduleLog.schedule;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.JobEvent;
import io.quarry.avro.OverlapPolicy;
import io.quarry.avro.ScheduleTick;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Schedules by a time that is not real time: a day in two seconds. */
class ScheduleTimeTest {
    private static final Instant REAL = Instant.parse("2026-01-01T00:00:30Z");
    private static final Instant VIRTUAL = Instant.parse("2001-02-01T00:00:00Z");

    @TempDir
    Path directory;

    @Test
    void ticksAndLedgerAreToldInItAndWhatJobsReadIsNot() {
        ScheduleTime time = real -> VIRTUAL.plus(Duration.between(REAL, real).multipliedBy(43_200));
        try (ScheduleLog log = new ScheduleLog(directory, REAL, time)) {
            log.define(schedule("a", "0 12 * * *").setOverlap(OverlapPolicy.CANCEL_PREVIOUS));
            for (int i = 0; i < 200; i++) {
                log.wake(1);
            }
            assertThat(log.jobIds()).containsExactly("a:2001-02-01T12:00:00Z");
            assertThat(log.rows())
                    .extracting(ScheduleTick::getTick)
                    .containsExactly(Instant.parse("2001-02-01T12:00:00Z"), Instant.parse("2001-02-02T12:00:00Z"));
            assertThat(log.jobEvents())
                    .extracting(JobEvent::getAt)
                    .singleElement()
                    .satisfies(at -> assertThat(at).isBetween(REAL, REAL.plusSeconds(5)));
            assertThat(log.state().getSince()).isEqualTo(VIRTUAL);
        }
    }
}
