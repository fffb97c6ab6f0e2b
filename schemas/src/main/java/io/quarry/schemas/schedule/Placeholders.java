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
    private static final int SHOWN = 40;
    private static final List<String> MOMENTS = List.of("tick.time", "tick.previous", "interval.start", "interval.end");
    private static final String ALLOWED_MOMENTS =
            "allowed are " + String.join(", ", MOMENTS) + " (each with an offset such as - 1d)";
    private static final String ALLOWED = ALLOWED_MOMENTS + ", tick.date, schedule.name";

    /** Whether a text has a placeholder, or the beginning of one. */
    static boolean in(String text) {
        return text.contains("{{");
    }

    /** A placeholder that stands for nothing: as it is written, and what is allowed. */
    static final class Wrong extends Exception {
        private static final long serialVersionUID = 1L;

        private final String placeholder;
        private final String rule;

        private Wrong(String placeholder, String rule) {
            super(placeholder + ": " + rule);
            this.placeholder = placeholder;
            this.rule = rule;
        }

        String placeholder() {
            return placeholder;
        }

        String rule() {
            return rule;
        }
    }

    /** The text with everything filled in. */
    String fill(String text) throws Wrong {
        Matcher matcher = ONE.matcher(text);
        StringBuilder filled = new StringBuilder();
        int done = 0;
        while (matcher.find()) {
            refuseOpen(text, done, matcher.start());
            filled.append(text, done, matcher.start()).append(value(matcher, matcher.start() + 1));
            done = matcher.end();
        }
        refuseOpen(text, done, text.length());
        return filled.append(text, done, text.length()).toString();
    }

    /** The instant that a text of one placeholder alone stands for. */
    Instant moment(String text) throws Wrong {
        Matcher matcher = ONE.matcher(text.strip());
        if (!matcher.matches()) {
            throw new Wrong(text, "must be one placeholder alone, such as {{interval.start}}");
        }
        Matcher inside = INSIDE.matcher(matcher.group(1));
        if (!inside.matches() || !MOMENTS.contains(inside.group(1))) {
            throw new Wrong(text, "must be an instant: " + ALLOWED_MOMENTS);
        }
        return shifted(inside);
    }

    private static void refuseOpen(String text, int from, int to) throws Wrong {
        int open = text.substring(from, to).indexOf("{{");
        if (open >= 0) {
            String rest = text.substring(from + open, to).lines().findFirst().orElse("{{");
            throw new Wrong(
                    rest.length() <= SHOWN ? rest : rest.substring(0, SHOWN),
                    "must be closed by }} (character " + (from + open + 1) + ")");
        }
    }

    private String value(Matcher placeholder, int character) throws Wrong {
        Matcher matcher = INSIDE.matcher(placeholder.group(1));
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
        throw new Wrong(placeholder.group(), "there is no such placeholder (character " + character + "): " + ALLOWED);
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
}
