package io.quarry.schemas.serde;

import org.apache.kafka.common.errors.SerializationException;

/** A registry's refusal to give an id to the schema of a value: not registered, or not compatible with what is. */
public final class SchemaRefusedException extends SerializationException {
    private static final long serialVersionUID = 1L;

    public SchemaRefusedException(String message) {
        super(message);
    }
}
