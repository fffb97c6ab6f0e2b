package io.quarry.engine.plan;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;

/** Instants as the engine's SQL writes them. */
final class Literals {
    private static final DateTimeFormatter FORMAT = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSS");

    private Literals() {}

    /** A TIMESTAMP literal in UTC, to the microsecond. */
    static String timestamp(Instant instant) {
        String text = FORMAT.format(instant.atOffset(ZoneOffset.UTC));
        return "TIMESTAMP '" + (text.endsWith(".000000") ? text.substring(0, text.length() - 7) : text) + "'";
    }

    static long micros(Instant instant) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, instant);
    }
}
