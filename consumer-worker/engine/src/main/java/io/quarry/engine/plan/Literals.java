package io.quarry.engine.plan;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;

/** Instants as the engine's SQL writes them. */
final class Literals {
    private static final DateTimeFormatter FORMAT = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSS");
    private static final long SECOND = 1_000_000;

    private Literals() {}

    /** A TIMESTAMP literal in UTC, to the microsecond. */
    static String timestamp(Instant instant) {
        OffsetDateTime time = instant.atOffset(ZoneOffset.UTC);
        if (time.getYear() < 1 || time.getYear() > 9999) {
            return "make_timestamp(" + micros(instant) + ")";
        }
        String text = FORMAT.format(time);
        return "TIMESTAMP '" + (text.endsWith(".000000") ? text.substring(0, text.length() - 7) : text) + "'";
    }

    /**
     * Microseconds since 1970. {@link ChronoUnit#between} would go by way of nanoseconds, of which a long holds those of the years
     * 1677 to 2262 alone.
     *
     * @throws ArithmeticException beyond what a long holds
     */
    static long micros(Instant instant) {
        // The second is counted towards zero, so that the last one below it does not overflow before its rest is added.
        long seconds = instant.getEpochSecond();
        long rest = instant.getNano() / 1000;
        return seconds < 0 && rest > 0
                ? Math.addExact(Math.multiplyExact(seconds + 1, SECOND), rest - SECOND)
                : Math.addExact(Math.multiplyExact(seconds, SECOND), rest);
    }
}
