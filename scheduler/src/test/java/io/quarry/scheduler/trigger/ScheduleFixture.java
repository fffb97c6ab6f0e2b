package io.quarry.scheduler.trigger;

import static io.quarry.scheduler.trigger.ScheduleLog.schedule;

import io.quarry.avro.Backfill;
import io.quarry.avro.Job;
import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleEventType;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** The schedules without a broker, new for each test, half a minute past midnight; and what tests of several classes ask of them. */
class ScheduleFixture {
    static final Instant BEGIN = Instant.parse("2026-01-01T00:00:30Z");
    static final Duration MINUTE = Duration.ofMinutes(1);

    @TempDir
    Path directory;

    ScheduleLog log;

    @BeforeEach
    void start() {
        log = new ScheduleLog(directory, BEGIN);
    }

    @AfterEach
    void stop() {
        log.close();
    }

    /** Schedule a, each minute. */
    static Schedule.Builder minutely() {
        return schedule("a", "* * * * *");
    }

    /** Schedule a, each hour, in a group. */
    static Schedule.Builder hourlyIn(String group) {
        return schedule("a", "0 * * * *")
                .setJob(Job.newBuilder(schedule("a", "0 * * * *").getJob())
                        .setResourceGroup(group)
                        .build());
    }

    /** A backfill of schedule a, one job at a time unless the test says otherwise. */
    static Backfill.Builder range(String id, String from, String to) {
        return Backfill.newBuilder().setId(id).setFrom(Instant.parse(from)).setTo(Instant.parse(to));
    }

    /** Somebody asks for a backfill of schedule a. */
    void ask(Backfill.Builder backfill) {
        log.send(log.event(ScheduleEventType.BACKFILL, "a").setBackfill(backfill.build()));
    }
}
