package io.quarry.schemas.schedule;

import java.time.LocalDate;
import java.util.List;

/**
 * The days of one field, day of month or weekday.
 *
 * @param bits plain numbers, a bit each
 * @param rules the others
 * @param star whether the field begins with {@code *} or is {@code ?}
 */
record Days(long bits, List<DayRule> rules, boolean star) {
    Days {
        rules = List.copyOf(rules);
    }

    boolean matches(LocalDate date, int number) {
        if ((bits >> number & 1) == 1) {
            return true;
        }
        for (DayRule rule : rules) {
            if (rule.matches(date)) {
                return true;
            }
        }
        return false;
    }
}
