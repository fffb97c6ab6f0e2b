package io.quarry.schemas.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CronTest {
    private static final ZoneId UTC = ZoneId.of("UTC");

    /** What each form fires at first, strictly after the beginning of 2026, a Thursday. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0 6 * * MON-FRI | 2026-01-01T06:00:00Z",
                "0 0 * * *       | 2026-01-02T00:00:00Z",
                "@yearly         | 2027-01-01T00:00:00Z",
                "@Monthly        | 2026-02-01T00:00:00Z",
                "@weekly         | 2026-01-04T00:00:00Z",
                "@hourly         | 2026-01-01T01:00:00Z",
                "*/10 * * * * *  | 2026-01-01T00:00:10Z",
                "30 5 4 * * ?    | 2026-01-01T04:05:30Z",
                "0 12 L * ?      | 2026-01-31T12:00:00Z",
                "0 12 L-3 * ?    | 2026-01-28T12:00:00Z",
                "0 12 LW * ?     | 2026-01-30T12:00:00Z",
                "0 12 15W 2 ?    | 2026-02-16T12:00:00Z",
                "0 12 1W 8 ?     | 2026-08-03T12:00:00Z",
                "0 12 31W * ?    | 2026-01-30T12:00:00Z",
                "0 12 ? * 5L     | 2026-01-30T12:00:00Z",
                "0 12 ? * FRI#3  | 2026-01-16T12:00:00Z",
                "0 12 ? * 7      | 2026-01-04T12:00:00Z",
                "0 12 ? * SAT-SUN | 2026-01-03T12:00:00Z",
                "0 12 29 2 *     | 2028-02-29T12:00:00Z",
                "0 0 13 * 5      | 2026-01-02T00:00:00Z",
                "0 0 13 * *      | 2026-01-13T00:00:00Z",
                "5/20 3 * jan *  | 2026-01-01T03:05:00Z",
            })
    void everyFormFires(String cron, String first) {
        assertThat(Cron.parse(cron)
                        .next(Instant.parse("2026-01-01T00:00:00Z"), UTC)
                        .orElseThrow())
                .isEqualTo(new Firing(Instant.parse(first), ""));
    }

    /** The days of 2026 on which the clock is changed, zone by zone: what fires around them, and what is said about it. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "30 2 * * * | America/New_York | 2026-03-08T00:00:00Z | 2026-03-08T07:00:00Z | moved to 03:00:00",
                "30 1 * * * | America/New_York | 2026-11-01T00:00:00Z | 2026-11-01T05:30:00Z | second is dropped",
                "30 1 * * * | America/New_York | 2026-11-01T05:30:00Z | 2026-11-02T06:30:00Z | ",
                "30 * * * * | America/New_York | 2026-11-01T05:00:00Z | 2026-11-01T05:30:00Z | first time",
                "30 * * * * | America/New_York | 2026-11-01T05:30:00Z | 2026-11-01T06:30:00Z | second time",
                "30 * * * * | America/New_York | 2026-11-01T06:30:00Z | 2026-11-01T07:30:00Z | ",
                "30 2 * * * | Europe/Berlin | 2026-03-29T00:00:00Z | 2026-03-29T01:00:00Z | moved to 03:00:00",
                "30 2 * * * | Europe/Berlin | 2026-10-24T12:00:00Z | 2026-10-25T00:30:00Z | second is dropped",
                "30 2 * * * | Europe/Berlin | 2026-10-25T00:30:00Z | 2026-10-26T01:30:00Z | ",
                "15 2 * * * | Australia/Lord_Howe | 2026-10-03T10:00:00Z | 2026-10-03T15:30:00Z | moved to 02:30:00",
                "45 1 * * * | Australia/Lord_Howe | 2026-04-04T10:00:00Z | 2026-04-04T14:45:00Z | second is dropped",
                "45 1/1 * * * | Australia/Lord_Howe | 2026-04-04T14:45:00Z | 2026-04-04T15:15:00Z | second time",
                "30 2 * * * | Africa/Casablanca | 2026-02-14T12:00:00Z | 2026-02-15T01:30:00Z | second is dropped",
                "30 2 * * * | Africa/Casablanca | 2026-03-21T12:00:00Z | 2026-03-22T02:00:00Z | moved to 03:00:00",
                "30 2 * * * | Asia/Kathmandu | 2026-03-28T12:00:00Z | 2026-03-28T20:45:00Z | ",
                "0 0 * * * | Africa/Cairo | 2026-04-23T12:00:00Z | 2026-04-23T22:00:00Z | moved to 01:00:00",
            })
    void theClockChanges(String cron, String zone, String after, String at, String note) {
        Firing next =
                Cron.parse(cron).next(Instant.parse(after), ZoneId.of(zone)).orElseThrow();
        assertThat(next.at()).isEqualTo(Instant.parse(at));
        if (note == null) {
            assertThat(next.note()).isEmpty();
        } else {
            assertThat(next.note()).endsWith(note);
        }
    }

    @Test
    void aWholeDayThatDoesNotExistFiresOnceAfterIt() {
        ZoneId apia = ZoneId.of("Pacific/Apia");
        Cron hourly = Cron.parse("0 * * * *");
        // 2011-12-30 was left out there.
        Firing last = hourly.next(Instant.parse("2011-12-30T08:30:00Z"), apia).orElseThrow();
        Firing first = hourly.next(last.at(), apia).orElseThrow();
        assertThat(last.at()).isEqualTo(Instant.parse("2011-12-30T09:00:00Z"));
        assertThat(first.at()).isEqualTo(Instant.parse("2011-12-30T10:00:00Z"));
        assertThat(first.note()).contains("does not exist");
        assertThat(hourly.next(first.at(), apia).orElseThrow())
                .isEqualTo(new Firing(first.at().plusSeconds(3600), ""));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0 0 30 2 *      | 5  | never fires",
                "0 0 31 4,6,9 *  | 5  | never fires",
                "0 0 0 31 2 ?    | 7  | never fires",
                "60 * * * *      | 1  | 60 is no minute",
                "* 24 * * *      | 3  | 24 is no hour",
                "* * 0 * *       | 5  | 0 is no day of month",
                "* * * 13 *      | 7  | 13 is no month",
                "* * * FOO *     | 7  | 'FOO' is nothing that the field month knows",
                "* * * * 8       | 9  | 8 is no weekday",
                "* * * * MONDAY  | 12 | 'D' cannot stand here",
                "5-2 * * * *     | 3  | ends before it begins",
                "*/0 * * * *     | 3  | the step 0",
                "*/ * * * *      | 3  | a number is missing",
                "1, * * * *      | 3  | a number is missing",
                "1;2 * * * *     | 2  | ';' cannot stand here",
                "? * * * *       | 1  | ? means any day",
                "* * * * 5#6     | 11 | #6",
                "* * L-31 * *    | 7  | L-31",
                "* * * *         | 8  | it has 4 fields",
                "* * * * * * *   | 13 | it has 7 fields",
                "@fortnightly    | 1  | there is no @fortnightly",
                "99999999999 * * * * | 1 | too large",
            })
    void whatIsWrongIsNamedAtItsCharacter(String cron, int character, String problem) {
        CronException refused = catchThrowableOfType(CronException.class, () -> Cron.parse(cron));
        assertThat(refused.character()).isEqualTo(character);
        assertThat(refused).hasMessageContaining(problem).hasMessageContaining("character " + character);
        assertThatThrownBy(() -> Cron.parse("")).hasMessageContaining("it has 0 fields");
    }

    /** Whatever is typed ends in a rule that fires, or in an error that points into the expression, and soon. */
    @Test
    void garbageNeverHangs() {
        Random random = new Random(17);
        String signs = "0123456789*/,-LW#? MONJAN@";
        List<String> fields =
                List.of("*", "0", "*/5", "1-5", "L", "30", "31", "15W", "LW", "5#5", "2", "MON", "?", "FEB");
        long begun = System.nanoTime();
        int good = 0;
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder();
            int length = i % 2 == 0 ? random.nextInt(25) : 5;
            for (int j = 0; j < length; j++) {
                if (i % 2 == 0) {
                    text.append(signs.charAt(random.nextInt(signs.length())));
                } else {
                    text.append(fields.get(random.nextInt(fields.size()))).append(' ');
                }
            }
            String cron = text.toString();
            try {
                Cron rule = Cron.parse(cron);
                Instant from = Instant.parse("2026-02-27T00:00:00Z");
                for (int k = 0; k < 3; k++) {
                    Instant at = rule.next(from, ZoneId.of("America/New_York"))
                            .orElseThrow()
                            .at();
                    assertThat(at).as(cron).isAfter(from);
                    from = at;
                }
                good++;
            } catch (CronException refused) {
                assertThat(refused.character()).as(cron).isBetween(1, cron.length() + 1);
            }
        }
        assertThat(good).isGreaterThan(100);
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(20));
    }

    @Test
    void aZoneIsNamedByItsIanaName() {
        assertThat(Zones.parse("Asia/Kathmandu")).isEqualTo(ZoneId.of("Asia/Kathmandu"));
        assertThatThrownBy(() -> Zones.parse("new_york"))
                .hasMessageContaining("'new_york' is no time zone")
                .hasMessageContaining("did you mean America/New_York?");
        assertThatThrownBy(() -> Zones.parse("+02:00")).hasMessageContaining("IANA");
    }
}
