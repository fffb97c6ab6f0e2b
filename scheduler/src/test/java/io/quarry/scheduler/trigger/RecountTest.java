package io.quarry.scheduler.trigger;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleState;
import io.quarry.avro.ScheduleTick;
import io.quarry.avro.TickOutcome;
import io.quarry.schemas.schedule.Cron;
import io.quarry.schemas.schedule.CronException;
import io.quarry.schemas.schedule.Ticks;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the auditor expects, found without the code that schedules go by, is what they go by; and it sees what is wrong. */
class RecountTest {
    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");
    private static final Instant END = Instant.parse("2027-01-01T00:00:00Z");
    private static final int MOST = 2000;
    private static final List<String> ZONES = List.of(
            "UTC",
            "America/New_York",
            "Europe/Berlin",
            "Australia/Lord_Howe",
            "Africa/Casablanca",
            "Asia/Kathmandu",
            "Africa/Cairo",
            "America/Santiago");
    private static final List<String> SECONDS = List.of("", "", "", "30 ", "*/20 ", "5,10 ");
    private static final List<String> MINUTES = List.of("0", "30", "*/15", "1-59/29", "10,50", "5/20", "*");
    private static final List<String> HOURS = List.of("2", "0", "*", "*/6", "1,2,3", "22-23", "1/5", "8-20/3");
    private static final List<String> DAYS =
            List.of("*", "?", "1", "L", "LW", "15W", "1W", "31W", "L-2", "*/10", "28-31", "1,15", "30");
    private static final List<String> MONTHS = List.of("*", "*", "MAR,OCT,APR,NOV", "2", "*/3", "jan-mar", "9-12");
    private static final List<String> WEEKDAYS =
            List.of("*", "*", "?", "MON-FRI", "SUN", "7", "5L", "FRI#2", "0,6", "fri-sun", "*/2", "5/2", "1#5", "SUNL");

    @Test
    void bothReadingsOfEveryCronExpressionFireAtTheSameInstants() {
        Random random = new Random(42);
        int judged = 0;
        while (judged < 400) {
            String cron = one(random, SECONDS) + one(random, MINUTES) + " " + one(random, HOURS) + " "
                    + one(random, DAYS) + " " + one(random, MONTHS) + " " + one(random, WEEKDAYS);
            Cron theirs;
            try {
                theirs = Cron.parse(cron);
            } catch (CronException refused) {
                continue;
            }
            ZoneId zone = ZoneId.of(one(random, ZONES));
            // From a random instant on, at most so many: an expression of every second would take a year's seconds.
            Instant after = BEGIN.plusSeconds(random.nextInt(300 * 86_400));
            List<Instant> mine = new ArrayList<>();
            new PlainCron(cron).each(after, END, zone, at -> mine.add(at) && mine.size() < MOST);
            List<Instant> same = new ArrayList<>();
            Instant at = after;
            while (same.size() < MOST && !at.isAfter(END)) {
                at = theirs.next(at, zone).orElseThrow().at();
                if (!at.isAfter(END)) {
                    same.add(at);
                }
            }
            assertThat(mine).as(cron + " in " + zone + " after " + after).isEqualTo(same);
            judged++;
        }
    }

    private static String one(Random random, List<String> of) {
        return of.get(random.nextInt(of.size()));
    }

    @ParameterizedTest
    @CsvSource({
        "900000, 2026-01-01T00:00:10Z",
        "7000, 2026-03-01T00:00:00.500Z",
        "86400000,",
    })
    void intervalsAreCountedFromTheSameInstant(long every, Instant start) {
        Schedule schedule = ScheduleLog.schedule("a", "* * * * *")
                .setCron(null)
                .setEveryMs(every)
                .setStart(start)
                .setEnd(BEGIN.plus(Duration.ofDays(100)))
                .build();
        List<Instant> mine = new ArrayList<>();
        new Expected().each(schedule, BEGIN, END, mine::add);
        Ticks ticks = Ticks.of(schedule);
        List<Instant> theirs = new ArrayList<>();
        for (Instant tick = ticks.next(BEGIN); tick != null; tick = ticks.next(tick)) {
            theirs.add(tick);
        }
        assertThat(mine).isEqualTo(theirs).isNotEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "1 2 3, 3, 3, ''",
        "1 3, 3, 3, MISSING 2",
        "1 2 2 3, 3, 3, DOUBLED 2",
        "1 2 2.5 3, 3, 3, UNEXPECTED 2.5",
        "1 2 3, 3, 4, ''",
        "1 2 3, 3, 9, BEHIND 4",
    })
    void whatHasNotExactlyOneDecisionIsFound(String decided, int cursor, int now, String found) {
        Schedule schedule = ScheduleLog.schedule("a", "* * * * *").build();
        ScheduleState state = ScheduleState.newBuilder()
                .setName("a")
                .setSince(BEGIN)
                .setCursor(minute(Integer.toString(cursor)))
                .build();
        List<ScheduleTick> rows = new ArrayList<>();
        for (String tick : decided.split(" ", -1)) {
            rows.add(ScheduleTick.newBuilder()
                    .setSchedule("a")
                    .setTick(minute(tick))
                    .setAt(minute(tick))
                    .setOutcome(TickOutcome.MISSED_OUTAGE)
                    .build());
        }
        Recount.Count count = new Recount()
                .of(schedule, state, rows, BEGIN, minute(Integer.toString(now)), Duration.ofMinutes(5), 10);
        assertThat(count.expected()).isEqualTo(cursor);
        assertThat(count.findings().stream()
                        .map(finding -> finding.kind() + " "
                                + String.valueOf(Duration.between(BEGIN, finding.tick())
                                                        .toSeconds()
                                                / 60.0)
                                        .replace(".0", ""))
                        .toList())
                .isEqualTo(found.isEmpty() ? List.of() : List.of(found));
    }

    private static Instant minute(String number) {
        return BEGIN.plusMillis((long) (Double.parseDouble(number) * 60_000));
    }
}
