package io.quarry.engine.catalog;

import java.time.DateTimeException;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as the catalog writes them: ISO 8601, a day being 24 hours. */
final class IsoDuration {
    private static final Pattern WEEKS = Pattern.compile("P(\\d{1,6})W");

    private IsoDuration() {}

    /** Microseconds of a positive duration; empty when the text is none. */
    static Optional<Long> micros(String text) {
        try {
            Matcher weeks = WEEKS.matcher(text);
            Duration duration =
                    weeks.matches() ? Duration.ofDays(7L * Long.parseLong(weeks.group(1))) : Duration.parse(text);
            if (duration.getNano() % 1000 != 0) {
                return Optional.empty();
            }
            long micros =
                    Math.addExact(Math.multiplyExact(duration.getSeconds(), 1_000_000L), duration.getNano() / 1000);
            return micros > 0 ? Optional.of(micros) : Optional.empty();
        } catch (DateTimeException | ArithmeticException e) {
            return Optional.empty();
        }
    }
}
