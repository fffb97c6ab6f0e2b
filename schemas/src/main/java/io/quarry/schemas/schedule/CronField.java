package io.quarry.schemas.schedule;

import java.time.DayOfWeek;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Reads one field of a cron expression. Used once. */
final class CronField {
    private final String expression;
    private final CronUnit unit;
    private final String text;
    /** Where the field begins in the expression, from 0. */
    private final int begin;

    private final List<DayRule> rules = new ArrayList<>();
    private long bits;
    private int at;

    /**
     * A field to be read.
     *
     * @param begin index of its first character in the expression
     * @param end index behind its last one
     */
    CronField(String expression, CronUnit unit, int begin, int end) {
        this.expression = expression;
        this.unit = unit;
        this.begin = begin;
        this.text = expression.substring(begin, end).toUpperCase(Locale.ROOT);
    }

    Days read() {
        do {
            item();
        } while (take(','));
        if (at < text.length()) {
            throw wrong(at, "'" + text.charAt(at) + "' cannot stand here in the field " + unit.words());
        }
        if (unit == CronUnit.WEEKDAY && (bits >> 7 & 1) == 1) {
            // 7 is Sunday as well.
            bits |= 1;
        }
        return new Days(bits, rules, text.startsWith("*") || text.equals("?"));
    }

    private void item() {
        int start = at;
        if (take('?')) {
            if (!unit.isDay()) {
                throw wrong(start, "? means any day: it cannot stand in the field " + unit.words());
            }
            set(unit.least(), unit.most(), 1);
        } else if (take('*')) {
            set(unit.least(), unit.most(), step());
        } else if (unit == CronUnit.DAY && take('L')) {
            last(start);
        } else {
            numbers(start);
        }
    }

    private void last(int start) {
        if (take('W')) {
            rules.add(new DayRule.LastWorkday());
            return;
        }
        int before = 0;
        if (take('-')) {
            int where = at;
            before = digits();
            if (before < 1 || before > 30) {
                throw wrong(where, "L-" + before + ": from 1 to 30 days before the last one are possible");
            }
        }
        rules.add(new DayRule.Last(before));
        if (at < text.length() && text.charAt(at) != ',') {
            throw wrong(at, text.substring(start, at) + " takes neither range nor step");
        }
    }

    private void numbers(int start) {
        int first = value();
        if (unit == CronUnit.DAY && take('W')) {
            rules.add(new DayRule.NearestWorkday(first));
        } else if (unit == CronUnit.WEEKDAY && take('L')) {
            rules.add(new DayRule.LastOfWeek(weekday(first)));
        } else if (unit == CronUnit.WEEKDAY && take('#')) {
            int where = at;
            int nth = digits();
            if (nth < 1 || nth > 5) {
                throw wrong(where, "#" + nth + ": a month has a first to a fifth weekday, #1 to #5");
            }
            rules.add(new DayRule.NthOfWeek(weekday(first), nth));
        } else if (take('-')) {
            int where = at;
            int end = value();
            if (unit == CronUnit.WEEKDAY && end == 0) {
                end = 7;
            }
            if (end < first) {
                throw wrong(
                        where,
                        "the range " + text.substring(start, at) + " ends before it begins: write it as two, separated"
                                + " by a comma");
            }
            set(first, end, step());
        } else {
            boolean steps = at < text.length() && text.charAt(at) == '/';
            int step = step();
            set(first, steps ? unit.most() : first, step);
        }
    }

    private static DayOfWeek weekday(int number) {
        return DayOfWeek.of(number == 0 ? 7 : number);
    }

    private void set(int from, int to, int step) {
        for (int i = from; i <= to; i += step) {
            bits |= 1L << i;
        }
    }

    private int step() {
        if (!take('/')) {
            return 1;
        }
        int where = at;
        int step = digits();
        if (step < 1 || step > unit.most()) {
            throw wrong(
                    where, "the step " + step + " of the field " + unit.words() + " must be from 1 to " + unit.most());
        }
        return step;
    }

    private int value() {
        int start = at;
        if (at < text.length() && text.charAt(at) >= 'A' && text.charAt(at) <= 'Z') {
            int end = Math.min(text.length(), at + 3);
            int named = unit.named(text.substring(at, end));
            if (named < 0) {
                throw wrong(
                        start,
                        "'" + letters() + "' is nothing that the field " + unit.words() + " knows: it takes "
                                + unit.allowed());
            }
            at = end;
            return named;
        }
        int value = digits();
        if (value < unit.least() || value > unit.most()) {
            throw wrong(start, value + " is no " + unit.words() + ": it takes " + unit.allowed());
        }
        return value;
    }

    private String letters() {
        int end = at;
        while (end < text.length() && Character.isLetter(text.charAt(end))) {
            end++;
        }
        return text.substring(at, Math.min(end, at + 20));
    }

    private int digits() {
        int start = at;
        int value = 0;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            value = value * 10 + text.charAt(at) - '0';
            at++;
            if (at - start > 4) {
                throw wrong(start, "the number is too large for the field " + unit.words());
            }
        }
        if (at == start) {
            throw wrong(
                    at,
                    (at < text.length() ? "'" + text.charAt(at) + "' is no number" : "a number is missing")
                            + ": the field " + unit.words() + " takes " + unit.allowed());
        }
        return value;
    }

    private boolean take(char wanted) {
        if (at < text.length() && text.charAt(at) == wanted) {
            at++;
            return true;
        }
        return false;
    }

    private CronException wrong(int where, String problem) {
        return new CronException(expression, begin + where + 1, problem);
    }
}
