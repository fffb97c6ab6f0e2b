package io.quarry.local.registry;

import java.util.List;

/**
 * One version of a subject.
 *
 * @param subject the subject
 * @param version counted from 1 in each subject
 * @param id the schema's number, the same wherever the same schema is registered
 * @param schema Avro's JSON, white space and order normalised
 * @param references types of other subjects that the schema uses
 * @param deleted whether it was softly deleted: hidden, and still readable by id
 */
record Version(String subject, int version, int id, String schema, List<Reference> references, boolean deleted) {
    Version {
        references = List.copyOf(references);
    }

    Content content() {
        return new Content(schema, references);
    }

    Version softlyDeleted() {
        return new Version(subject, version, id, schema, references, true);
    }

    /** What makes two schemas the same one. */
    record Content(String schema, List<Reference> references) {}
}
