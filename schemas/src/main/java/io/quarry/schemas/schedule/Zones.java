package io.quarry.schemas.schedule;

import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.Comparator;
import java.util.Locale;
import java.util.Set;

/** Time zones by their IANA names. */
public final class Zones {
    /** Asked for, the JDK copies all of them. */
    private static final Set<String> KNOWN = Set.copyOf(ZoneId.getAvailableZoneIds());

    private Zones() {}

    /**
     * The zone of a name.
     *
     * @throws IllegalArgumentException saying which name is near
     */
    public static ZoneId parse(String name) {
        try {
            // An offset is no zone: it would ignore every change of the clock.
            if (KNOWN.contains(name)) {
                return ZoneId.of(name);
            }
        } catch (DateTimeException e) {
            // Falls through to the same message.
        }
        throw new IllegalArgumentException("'" + name + "' is no time zone: it must be an IANA name such as"
                + " Europe/Berlin or UTC" + near(name));
    }

    private static String near(String name) {
        String wanted = plain(name);
        if (wanted.length() < 3) {
            return "";
        }
        return KNOWN.stream()
                .filter(zone -> plain(zone).endsWith(wanted) || plain(zone).equals(wanted))
                .min(Comparator.comparingInt(String::length).thenComparing(Comparator.naturalOrder()))
                .map(zone -> "; did you mean " + zone + "?")
                .orElse("");
    }

    private static String plain(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z/]", "");
    }
}
