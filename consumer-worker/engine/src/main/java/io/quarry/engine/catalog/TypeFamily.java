package io.quarry.engine.catalog;

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
}
