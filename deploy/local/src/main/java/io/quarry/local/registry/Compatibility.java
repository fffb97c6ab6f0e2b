package io.quarry.local.registry;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;

/** How far a subject's next schema may differ from those before it. */
enum Compatibility {
    NONE(false, false, false),
    BACKWARD(true, false, false),
    BACKWARD_TRANSITIVE(true, false, true),
    FORWARD(false, true, false),
    FORWARD_TRANSITIVE(false, true, true),
    FULL(true, true, false),
    FULL_TRANSITIVE(true, true, true);

    /** Level of a registry that sets none. */
    static final Compatibility DEFAULT = BACKWARD;

    private final boolean newReadsOld;
    private final boolean oldReadsNew;
    private final boolean transitive;

    Compatibility(boolean newReadsOld, boolean oldReadsNew, boolean transitive) {
        this.newReadsOld = newReadsOld;
        this.oldReadsNew = oldReadsNew;
        this.transitive = transitive;
    }

    static Compatibility parse(String level) {
        try {
            return valueOf(level.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw Refusal.invalidCompatibility(level);
        }
    }

    /** What stands against a schema after the given earlier ones, oldest first; empty when nothing does. */
    List<String> objections(Schema next, List<Schema> earlier) {
        List<String> objections = new ArrayList<>();
        int from = transitive ? 0 : Math.max(0, earlier.size() - 1);
        for (Schema old : earlier.subList(from, earlier.size())) {
            if (newReadsOld) {
                collect(objections, next, old, "new schema cannot read data of the old one");
            }
            if (oldReadsNew) {
                collect(objections, old, next, "old schema cannot read data of the new one");
            }
        }
        return objections;
    }

    private static void collect(List<String> objections, Schema reader, Schema writer, String meaning) {
        var result = SchemaCompatibility.checkReaderWriterCompatibility(reader, writer)
                .getResult();
        for (SchemaCompatibility.Incompatibility i : result.getIncompatibilities()) {
            objections.add("{errorType:'" + i.getType() + "', description:'" + meaning + ": " + i.getMessage()
                    + "', path:'" + i.getLocation() + "'}");
        }
    }
}
