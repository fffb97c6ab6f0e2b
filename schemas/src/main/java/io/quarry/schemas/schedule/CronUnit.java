package io.quarry.schemas.schedule;

import java.util.List;

/** A field of a cron expression. */
enum CronUnit {
    SECOND("second", 0, 59, ""),
    MINUTE("minute", 0, 59, ""),
    HOUR("hour", 0, 23, ""),
    DAY("day of month", 1, 31, ""),
    MONTH("month", 1, 12, "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC"),
    WEEKDAY("weekday", 0, 7, "SUN MON TUE WED THU FRI SAT");

    static final List<CronUnit> OF_FIVE = List.of(MINUTE, HOUR, DAY, MONTH, WEEKDAY);
    static final List<CronUnit> OF_SIX = List.of(SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY);

    private final String words;
    private final int least;
    private final int most;
    /** Names of three letters in their order, separated by blanks. */
    private final String names;

    CronUnit(String words, int least, int most, String names) {
        this.words = words;
        this.least = least;
        this.most = most;
        this.names = names;
    }

    String words() {
        return words;
    }

    int least() {
        return least;
    }

    int most() {
        return most;
    }

    /** Number of a name, or -1 when it is none of this field. */
    int named(String name) {
        int index = name.length() == 3 ? names.indexOf(name) : -1;
        return index < 0 ? -1 : index / 4 + least;
    }

    /** What may stand here, for errors. */
    String allowed() {
        return least + " to " + most
                + (names.isEmpty()
                        ? ""
                        : " or " + names.substring(0, 3) + " to " + names.substring(names.length() - 3));
    }

    boolean isDay() {
        return this == DAY || this == WEEKDAY;
    }
}
