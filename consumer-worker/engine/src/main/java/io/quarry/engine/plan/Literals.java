package io.quarry.engine.plan;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;

/** Instants as the engine's SQL writes them. */
final class Literals {
    private static final DateTimeFormatter FORMAT = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSS");

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

    static long micros(Instant instant) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, instant);
    }
}
