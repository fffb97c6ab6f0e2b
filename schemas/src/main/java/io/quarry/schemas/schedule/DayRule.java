package io.quarry.schemas.schedule;

import java.time.DayOfWeek;
import java.time.LocalDate;
import java.time.temporal.TemporalAdjusters;

/** A day of the month that is no fixed number: those that L, W and # name. */
sealed interface DayRule {
    boolean matches(LocalDate date);

    /** {@code L}, {@code L-3}: so many days before the last one. */
    record Last(int before) implements DayRule {
        @Override
        public boolean matches(LocalDate date) {
            return date.getDayOfMonth() == date.lengthOfMonth() - before;
        }
    }

    /** {@code LW}: the last day from Monday to Friday. */
    record LastWorkday() implements DayRule {
        @Override
        public boolean matches(LocalDate date) {
            return date.equals(nearest(date.with(TemporalAdjusters.lastDayOfMonth())));
        }
    }

    /** {@code 15W}: the day from Monday to Friday that is nearest and in the same month; none where the month has no such day. */
    record NearestWorkday(int day) implements DayRule {
        @Override
        public boolean matches(LocalDate date) {
            return day <= date.lengthOfMonth() && date.equals(nearest(date.withDayOfMonth(day)));
        }
    }

    /** {@code 5L}: the last such weekday. */
    record LastOfWeek(DayOfWeek weekday) implements DayRule {
        @Override
        public boolean matches(LocalDate date) {
            return date.getDayOfWeek() == weekday && date.getDayOfMonth() > date.lengthOfMonth() - 7;
        }
    }

    /** {@code 5#2}: the second such weekday. */
    record NthOfWeek(DayOfWeek weekday, int nth) implements DayRule {
        @Override
        public boolean matches(LocalDate date) {
            return date.getDayOfWeek() == weekday && (date.getDayOfMonth() - 1) / 7 + 1 == nth;
        }
    }

    private static LocalDate nearest(LocalDate day) {
        if (day.getDayOfWeek() == DayOfWeek.SATURDAY) {
            return day.getDayOfMonth() == 1 ? day.plusDays(2) : day.minusDays(1);
        }
        if (day.getDayOfWeek() == DayOfWeek.SUNDAY) {
            return day.getDayOfMonth() == day.lengthOfMonth() ? day.minusDays(2) : day.plusDays(1);
        }
        return day;
    }
}
