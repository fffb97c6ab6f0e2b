package io.quarry.scheduler.trigger;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.CatchUpPolicy;
import io.quarry.avro.Job;
import io.quarry.avro.OverlapPolicy;
import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleState;
import io.quarry.avro.ScheduleTick;
import io.quarry.avro.State;
import io.quarry.schemas.schedule.Ticks;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A year of 200 schedules of all kinds, with outages, in virtual time: one decision for each tick that is expected. Most of them tick on
 * some days of a week or a month, so that a year takes seconds; {@code -Dschedules.days=3650} makes it ten.
 */
class YearTest {
    private static final Instant BEGIN = Instant.parse("2026-02-01T00:00:00Z");
    private static final int SCHEDULES = 200;
    private static final List<String> ZONES = List.of(
            "UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu");

    @TempDir
    Path directory;

    private final Random random = new Random(2026);

    @Test
    void everyExpectedTickHasOneDecision() {
        int days = Integer.getInteger("schedules.days", 365);
        Instant end = BEGIN.plus(Duration.ofDays(days));
        List<Schedule> schedules = new ArrayList<>();
        for (int i = 0; i < SCHEDULES; i++) {
            schedules.add(schedule(i));
        }
        // When anything is due: the instants at which virtual time has to stop.
        TreeSet<Instant> stops = new TreeSet<>();
        Map<String, Set<Instant>> expected = new HashMap<>();
        for (Schedule schedule : schedules) {
            Set<Instant> own = new TreeSet<>();
            Ticks ticks = Ticks.of(schedule);
            for (Instant tick = ticks.next(BEGIN); tick != null && !tick.isAfter(end); tick = ticks.next(tick)) {
                own.add(tick);
                stops.add(tick.plus(Jitter.of(schedule)));
            }
            expected.put(schedule.getName(), own);
        }
        Map<String, List<ScheduleTick>> rows = new HashMap<>();
        Set<String> jobs = new HashSet<>();
        Deque<String> running = new ArrayDeque<>();
        try (ScheduleLog log = new ScheduleLog(directory, BEGIN)) {
            schedules.forEach(log::define);
            Instant back = BEGIN;
            for (Instant stop : stops) {
                if (stop.isBefore(back) || stop.isAfter(end)) {
                    continue;
                }
                if (random.nextInt(400) == 0) {
                    // Nobody is running from here on for some hours, or for days.
                    back = stop.plus(Duration.ofMinutes(1 + random.nextInt(random.nextInt(5) == 0 ? 5000 : 300)));
                    continue;
                }
                log.wake(Duration.between(log.now(), stop));
                collect(log, rows, jobs, running);
                while (running.size() > 20 || (!running.isEmpty() && random.nextInt(3) > 0)) {
                    log.end(running.removeFirst(), random.nextInt(10) == 0 ? State.FAILED : State.SUCCEEDED);
                }
            }
            log.wake(Duration.between(log.now(), end.plus(Duration.ofDays(1))));
            log.wake(40);
            collect(log, rows, jobs, running);
            check(schedules, expected, rows, end, days, log.states());
        }
    }

    private void collect(
            ScheduleLog log, Map<String, List<ScheduleTick>> rows, Set<String> jobs, Deque<String> running) {
        log.rows()
                .forEach(row -> rows.computeIfAbsent(row.getSchedule(), name -> new ArrayList<>())
                        .add(row));
        for (Job job : log.jobs()) {
            assertThat(jobs.add(job.getId())).as(job.getId()).isTrue();
            running.addLast(job.getId());
        }
    }

    private static void check(
            List<Schedule> schedules,
            Map<String, Set<Instant>> expected,
            Map<String, List<ScheduleTick>> rows,
            Instant end,
            int days,
            Map<String, ScheduleState> states) {
        int all = 0;
        for (Schedule schedule : schedules) {
            List<ScheduleTick> own = rows.getOrDefault(schedule.getName(), List.of());
            ScheduleState state = Objects.requireNonNull(states.get(schedule.getName()));
            assertThat(new Recount()
                            .of(schedule, state, own, BEGIN, end, Duration.ofMinutes(5), 10)
                            .findings())
                    .as(schedule.getName())
                    .isEmpty();
            Set<Instant> decided = new TreeSet<>();
            own.forEach(row -> decided.add(row.getTick()));
            decided.removeIf(tick -> tick.isAfter(end));
            assertThat(decided).as(schedule.getName()).isEqualTo(expected.get(schedule.getName()));
            all += decided.size();
        }
        assertThat(all).isGreaterThan(days * 40);
    }

    private Schedule schedule(int i) {
        int minute = random.nextInt(60);
        int hour = random.nextInt(24);
        String cron = switch (i % 20) {
            case 0 -> i == 0 ? minute + " */6 * * *" : minute + " " + hour + " 1,15 * *";
            // The clock changes on Sundays.
            case 1, 2 -> i < 100 ? "30 2 * * *" : "30 2 * * SUN";
            case 3 -> minute + " " + hour + " L * *";
            case 4 -> minute + " " + hour + " * * MON#1";
            case 5 -> minute + " " + hour + " 15W * *";
            case 6 -> minute + " " + hour + " * * MON-FRI";
            case 7, 8 -> minute + " " + hour + " * * TUE,FRI";
            case 9 -> i == 9 ? "0 */8 * * *" : minute + " " + hour + " * * 6L";
            case 10 -> minute + " 1,2 * * SUN";
            case 11, 12, 13, 14 -> minute + " " + hour + " * * " + random.nextInt(7);
            case 15 -> minute + " " + hour + " * * *";
            default -> minute + " " + hour + " */10 * *";
        };
        OverlapPolicy[] overlaps = OverlapPolicy.values();
        CatchUpPolicy[] catchUps = CatchUpPolicy.values();
        return ScheduleLog.schedule("s" + i, cron)
                .setZone(ZONES.get(i % ZONES.size()))
                .setOverlap(overlaps[1 + random.nextInt(overlaps.length - 1)])
                .setCatchUp(catchUps[1 + random.nextInt(catchUps.length - 1)])
                .setCatchUpMax(1 + random.nextInt(5))
                .setCatchUpWindowMs(Duration.ofHours(1 + random.nextInt(100)).toMillis())
                .setJitterMs(i % 7 == 0 ? 120_000 : 0)
                .build();
    }
}
