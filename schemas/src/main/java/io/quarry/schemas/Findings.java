package io.quarry.schemas;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Broken rules of one record, in the order they are found. For one thread. */
final class Findings {
    /** Most violations of one record that are listed: whoever reads them mends them by the handful. */
    private static final int MOST = 100;

    private static final int SHOWN = 200;

    /** Longest that an attempt may be given: later deadlines would leave what an instant on the wire can say. */
    private static final long LONGEST_MS = Duration.ofDays(3652).toMillis();

    private final List<Violation> list = new ArrayList<>();

    void require(boolean holds, String field, @Nullable Object value, String rule) {
        if (!holds && list.size() < MOST) {
            list.add(new Violation(field, shown(value), rule));
        }
    }

    /** Requires that a value which is present is at least a number. */
    void atLeast(long least, String field, @Nullable Number value) {
        require(value == null || value.longValue() >= least, field, value, "must be at least " + least);
    }

    /** Requires that a number of milliseconds which is present is above zero and no longer than anything is waited for. */
    void timeout(String field, @Nullable Long millis) {
        atLeast(1, field, millis);
        require(
                millis == null || millis <= LONGEST_MS,
                field,
                millis,
                "must be at most " + LONGEST_MS + ", which is ten years");
    }

    /** Requires that an instant which is present fits into the 64 bits of its field. */
    void instant(ChronoUnit unit, String field, @Nullable Instant instant) {
        Instant first = Instant.EPOCH.plus(Long.MIN_VALUE, unit);
        Instant last = Instant.EPOCH.plus(Long.MAX_VALUE, unit);
        require(
                instant == null || (!instant.isBefore(first) && !instant.isAfter(last)),
                field,
                instant,
                "must be from " + first + " to " + last);
    }

    /** Requires that a text which is present has a length from least to most characters. */
    void length(int least, int most, String field, @Nullable String value) {
        require(
                value == null || (value.length() >= least && value.length() <= most),
                field,
                value,
                "must have " + least + " to " + most + " characters");
    }

    /** Requires that labels are few and short. */
    void labels(String field, Map<String, String> labels, int mostEntries, int longestValue) {
        require(
                labels.size() <= mostEntries,
                field,
                labels.size() + " entries",
                "must have at most " + mostEntries + " entries");
        labels.forEach((key, value) -> {
            length(1, 200, field + " (a key)", key);
            length(0, longestValue, field + "." + key, value);
        });
    }

    List<Violation> list() {
        return List.copyOf(list);
    }

    private static String shown(@Nullable Object value) {
        if (value == null) {
            return "absent";
        }
        String text = value.toString();
        if (text.isEmpty()) {
            return "empty";
        }
        return text.length() <= SHOWN ? text : text.substring(0, SHOWN - 1) + "…";
    }
}
