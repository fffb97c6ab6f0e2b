package io.quarry.local.cli;

import io.quarry.avro.State;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Writes numbers, sizes, times and states for people. */
final class Text {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};

    private Text() {}

    static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    /** A number of things: {@code 1 row}, {@code 2 rows}. */
    static String count(long number, String thing) {
        return count(number) + " " + thing + (number == 1 ? "" : "s");
    }

    /** What a number of things does: {@code waits} of one, {@code wait} of others. */
    static String does(long number, String verb) {
        return number == 1 ? verb + "s" : verb;
    }

    static String bytes(long bytes) {
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        return unit == 0 ? bytes + " B" : String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
    }

    /** A piece of evidence for people: its name says its unit. What is not a number stays as it is. */
    static String measure(String name, String value) {
        if (!value.matches("-?[0-9]{1,18}")) {
            return value;
        }
        long number = Long.parseLong(value);
        if (number < 0) {
            return value;
        }
        if (name.endsWith("_bytes") || name.equals("bytes")) {
            return bytes(number);
        }
        if (name.endsWith("_ms")) {
            return duration(Duration.ofMillis(number));
        }
        if (name.endsWith("_seconds")) {
            return duration(Duration.ofSeconds(number));
        }
        return name.endsWith("_millis") ? String.format(Locale.ROOT, "%.1f cores", number / 1000.0) : value;
    }

    static String time(@Nullable Instant instant) {
        return instant == null ? "-" : TIME.format(instant);
    }

    /** A duration with the precision that matters at its size. */
    static String duration(Duration duration) {
        long seconds = duration.toSeconds();
        if (seconds < 10) {
            return String.format(Locale.ROOT, "%.2f s", duration.toMillis() / 1000.0);
        }
        if (seconds < 60) {
            return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
        }
        if (seconds < 3600) {
            return String.format(Locale.ROOT, "%d min %02d s", seconds / 60, seconds % 60);
        }
        return String.format(Locale.ROOT, "%d h %02d min", seconds / 3600, seconds / 60 % 60);
    }

    static String between(@Nullable Instant from, @Nullable Instant to) {
        return from == null || to == null || to.isBefore(from) ? "-" : duration(Duration.between(from, to));
    }

    /** Text that somebody else wrote, for a terminal: what would move its cursor or set its colours is a mark, lines stay. */
    static String shown(String text) {
        return text.replaceAll("[\\p{Cntrl}\\u0080-\\u009f&&[^\n\t]]", "\ufffd");
    }

    /** What a failure says, or its kind when it says nothing. */
    static String message(Throwable failure) {
        String message = failure.getMessage();
        return message == null ? failure.toString() : message;
    }

    /** What the innermost cause of a failure says: those around it repeat it in their own words. */
    static String reason(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null && cause.getCause() != cause) {
            cause = cause.getCause();
        }
        return message(cause);
    }

    /** Colours a state: green for a result, red for none, yellow for what goes on. */
    static String state(State state, boolean colour) {
        return colour ? paint(state.name(), code(state)) : state.name();
    }

    static String bold(String text, boolean colour) {
        return colour ? paint(text, "1") : text;
    }

    private static String code(State state) {
        return switch (state) {
            case SUCCEEDED -> "32";
            case FAILED, CANCELLED, EXPIRED -> "31";
            case UNKNOWN, QUEUED, LAUNCHING, RUNNING, RETRYING -> "33";
        };
    }

    private static String paint(String text, String code) {
        return "\u001b[" + code + "m" + text + "\u001b[0m";
    }
}
