package io.quarry.schemas.serde;

import org.apache.kafka.common.errors.SerializationException;
import org.jspecify.annotations.Nullable;

/** A record whose bytes will never become the value that its reader wants, however often it is read: poison. */
public final class UnreadableRecordException extends SerializationException {
    private static final long serialVersionUID = 1L;

    private final Reason reason;

    public UnreadableRecordException(Reason reason, String message) {
        this(reason, message, null);
    }

    public UnreadableRecordException(Reason reason, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }

    /** Why a record cannot be read. */
    public enum Reason {
        /** The record has no value. */
        NULL_VALUE,
        /** Shorter than the five bytes of the header. */
        TOO_SHORT,
        /** The first byte is not 0. */
        BAD_MAGIC,
        /** The registry knows no schema of that id. */
        UNKNOWN_SCHEMA_ID,
        /** The schema is not Avro or cannot be parsed. */
        BAD_SCHEMA,
        /** The schema is of another record type. */
        WRONG_TYPE,
        /** The schema is not registered under the topic's subject. */
        WRONG_SUBJECT,
        /** The record was written with a schema that the reader's cannot be resolved with. */
        INCOMPATIBLE_SCHEMA,
        /** The bytes are not a value of the schema. */
        CORRUPT,
        /** The value is followed by more bytes. */
        TRAILING_BYTES
    }
}
