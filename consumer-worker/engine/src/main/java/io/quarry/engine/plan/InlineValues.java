package io.quarry.engine.plan;

import io.quarry.engine.catalog.TypeFamily;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One inline column, checked and turned into what a table can hold.
 *
 * @param storage type in the table
 * @param expression turns the table's column, given in its place %s, into the column's own type
 * @param values Long, Double, Boolean, String or null
 */
record InlineValues(String storage, String expression, List<@Nullable Object> values) {
    private static final Map<String, Integer> BITS = Map.of(
            "TINYINT", 7, "SMALLINT", 15, "INTEGER", 31, "BIGINT", 63, "UTINYINT", 8, "USMALLINT", 16, "UINTEGER", 32);

    /** A value that does not fit, with its row from 0. */
    static final class Misfit extends Exception {
        private static final long serialVersionUID = 1L;

        private final int row;
        private final String value;

        Misfit(int row, Object value) {
            super("value " + value + " in row " + row);
            this.row = row;
            this.value = value.toString();
        }

        int row() {
            return row;
        }

        String value() {
            return value;
        }
    }

    /** Type of a column that the catalog does not know, from its values; empty when they are mixed. */
    static Optional<String> infer(List<@Nullable Object> values) {
        boolean integers = true;
        boolean numbers = true;
        boolean truths = true;
        boolean texts = true;
        boolean any = false;
        for (Object value : values) {
            if (value != null) {
                any = true;
                integers &= value instanceof Long;
                numbers &= value instanceof Long || value instanceof Double;
                truths &= value instanceof Boolean;
                texts &= value instanceof CharSequence;
            }
        }
        if (!any) {
            return Optional.of("VARCHAR");
        }
        if (integers) {
            return Optional.of("BIGINT");
        }
        if (numbers) {
            return Optional.of("DOUBLE");
        }
        if (truths) {
            return Optional.of("BOOLEAN");
        }
        return texts ? Optional.of("VARCHAR") : Optional.empty();
    }

    /** Values as a column of the wanted type; throws at the first one that is no such value. */
    static InlineValues of(String type, List<@Nullable Object> values) throws Misfit {
        TypeFamily family = TypeFamily.of(type);
        List<@Nullable Object> stored = new ArrayList<>(values.size());
        for (int row = 0; row < values.size(); row++) {
            Object value = values.get(row);
            if (value == null) {
                stored.add(null);
                continue;
            }
            Object fitting = convert(type, family, value);
            if (fitting == null) {
                throw new Misfit(row, value);
            }
            stored.add(fitting);
        }
        return switch (family) {
            case INTEGER -> new InlineValues("BIGINT", cast("BIGINT", type), stored);
            case FLOATING, DECIMAL -> new InlineValues("DOUBLE", cast("DOUBLE", type), stored);
            case BOOLEAN -> new InlineValues("BOOLEAN", "%s", stored);
            case TIMESTAMP ->
                new InlineValues(
                        "BIGINT",
                        type.equals("TIMESTAMP WITH TIME ZONE")
                                ? "timezone('UTC', make_timestamp(%s))"
                                : cast("TIMESTAMP", type).replace("%s", "make_timestamp(%s)"),
                        stored);
            default -> new InlineValues("VARCHAR", cast("VARCHAR", type), stored);
        };
    }

    private static String cast(String from, String to) {
        return from.equals(to) ? "%s" : "CAST(%s AS " + to + ")";
    }

    private static @Nullable Object convert(String type, TypeFamily family, Object value) {
        return switch (family) {
            case INTEGER -> value instanceof Long number && fits(type, number) ? number : null;
            case FLOATING, DECIMAL -> {
                if (value instanceof Long number) {
                    yield (double) number;
                }
                yield value instanceof Double ? value : null;
            }
            case BOOLEAN -> value instanceof Boolean ? value : null;
            case TEXT -> value instanceof CharSequence ? value.toString() : null;
            default -> value instanceof CharSequence ? parsed(family, value.toString()) : null;
        };
    }

    private static @Nullable Object parsed(TypeFamily family, String text) {
        try {
            return switch (family) {
                case DATE -> LocalDate.parse(text).toString();
                case TIMESTAMP -> Literals.micros(OffsetDateTime.parse(text).toInstant());
                case UUID -> UUID.fromString(text).toString();
                default -> null;
            };
        } catch (DateTimeException | IllegalArgumentException | ArithmeticException e) {
            return null;
        }
    }

    private static boolean fits(String type, long number) {
        Integer bits = BITS.get(type);
        return bits == null
                || (BigInteger.valueOf(number).bitLength() <= bits && (number >= 0 || !type.startsWith("U")));
    }

    /** What a value of a type looks like, for messages. */
    static String shape(String type) {
        return switch (TypeFamily.of(type)) {
            case TIMESTAMP -> "text in ISO 8601 with an offset or Z, such as 2001-02-03T04:05:06Z";
            case DATE -> "a day as text, such as 2001-02-03";
            case UUID -> "a UUID as text";
            case TEXT -> "text";
            default -> type;
        };
    }
}
