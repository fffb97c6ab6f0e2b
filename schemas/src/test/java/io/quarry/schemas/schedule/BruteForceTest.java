package io.quarry.schemas.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.zone.ZoneOffsetTransition;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every firing of a year, against every minute of local time that it has, judged by java.time alone. */
class BruteForceTest {
    private static final LocalDateTime BEGIN = LocalDateTime.of(2026, 1, 1, 0, 0);
    private static final LocalDateTime END = LocalDateTime.of(2027, 1, 1, 0, 0);

    private record Rule(boolean everyHour, Predicate<LocalDateTime> matches) {}

    private static final Map<String, Rule> RULES = new LinkedHashMap<>();

    static {
        RULES.put("*/15 * * * *", new Rule(true, t -> t.getMinute() % 15 == 0));
        RULES.put("30 2 * * *", new Rule(false, t -> t.getHour() == 2 && t.getMinute() == 30));
        RULES.put("30 1 * * *", new Rule(false, t -> t.getHour() == 1 && t.getMinute() == 30));
        RULES.put("0 0 * * *", new Rule(false, t -> t.getHour() == 0 && t.getMinute() == 0));
        RULES.put("15,45 * * * *", new Rule(true, t -> t.getMinute() == 15 || t.getMinute() == 45));
        RULES.put("*/20 */2 * * *", new Rule(true, t -> t.getMinute() % 20 == 0 && t.getHour() % 2 == 0));
        RULES.put("*/7 0-3 * * *", new Rule(false, t -> t.getMinute() % 7 == 0 && t.getHour() <= 3));
        RULES.put(
                "5 2 29-31 * SUN",
                new Rule(
                        false,
                        t -> t.getHour() == 2
                                && t.getMinute() == 5
                                && (t.getDayOfMonth() >= 29 || t.getDayOfWeek() == DayOfWeek.SUNDAY)));
        RULES.put(
                "0 2 * MAR,OCT,APR 7L",
                new Rule(
                        false,
                        t -> t.getHour() == 2
                                && t.getMinute() == 0
                                && List.of(3, 4, 10).contains(t.getMonthValue())
                                && t.getDayOfWeek() == DayOfWeek.SUNDAY
                                && t.toLocalDate().plusDays(7).getMonthValue() != t.getMonthValue()));
        RULES.put(
                "59 23 L * *",
                new Rule(
                        false,
                        t -> t.getHour() == 23
                                && t.getMinute() == 59
                                && t.toLocalDate().plusDays(1).getDayOfMonth() == 1));
        RULES.put(
                "10 1/6 * * 5#2",
                new Rule(
                        true,
                        t -> t.getMinute() == 10
                                && t.getHour() % 6 == 1
                                && t.getDayOfWeek() == DayOfWeek.FRIDAY
                                && t.getDayOfMonth() >= 8
                                && t.getDayOfMonth() <= 14));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "UTC",
                "America/New_York",
                "Europe/Berlin",
                "Australia/Lord_Howe",
                "Africa/Casablanca",
                "Asia/Kathmandu",
                "Africa/Cairo",
                "America/Santiago"
            })
    void aYearOfFirings(String name) {
        ZoneId zone = ZoneId.of(name);
        Map<String, TreeSet<Instant>> expected = new LinkedHashMap<>();
        for (LocalDateTime time = BEGIN; time.isBefore(END); time = time.plusMinutes(1)) {
            for (Map.Entry<String, Rule> rule : RULES.entrySet()) {
                if (rule.getValue().matches.test(time)) {
                    expected.computeIfAbsent(rule.getKey(), cron -> new TreeSet<>())
                            .addAll(instants(time, zone, rule.getValue().everyHour));
                }
            }
        }
        Instant begin = BEGIN.atZone(zone).toInstant();
        Instant end = END.atZone(zone).toInstant();
        assertThat(expected).hasSameSizeAs(RULES);
        expected.forEach((cron, instants) ->
                assertThat(firings(cron, zone, begin, end)).as(cron).isEqualTo(new ArrayList<>(instants)));
    }

    private static List<Instant> instants(LocalDateTime time, ZoneId zone, boolean everyHour) {
        List<ZoneOffset> offsets = zone.getRules().getValidOffsets(time);
        if (offsets.isEmpty()) {
            ZoneOffsetTransition gap = zone.getRules().getTransition(time);
            return List.of(gap.getInstant());
        }
        return offsets.stream()
                .limit(everyHour ? 2 : 1)
                .map(offset -> time.toInstant(offset))
                .toList();
    }

    private static List<Instant> firings(String cron, ZoneId zone, Instant begin, Instant end) {
        Cron rule = Cron.parse(cron);
        List<Instant> firings = new ArrayList<>();
        Instant at = rule.next(begin.minusNanos(1), zone).orElseThrow().at();
        while (at.isBefore(end)) {
            firings.add(at);
            at = rule.next(at, zone).orElseThrow().at();
        }
        return firings;
    }
}
