package io.quarry.local.cli;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;

/** Instants as people write them: ISO 8601 with an offset or Z, a date (its beginning in UTC), or a duration ago such as 2h. */
final class Moments {
    private Moments() {}

    /**
     * Reads an instant.
     *
     * @param option what it was given for, for the error
     */
    static Instant parse(String option, String text, Instant now) {
        String plain = text.strip();
        try {
            if (plain.matches("[0-9]{4}-[0-9]{2}-[0-9]{2}")) {
                return LocalDate.parse(plain).atStartOfDay(ZoneOffset.UTC).toInstant();
            }
            return plain.matches("[0-9]{4}-.*")
                    ? OffsetDateTime.parse(plain).toInstant()
                    : now.minus(Durations.parse(plain));
        } catch (DateTimeException | IllegalArgumentException | ArithmeticException e) {
            throw CommandFailure.badUsage(option + " is '" + text
                    + "': must be a time such as 2026-11-24T06:00:00Z, a date such as 2026-11-24, or a duration ago such as"
                    + " 2h");
        }
    }
}
