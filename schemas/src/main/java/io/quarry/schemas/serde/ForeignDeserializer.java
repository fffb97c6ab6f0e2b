package io.quarry.schemas.serde;

import io.quarry.schemas.serde.UnreadableRecordException.Reason;
import java.io.EOFException;
import java.io.IOException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/**
 * A deserializer that the user set instead of ours, with its failures sorted into ours: poison, or a registry that is down.
 *
 * @param <T> type of the values
 */
final class ForeignDeserializer<T> implements Deserializer<T> {
    private final Deserializer<?> foreign;
    private final Class<T> type;
    private final boolean nullIsNull;

    ForeignDeserializer(Deserializer<?> foreign, Class<T> type, boolean nullIsNull) {
        this.foreign = foreign;
        this.type = type;
        this.nullIsNull = nullIsNull;
    }

    @Override
    public @Nullable T deserialize(String topic, byte @Nullable [] bytes) {
        return deserialize(topic, null, bytes);
    }

    @Override
    public @Nullable T deserialize(String topic, @Nullable Headers headers, byte @Nullable [] bytes) {
        if (bytes == null) {
            if (nullIsNull) {
                return null;
            }
            throw new UnreadableRecordException(Reason.NULL_VALUE, "the record has no value");
        }
        Object value;
        try {
            value = headers == null ? foreign.deserialize(topic, bytes) : foreign.deserialize(topic, headers, bytes);
        } catch (SerializationException | TimeoutException failure) {
            throw sorted(failure);
        }
        if (!type.isInstance(value)) {
            throw new UnreadableRecordException(
                    Reason.WRONG_TYPE,
                    foreign.getClass().getName() + " gave a "
                            + (value == null ? "null" : value.getClass().getName()) + ", not a " + type.getName());
        }
        return type.cast(value);
    }

    private static RuntimeException sorted(RuntimeException failure) {
        if (failure instanceof TimeoutException) {
            return new RegistryUnavailableException(String.valueOf(failure.getMessage()), failure);
        }
        for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            // Confluent's RestClientException is an IOException whose text ends in "error code: 40403".
            if (cause.getClass().getSimpleName().equals("RestClientException")) {
                boolean unknown = String.valueOf(cause.getMessage()).matches("(?s).*error code: 404\\d\\d.*");
                return unknown
                        ? new UnreadableRecordException(Reason.UNKNOWN_SCHEMA_ID, said(failure, cause), failure)
                        : new RegistryUnavailableException(said(failure, cause), failure);
            }
            // Avro reports a value that ends too soon as an EOFException; everything else that is I/O is the registry.
            if (cause instanceof IOException && !(cause instanceof EOFException)) {
                return new RegistryUnavailableException(said(failure, cause), failure);
            }
        }
        return new UnreadableRecordException(Reason.CORRUPT, String.valueOf(failure.getMessage()), failure);
    }

    private static String said(Throwable failure, Throwable cause) {
        return failure.getMessage() + ": " + cause.getMessage();
    }

    @Override
    public void close() {
        foreign.close();
    }
}
