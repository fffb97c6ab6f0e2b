package io.quarry.local.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The name that a job file may use for a field, and the way its value may be written.
 *
 * @param record full name of the Avro record
 * @param field Avro name of the field
 * @param name name for people
 * @param kind how the value is written under that name
 */
record PeoplesForm(String record, String field, String name, Kind kind) {
    /** How a value is written. */
    enum Kind {
        AS_IS,
        DURATION,
        CPU,
        BYTES
    }

    private static final String JOB = "io.quarry.avro.Job";
    private static final String RESOURCES = "io.quarry.avro.Resources";

    private static final List<PeoplesForm> ALL = List.of(
            new PeoplesForm(JOB, "resource_group", "group", Kind.AS_IS),
            new PeoplesForm(JOB, "timeout_ms", "timeout", Kind.DURATION),
            new PeoplesForm(JOB, "backoff_ms", "backoff", Kind.DURATION),
            new PeoplesForm(JOB, "max_backoff_ms", "max_backoff", Kind.DURATION),
            new PeoplesForm(RESOURCES, "cpu_millis", "cpu", Kind.CPU),
            new PeoplesForm(RESOURCES, "memory_bytes", "memory", Kind.BYTES),
            new PeoplesForm(RESOURCES, "ephemeral_storage_bytes", "ephemeral_storage", Kind.BYTES));

    static Optional<PeoplesForm> named(String record, String name) {
        return ALL.stream()
                .filter(form -> form.record.equals(record) && form.name.equals(name))
                .findFirst();
    }

    /** The form to write a field in; empty for a field that is written under its Avro name. */
    static Optional<PeoplesForm> ofField(String record, String field) {
        return ALL.stream()
                .filter(form -> form.record.equals(record) && form.field.equals(field) && form.kind != Kind.AS_IS)
                .findFirst();
    }

    /** The names that a file may have for a field of any record, the one for people first. */
    static List<String> spellings(String field) {
        List<String> spellings = new ArrayList<>();
        boolean asIs = true;
        for (PeoplesForm form : ALL) {
            if (form.field.equals(field)) {
                asIs = form.kind == Kind.AS_IS;
                spellings.add(form.name);
            }
        }
        if (spellings.isEmpty() && field.endsWith("_ms")) {
            return List.of(field.substring(0, field.length() - "_ms".length()), field);
        }
        spellings.add(asIs ? 0 : spellings.size(), field);
        return spellings;
    }

    static List<String> names(String record) {
        return ALL.stream()
                .filter(form -> form.record.equals(record))
                .map(PeoplesForm::name)
                .toList();
    }
}
