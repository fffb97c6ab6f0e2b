package io.quarry.schemas.schedule;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the placeholders of a template stand for at one tick.
 *
 * @param schedule name of the schedule
 * @param tick the tick
 * @param previous the tick before it; asked for when it is needed
 * @param zone zone of local dates
 */
record Placeholders(String schedule, Instant tick, Supplier<Instant> previous, ZoneId zone) {
    private static final Pattern ONE = Pattern.compile("\\{\\{([^{}]*)}}");
    private static final Pattern INSIDE =
            Pattern.compile("\\s*([A-Za-z_.]+)\\s*(?:([+-])\\s*([0-9]{1,9})\\s*(ms|s|m|h|d))?\\s*");
    private static final List<String> MOMENTS = List.of("tick.time", "tick.previous", "interval.start", "interval.end");
    private static final String ALLOWED_MOMENTS =
            "allowed are " + String.join(", ", MOMENTS) + " (each with an offset such as - 1d)";
    private static final String ALLOWED = ALLOWED_MOMENTS + ", tick.date, schedule.name";

    /** Whether a text has a placeholder, or the beginning of one. */
    static boolean in(String text) {
        return text.contains("{{");
    }

    /**
     * The text with everything filled in.
     *
     * @throws IllegalArgumentException naming the placeholder that is unknown, and its character
     */
    String fill(String text) {
        Matcher matcher = ONE.matcher(text);
        StringBuilder filled = new StringBuilder();
        int done = 0;
        while (matcher.find()) {
            refuseOpen(text, done, matcher.start());
            filled.append(text, done, matcher.start()).append(value(matcher.group(1), matcher.start() + 1));
            done = matcher.end();
        }
        refuseOpen(text, done, text.length());
        return filled.append(text, done, text.length()).toString();
    }

    /**
     * The instant that a text of one placeholder alone stands for.
     *
     * @throws IllegalArgumentException when it stands for none
     */
    Instant moment(String text) {
        Matcher matcher = ONE.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("must be one placeholder alone, such as {{interval.start}}");
        }
        Matcher inside = INSIDE.matcher(matcher.group(1));
        if (!inside.matches() || !MOMENTS.contains(inside.group(1))) {
            throw new IllegalArgumentException("is no instant: " + ALLOWED_MOMENTS);
        }
        return shifted(inside);
    }

    private static void refuseOpen(String text, int from, int to) {
        int open = text.substring(from, to).indexOf("{{");
        if (open >= 0) {
            throw new IllegalArgumentException(
                    "the placeholder at character " + (from + open + 1) + " is not closed by }}");
        }
    }

    private String value(String inside, int character) {
        Matcher matcher = INSIDE.matcher(inside);
        if (matcher.matches()) {
            String name = matcher.group(1);
            if (MOMENTS.contains(name)) {
                return shifted(matcher).toString();
            }
            if (name.equals("tick.date") && matcher.group(2) == null) {
                return tick.atZone(zone).toLocalDate().toString();
            }
            if (name.equals("schedule.name") && matcher.group(2) == null) {
                return schedule;
            }
        }
        throw unknown(inside, character);
    }

    private Instant shifted(Matcher matcher) {
        Instant at = switch (matcher.group(1)) {
            case "tick.time", "interval.end" -> tick;
            default -> previous.get();
        };
        if (matcher.group(2) == null) {
            return at;
        }
        long number = Long.parseLong(matcher.group(3));
        Duration offset = switch (matcher.group(4)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            default -> Duration.ofDays(number);
        };
        return matcher.group(2).equals("-") ? at.minus(offset) : at.plus(offset);
    }

    private static IllegalArgumentException unknown(String inside, int character) {
        return new IllegalArgumentException(
                "{{" + inside.strip() + "}} at character " + character + " is unknown: " + ALLOWED);
    }
}
