package io.quarry.engine.catalog;

import java.util.List;
import java.util.Locale;

/** Types whose values can be compared with each other without losing anything. */
public enum TypeFamily {
    BOOLEAN,
    INTEGER,
    DECIMAL,
    FLOATING,
    TEXT,
    DATE,
    TIMESTAMP,
    UUID,
    OTHER;

    /** Family of a type by DuckDB's name of it. */
    public static TypeFamily of(String type) {
        String name = type.toUpperCase(Locale.ROOT);
        if (name.endsWith("]") || name.startsWith("STRUCT") || name.startsWith("MAP")) {
            return OTHER;
        }
        if (name.startsWith("DECIMAL")) {
            return DECIMAL;
        }
        if (name.startsWith("ENUM")) {
            return TEXT;
        }
        if (name.startsWith("TIMESTAMP")) {
            return TIMESTAMP;
        }
        return switch (name) {
            case "BOOLEAN" -> BOOLEAN;
            case "TINYINT",
                    "SMALLINT",
                    "INTEGER",
                    "BIGINT",
                    "HUGEINT",
                    "UTINYINT",
                    "USMALLINT",
                    "UINTEGER",
                    "UBIGINT",
                    "UHUGEINT" -> INTEGER;
            case "FLOAT", "DOUBLE" -> FLOATING;
            case "VARCHAR" -> TEXT;
            case "DATE" -> DATE;
            case "UUID" -> UUID;
            default -> OTHER;
        };
    }

    public boolean numeric() {
        return this == INTEGER || this == DECIMAL || this == FLOATING;
    }

    /** Whether values are instants or days. */
    public boolean temporal() {
        return this == DATE || this == TIMESTAMP;
    }

    /** Whether a type is an integer of at most 32 bits, so that a sum of squares of any number of rows stays exact. */
    public static boolean smallInteger(String type) {
        return switch (type.toUpperCase(Locale.ROOT)) {
            case "TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER" -> true;
            default -> false;
        };
    }

    /** Whether a type is an exact number of at most 64 bits, so that a sum of any number of rows fits into 128. */
    public static boolean exactOf64Bits(String type) {
        if (of(type) == DECIMAL) {
            // DECIMAL(18,3) is the widest that DuckDB keeps in 64 bits; bare DECIMAL means that too.
            int bracket = type.indexOf('(');
            return bracket < 0
                    || Integer.parseInt(type.substring(bracket + 1, type.indexOf(','))
                                    .strip())
                            <= 18;
        }
        return smallInteger(type) || List.of("BIGINT", "UBIGINT").contains(type.toUpperCase(Locale.ROOT));
    }
}
