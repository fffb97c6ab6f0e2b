package io.quarry.schemas;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Amounts written as Kubernetes writes them: {@code 450Gi} of memory, {@code 2500m} of CPU. */
public final class Quantities {
    private static final Pattern FORM = Pattern.compile(
            "(\\+?[0-9]{1,30}(?:\\.[0-9]{0,30})?|\\+?\\.[0-9]{1,30})([eE][+-]?[0-9]{1,2}|[A-Za-z]{0,2})");
    private static final String[] BINARY = {"Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
    private static final Map<String, Integer> DECIMAL =
            Map.of("n", -9, "u", -6, "m", -3, "", 0, "k", 3, "M", 6, "G", 9, "T", 12, "P", 15, "E", 18);
    private static final BigDecimal LARGEST = BigDecimal.valueOf(Long.MAX_VALUE);

    private Quantities() {}

    /**
     * Bytes of a quantity such as {@code 512Mi}, {@code 1.5G} or {@code 1024}, a fraction of a byte rounded up.
     *
     * @throws IllegalArgumentException with the text and what is allowed
     */
    public static long bytes(String text) {
        return whole(text, number(text), "bytes such as 512Mi, 450Gi or 1000000");
    }

    /** As {@link #bytes}, of something that may be left out: 0 as well. */
    public static long bytesOrNone(String text) {
        return number(text).signum() == 0 ? 0 : bytes(text);
    }

    /**
     * Thousandths of a core of a quantity such as {@code 2}, {@code 2.5} or {@code 2500m}, a fraction rounded up.
     *
     * @throws IllegalArgumentException with the text and what is allowed
     */
    public static long cpuMillis(String text) {
        return whole(text, number(text).movePointRight(3), "cores such as 2, 2.5 or 2500m");
    }

    /** Bytes with the largest binary suffix that divides them: reads back as the same number. */
    public static String formatBytes(long bytes) {
        int power = bytes == 0 ? 0 : Math.min(6, Long.numberOfTrailingZeros(bytes) / 10);
        return power == 0 ? Long.toString(bytes) : (bytes >> (10 * power)) + BINARY[power - 1];
    }

    /** Thousandths of a core as cores where they are whole, such as {@code 2}, else as {@code 2500m}. */
    public static String formatCpu(long millis) {
        return millis % 1000 == 0 ? Long.toString(millis / 1000) : millis + "m";
    }

    private static BigDecimal number(String text) {
        Matcher form = FORM.matcher(text.strip());
        if (!form.matches()) {
            throw new IllegalArgumentException(rule(text, "is no quantity"));
        }
        BigDecimal number = new BigDecimal(form.group(1));
        String suffix = form.group(2);
        for (int i = 0; i < BINARY.length; i++) {
            if (BINARY[i].equals(suffix)) {
                return number.multiply(BigDecimal.valueOf(1L << (10 * (i + 1))));
            }
        }
        Integer exponent = DECIMAL.get(suffix);
        if (exponent == null && suffix.length() > 1 && (suffix.charAt(0) == 'e' || suffix.charAt(0) == 'E')) {
            exponent = exponent(suffix.substring(1));
        }
        if (exponent == null) {
            throw new IllegalArgumentException(rule(text, "has the unknown suffix " + suffix));
        }
        return number.scaleByPowerOfTen(exponent);
    }

    private static @Nullable Integer exponent(String digits) {
        return digits.matches("[+-]?[0-9]+") ? Integer.valueOf(digits) : null;
    }

    private static long whole(String text, BigDecimal number, String expected) {
        BigDecimal rounded = number.setScale(0, RoundingMode.UP);
        if (rounded.signum() <= 0 || rounded.compareTo(LARGEST) > 0) {
            throw new IllegalArgumentException(
                    "'" + text + "' is out of range: must be above 0 and below 2^63, " + expected);
        }
        return rounded.longValueExact();
    }

    private static String rule(String text, String what) {
        return "'" + text + "' " + what
                + ": write a number with one of the suffixes Ki Mi Gi Ti Pi Ei, k M G T P E, m, or none";
    }
}
