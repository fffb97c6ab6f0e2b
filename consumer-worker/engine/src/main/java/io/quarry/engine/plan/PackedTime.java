package io.quarry.engine.plan;

import java.util.Set;

/**
 * An instant and a small number in one HUGEINT, which compares by the instant and then by the number, null being least. The
 * latest row with the greatest value is then found by one comparison, without grouping the rows that tie beforehand.
 */
final class PackedTime {
    /** Integers of up to 32 bits, signed or not, and one for null fit below this. */
    private static final String ROOM = "8589934592";

    private static final String ABOVE_LEAST = "2147483649";
    private static final Set<String> FITTING =
            Set.of("TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER");

    private PackedTime() {}

    /** Whether values of a type fit beside an instant. */
    static boolean fits(String type) {
        return FITTING.contains(type);
    }

    /** Of a row of a source: its event time, a TIMESTAMP, and its value. */
    static String of(String time, String value) {
        return micros(time) + " * " + ROOM + " + coalesce(CAST(" + value + " AS BIGINT) + " + ABOVE_LEAST + ", 0)";
    }

    /** Below all rows at an instant, above all before it. */
    static String before(String time) {
        return micros(time) + " * " + ROOM;
    }

    /** No less than any row at an instant, below all after it. */
    static String at(String time) {
        return micros(time) + " * " + ROOM + " + " + ROOM + " - 1";
    }

    /** Microseconds; epoch_us knows none of the infinite instants, which come before and after all others. */
    private static String micros(String time) {
        return "CAST(coalesce(epoch_us(" + time + "), CASE WHEN " + time
                + " > TIMESTAMP 'epoch' THEN 9223372036854775807 WHEN " + time
                + " < TIMESTAMP 'epoch' THEN -9223372036854775807 END) AS HUGEINT)";
    }
}
