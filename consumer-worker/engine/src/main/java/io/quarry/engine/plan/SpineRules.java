package io.quarry.engine.plan;

import io.quarry.engine.catalog.Nearest;
import io.quarry.engine.catalog.Source;
import java.util.Collection;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What DuckDB's messages about a SQL spine mean for the one who wrote it. */
public final class SpineRules {
    private static final Pattern KIND = Pattern.compile("^[A-Z][A-Za-z ]{2,30} Error: ");
    private static final Pattern TABLE = Pattern.compile("Table with name (\\S+) does not exist");
    private static final Pattern CANDIDATES = Pattern.compile("(?m)^\\s*Candidate bindings: (.*)$");

    private SpineRules() {}

    /** The rule that a text breaks which does not parse, or which is no SELECT. */
    public static String parsing(String message) {
        // The parser says "Only SELECT statements can be serialized to json!": how we ask is no matter of the user's.
        return message.contains("Only SELECT statements")
                ? "must be one SELECT, which only reads"
                : "must be one SELECT: " + withoutKind(message);
    }

    /** The rule that a text breaks which parses and still does not work. */
    static String binding(String message, Collection<String> sources) {
        Matcher table = TABLE.matcher(message);
        if (table.find()) {
            String name = table.group(1);
            return "must read the catalog's sources by their names: there is no source " + name
                    + Nearest.hint(name, sources);
        }
        Matcher candidates = CANDIDATES.matcher(message);
        String near =
                candidates.find() ? "; did you mean " + candidates.group(1).strip() + "?" : "";
        return withoutKind(message) + near;
    }

    /** The source whose files a message says cannot be read, or lack a column. */
    static Optional<Source> unreadable(String message, Collection<Source> sources) {
        boolean lacking = message.contains("COLUMN_TYPES error");
        boolean unreadable = message.startsWith("IO Error")
                || message.startsWith("Invalid Input Error")
                // What DuckDB, locked down, says of a file that vanished: it takes the name for a directory's.
                || message.startsWith("Permission Error");
        // The lines after the first quote the SQL, with the names of files that nothing is wrong with.
        String about = lacking ? message : message.lines().findFirst().orElse("");
        return lacking || unreadable
                ? sources.stream()
                        .filter(source -> source.files().stream().anyMatch(about::contains))
                        .findFirst()
                : Optional.empty();
    }

    private static String withoutKind(String message) {
        String first = message.lines().findFirst().orElse("it cannot be read");
        return KIND.matcher(first).replaceFirst("");
    }
}
