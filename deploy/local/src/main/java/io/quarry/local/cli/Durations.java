package io.quarry.local.cli;

import java.time.DateTimeException;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as people write them: {@code 500ms}, {@code 90s}, {@code 1h30m}, {@code 2d}, or ISO 8601's {@code PT2H}. */
final class Durations {
    private static final Pattern MILLIS = Pattern.compile("-?\\b[0-9]{1,18}\\b( ms)?");
    private static final Pattern PART = Pattern.compile("(\\d{1,15})(ms|s|m|h|d)");

    private Durations() {}

    /** Reads a duration; throws IllegalArgumentException or DateTimeException for anything else. */
    static Duration parse(String text) {
        String compact = text.strip().toLowerCase(Locale.ROOT);
        if (compact.startsWith("p")) {
            return Duration.parse(compact);
        }
        Matcher parts = PART.matcher(compact);
        Duration sum = Duration.ZERO;
        int end = 0;
        while (parts.find() && parts.start() == end) {
            long number = Long.parseLong(parts.group(1));
            sum = sum.plus(
                    switch (parts.group(2)) {
                        case "ms" -> Duration.ofMillis(number);
                        case "s" -> Duration.ofSeconds(number);
                        case "m" -> Duration.ofMinutes(number);
                        case "h" -> Duration.ofHours(number);
                        default -> Duration.ofDays(number);
                    });
            end = parts.end();
        }
        if (end == 0 || end != compact.length()) {
            throw new IllegalArgumentException(text + " is no duration: write it like 90s, 30m or 2h");
        }
        return sum;
    }

    /** Reads a duration that an option has; anything else is bad usage that names the option. */
    static Duration option(String name, String text) {
        try {
            return parse(text);
        } catch (IllegalArgumentException | DateTimeException | ArithmeticException refused) {
            throw CommandFailure.badUsage(name + " is " + text + ": must be a duration such as 90s, 30m or 2h");
        }
    }

    /** Writes a duration in its largest unit that divides it; reads back as the same. */
    static String format(Duration duration) {
        long millis = duration.toMillis();
        if (millis == 0 || millis % 1000 != 0) {
            return millis + "ms";
        }
        long seconds = millis / 1000;
        if (seconds % 3600 == 0) {
            return seconds / 3600 + "h";
        }
        return seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
    }

    /** A text about milliseconds with every number of them written as a duration. */
    static String inText(String text) {
        return MILLIS.matcher(text)
                .replaceAll(found ->
                        format(Duration.ofMillis(Long.parseLong(found.group().replace(" ms", "")))));
    }
}
