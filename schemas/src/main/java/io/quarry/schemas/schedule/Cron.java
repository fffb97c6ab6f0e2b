package io.quarry.schemas.schedule;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A cron expression of five fields (minute, hour, day of month, month, weekday) or six (seconds before them), with names,
 * ranges, steps, {@code L}, {@code W}, {@code #}, {@code ?} and {@code @daily} and its like. Immutable.
 *
 * <p>When both kinds of day are restricted, either is enough; a field that begins with {@code *} restricts nothing by itself, so
 * that then both have to match.
 *
 * <p>Days on which the clock changes: a local time that does not exist fires once, at the first instant after the gap, together
 * with all others of that gap and with what is due at that instant anyway. A local time that occurs twice fires the first time;
 * where the hour field is interval-like, which means that it begins with {@code *} or has a step, it fires both times.
 */
public final class Cron {
    private static final Map<String, String> MACROS = new TreeMap<>(Map.of(
            "@yearly", "0 0 1 1 *",
            "@annually", "0 0 1 1 *",
            "@monthly", "0 0 1 * *",
            "@weekly", "0 0 * * 0",
            "@daily", "0 0 * * *",
            "@midnight", "0 0 * * *",
            "@hourly", "0 * * * *"));
    private static final int LONGEST = 1000;
    /** After so many years the calendar, weekdays included, begins anew. */
    private static final int CYCLE_YEARS = 400;

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT);

    private final String expression;
    private final long seconds;
    private final long minutes;
    private final long hours;
    private final Days days;
    private final long months;
    private final Days weekdays;
    private final boolean everyHour;

    private Cron(String expression, List<Days> fields, boolean everyHour) {
        int from = fields.size() - 5;
        this.expression = expression;
        this.seconds = from == 0 ? 1 : fields.get(0).bits();
        this.minutes = fields.get(from).bits();
        this.hours = fields.get(from + 1).bits();
        this.days = fields.get(from + 2);
        this.months = fields.get(from + 3).bits();
        this.weekdays = fields.get(from + 4);
        this.everyHour = everyHour;
    }

    /**
     * Reads an expression.
     *
     * @throws CronException naming the character, also for an expression that never fires
     */
    public static Cron parse(String expression) {
        if (expression.length() > LONGEST) {
            throw new CronException(expression.substring(0, 40) + "…", LONGEST, "it is longer than " + LONGEST);
        }
        String plain = expression.strip();
        if (plain.startsWith("@")) {
            return read(expression, macro(expression, plain));
        }
        return read(expression, expression);
    }

    private static String macro(String expression, String plain) {
        String meaning = MACROS.get(plain.toLowerCase(Locale.ROOT));
        if (meaning == null) {
            throw new CronException(
                    expression,
                    expression.indexOf('@') + 1,
                    "there is no " + plain + ", but " + String.join(", ", MACROS.keySet()));
        }
        return meaning;
    }

    private static Cron read(String shown, String text) {
        List<int[]> spans = spans(text);
        if (spans.size() != 5 && spans.size() != 6) {
            int where = spans.size() < 5 ? text.length() + 1 : spans.get(6)[0] + 1;
            throw new CronException(
                    shown,
                    where,
                    "it has " + spans.size() + (spans.size() == 1 ? " field" : " fields")
                            + ": it must have 5 (minute, hour, day of month, month, weekday), or 6 with seconds first");
        }
        List<CronUnit> units = spans.size() == 5 ? CronUnit.OF_FIVE : CronUnit.OF_SIX;
        List<Days> fields = new ArrayList<>();
        boolean everyHour = false;
        for (int i = 0; i < units.size(); i++) {
            int[] span = spans.get(i);
            fields.add(new CronField(text, units.get(i), span[0], span[1]).read());
            if (units.get(i) == CronUnit.HOUR) {
                String hour = text.substring(span[0], span[1]);
                everyHour = hour.startsWith("*") || hour.contains("/");
            }
        }
        Cron cron = new Cron(shown, fields, everyHour);
        LocalDateTime begin = LocalDate.of(2000, 1, 1).atStartOfDay();
        if (cron.local(begin, begin.plusYears(CYCLE_YEARS)) == null) {
            throw new CronException(
                    shown, spans.get(spans.size() - 3)[0] + 1, "it never fires: no month that it names has such a day");
        }
        return cron;
    }

    private static List<int[]> spans(String text) {
        List<int[]> spans = new ArrayList<>();
        int at = 0;
        while (at < text.length()) {
            while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
                at++;
            }
            int begin = at;
            while (at < text.length() && !Character.isWhitespace(text.charAt(at))) {
                at++;
            }
            if (at > begin) {
                spans.add(new int[] {begin, at});
            }
        }
        return spans;
    }

    /** The first firing strictly after an instant; empty after the end of time. */
    public Optional<Firing> next(Instant after, ZoneId zone) {
        ZoneRules rules = zone.getRules();
        Instant from = after.truncatedTo(ChronoUnit.SECONDS).plusSeconds(1);
        while (true) {
            ZoneOffsetTransition here = rules.nextTransition(from.minusSeconds(1));
            if (here != null && here.isGap() && here.getInstant().equals(from)) {
                LocalDateTime lost = local(here.getDateTimeBefore(), here.getDateTimeAfter());
                if (lost != null) {
                    return Optional.of(new Firing(from, moved(lost, here)));
                }
            }
            ZoneOffset offset = rules.getOffset(from);
            ZoneOffsetTransition next = rules.nextTransition(from);
            LocalDateTime begin = LocalDateTime.ofEpochSecond(from.getEpochSecond(), 0, offset);
            LocalDateTime stop = next == null ? begin.plusYears(CYCLE_YEARS + 1) : next.getDateTimeBefore();
            Optional<Firing> found = within(begin, stop, offset, rules);
            if (found.isPresent() || next == null) {
                return found;
            }
            from = next.getInstant();
        }
    }

    /** The first firing of a stretch of local time in which the offset stays the same. */
    private Optional<Firing> within(LocalDateTime begin, LocalDateTime stop, ZoneOffset offset, ZoneRules rules) {
        LocalDateTime match = local(begin, stop);
        while (match != null) {
            ZoneOffsetTransition twice = rules.getTransition(match);
            if (twice == null || !twice.isOverlap()) {
                return Optional.of(new Firing(match.toInstant(offset), ""));
            }
            boolean second = offset.equals(twice.getOffsetAfter());
            if (!second || everyHour) {
                return Optional.of(new Firing(match.toInstant(offset), twice(match, second)));
            }
            match = local(twice.getDateTimeBefore(), stop);
        }
        return Optional.empty();
    }

    private String twice(LocalDateTime match, boolean second) {
        String which =
                everyHour ? (second ? "this is the second time" : "this is the first time") : "the second is dropped";
        return TIME.format(match) + " occurs twice, the clock is set back: " + which;
    }

    private static String moved(LocalDateTime lost, ZoneOffsetTransition gap) {
        return TIME.format(lost) + " does not exist, the clock is set forward: moved to "
                + TIME.format(gap.getDateTimeAfter());
    }

    /** The first matching local time from {@code begin} on and before {@code stop}, as if there were no zones. */
    private @Nullable LocalDateTime local(LocalDateTime begin, LocalDateTime stop) {
        LocalDate date = begin.toLocalDate();
        LocalDate last = stop.toLocalDate();
        int from = begin.toLocalTime().toSecondOfDay();
        while (!date.isAfter(last)) {
            if ((months >> date.getMonthValue() & 1) == 0) {
                date = date.withDayOfMonth(1).plusMonths(1);
            } else {
                int second = on(date) ? secondOfDay(from) : -1;
                if (second >= 0) {
                    LocalDateTime match = date.atTime(LocalTime.ofSecondOfDay(second));
                    return match.isBefore(stop) ? match : null;
                }
                date = date.plusDays(1);
            }
            from = 0;
        }
        return null;
    }

    private boolean on(LocalDate date) {
        boolean day = days.matches(date, date.getDayOfMonth());
        boolean weekday = weekdays.matches(date, date.getDayOfWeek().getValue() % 7);
        return (days.star() || weekdays.star()) ? (day && weekday) : (day || weekday);
    }

    /** The first matching second of a day from one on, -1 when there is none. */
    private int secondOfDay(int from) {
        int hour = from / 3600;
        int minute = from / 60 % 60;
        int second = bit(seconds, from % 60);
        if (second < 0) {
            second = bit(seconds, 0);
            minute++;
        }
        int nextMinute = bit(minutes, minute);
        if (nextMinute != minute) {
            second = bit(seconds, 0);
        }
        if (nextMinute < 0) {
            nextMinute = bit(minutes, 0);
            hour++;
        }
        int nextHour = bit(hours, hour);
        if (nextHour < 0) {
            return -1;
        }
        if (nextHour != hour) {
            nextMinute = bit(minutes, 0);
            second = bit(seconds, 0);
        }
        return nextHour * 3600 + nextMinute * 60 + second;
    }

    /** The lowest bit that is set at or above an index, -1 when there is none. */
    private static int bit(long bits, int from) {
        int found = from > 63 ? 64 : Long.numberOfTrailingZeros(bits >>> from << from);
        return found == 64 ? -1 : found;
    }

    @Override
    public String toString() {
        return expression;
    }
}
