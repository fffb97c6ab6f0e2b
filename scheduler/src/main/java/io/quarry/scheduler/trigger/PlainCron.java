package io.quarry.scheduler.trigger;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.zone.ZoneRules;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A cron expression as the auditor understands it: every day, hour, minute and second of local time is held against the fields, and
 * {@code java.time} says which instants it is. It is written anew on purpose, and shares no code with what schedules go by: an error
 * would have to be made twice to stay unseen. For expressions that were accepted; it refuses none.
 */
final class PlainCron {
    private static final Map<String, String> MACROS = Map.of(
            "@yearly", "0 0 1 1 *",
            "@annually", "0 0 1 1 *",
            "@monthly", "0 0 1 * *",
            "@weekly", "0 0 * * 0",
            "@daily", "0 0 * * *",
            "@midnight", "0 0 * * *",
            "@hourly", "0 * * * *");
    private static final String NUMBER = "([0-9]+|[A-Z]{3})";
    private static final Pattern SPAN = Pattern.compile("(?:[*?]|" + NUMBER + "(?:-" + NUMBER + ")?)(?:/([0-9]+))?");
    private static final Pattern LAST_DAY = Pattern.compile("L(?:-([0-9]+))?");
    private static final Pattern NEAREST = Pattern.compile("([0-9]+)W");
    private static final Pattern LAST_WEEKDAY = Pattern.compile(NUMBER + "L");
    private static final Pattern NTH_WEEKDAY = Pattern.compile(NUMBER + "#([0-9])");
    private static final List<String> MONTHS =
            List.of("", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC");
    private static final List<String> WEEKDAYS = List.of("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT");

    private final List<Integer> seconds;
    private final List<Integer> minutes;
    private final List<Integer> hours;
    private final String days;
    private final List<Integer> months;
    private final String weekdays;
    private final boolean bothTimes;

    PlainCron(String expression) {
        String text = expression.strip();
        String[] all = MACROS.getOrDefault(text.toLowerCase(Locale.ROOT), text)
                .toUpperCase(Locale.ROOT)
                .split("\\s+", -1);
        int from = all.length - 5;
        this.seconds = from == 0 ? List.of(0) : numbers(all[0], 0, 59, List.of());
        this.minutes = numbers(all[from], 0, 59, List.of());
        this.hours = numbers(all[from + 1], 0, 23, List.of());
        this.days = all[from + 2];
        this.months = numbers(all[from + 3], 1, 12, MONTHS);
        this.weekdays = all[from + 4];
        this.bothTimes = all[from + 1].startsWith("*") || all[from + 1].contains("/");
    }

    /**
     * Hands out each instant after one and not after another at which it fires, each once, a day after the other.
     *
     * @param sink says whether it wants more
     */
    void each(Instant after, Instant until, ZoneId zone, Predicate<Instant> sink) {
        LocalDate last = LocalDate.ofInstant(until, zone).plusDays(1);
        Set<Instant> dayBefore = Set.of();
        for (LocalDate date = LocalDate.ofInstant(after, zone).minusDays(1);
                !date.isAfter(last);
                date = date.plusDays(1)) {
            Set<Instant> day = day(date, zone.getRules());
            for (Instant at : day) {
                // What a gap over midnight moves may be due at the next day's time.
                boolean own = at.isAfter(after) && !at.isAfter(until) && !dayBefore.contains(at);
                if (own && !sink.test(at)) {
                    return;
                }
            }
            dayBefore = day;
        }
    }

    private Set<Instant> day(LocalDate date, ZoneRules rules) {
        Set<Instant> found = new TreeSet<>();
        if (months.contains(date.getMonthValue()) && firesOn(date)) {
            for (int hour : hours) {
                for (int minute : minutes) {
                    for (int second : seconds) {
                        add(date.atTime(hour, minute, second), rules, found);
                    }
                }
            }
        }
        return found;
    }

    private void add(LocalDateTime time, ZoneRules rules, Set<Instant> found) {
        List<ZoneOffset> offsets = rules.getValidOffsets(time);
        if (offsets.isEmpty()) {
            found.add(rules.getTransition(time).getInstant());
        } else {
            found.add(time.toInstant(offsets.get(0)));
            if (bothTimes) {
                found.add(time.toInstant(offsets.get(offsets.size() - 1)));
            }
        }
    }

    private boolean firesOn(LocalDate date) {
        boolean day = dayOfMonth(date);
        boolean weekday = weekday(date);
        return (restricts(days) && restricts(weekdays)) ? (day || weekday) : (day && weekday);
    }

    private static boolean restricts(String field) {
        return !field.startsWith("*") && !field.equals("?");
    }

    private boolean dayOfMonth(LocalDate date) {
        for (String item : days.split(",", -1)) {
            Matcher last = LAST_DAY.matcher(item);
            Matcher nearest = NEAREST.matcher(item);
            LocalDate end = date.withDayOfMonth(date.lengthOfMonth());
            boolean fires;
            if (item.equals("LW")) {
                fires = date.equals(workday(end));
            } else if (last.matches()) {
                fires = date.equals(end.minusDays(last.group(1) == null ? 0 : Integer.parseInt(last.group(1))));
            } else if (nearest.matches()) {
                int wanted = Integer.parseInt(nearest.group(1));
                fires = wanted <= date.lengthOfMonth() && date.equals(workday(date.withDayOfMonth(wanted)));
            } else {
                fires = numbers(item, 1, 31, List.of()).contains(date.getDayOfMonth());
            }
            if (fires) {
                return true;
            }
        }
        return false;
    }

    /** The nearest day from Monday to Friday of the same month. */
    private static LocalDate workday(LocalDate day) {
        for (int distance : new int[] {0, -1, 1, -2, 2}) {
            LocalDate near = day.plusDays(distance);
            if (near.getMonth() == day.getMonth()
                    && near.getDayOfWeek() != DayOfWeek.SATURDAY
                    && near.getDayOfWeek() != DayOfWeek.SUNDAY) {
                return near;
            }
        }
        return day;
    }

    private boolean weekday(LocalDate date) {
        int number = date.getDayOfWeek().getValue() % 7;
        for (String item : weekdays.split(",", -1)) {
            Matcher last = LAST_WEEKDAY.matcher(item);
            Matcher nth = NTH_WEEKDAY.matcher(item);
            boolean fires;
            if (last.matches()) {
                fires = number(last.group(1), WEEKDAYS) % 7 == number
                        && date.plusDays(7).getMonth() != date.getMonth();
            } else if (nth.matches()) {
                int n = Integer.parseInt(nth.group(2));
                fires = number(nth.group(1), WEEKDAYS) % 7 == number
                        && date.minusDays(7L * (n - 1)).getMonth() == date.getMonth()
                        && date.minusDays(7L * n).getMonth() != date.getMonth();
            } else {
                List<Integer> numbers = numbers(item, 0, 7, WEEKDAYS);
                fires = numbers.contains(number) || (number == 0 && numbers.contains(7));
            }
            if (fires) {
                return true;
            }
        }
        return false;
    }

    private static List<Integer> numbers(String field, int least, int most, List<String> names) {
        Set<Integer> numbers = new TreeSet<>();
        for (String item : field.split(",", -1)) {
            Matcher span = SPAN.matcher(item);
            if (span.matches()) {
                boolean all = span.group(1) == null;
                int from = all ? least : number(span.group(1), names);
                int to = all || (span.group(2) == null && span.group(3) != null)
                        ? most
                        : span.group(2) == null ? from : number(span.group(2), names);
                // To Sunday is to the end of the week.
                to = names.equals(WEEKDAYS) && span.group(2) != null && to == 0 ? 7 : to;
                int step = span.group(3) == null ? 1 : Integer.parseInt(span.group(3));
                for (int number = from; number <= to; number += step) {
                    numbers.add(number);
                }
            }
        }
        return new ArrayList<>(numbers);
    }

    private static int number(String text, List<String> names) {
        return Character.isDigit(text.charAt(0)) ? Integer.parseInt(text) : names.indexOf(text);
    }
}
