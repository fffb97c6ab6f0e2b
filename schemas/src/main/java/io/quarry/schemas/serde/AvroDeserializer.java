package io.quarry.schemas.serde;

import io.quarry.schemas.serde.UnreadableRecordException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.AvroTypeException;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DatumReader;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/**
 * Reads Avro in the Confluent wire format, strictly: whatever is not exactly one value of the wanted type is an
 * {@link UnreadableRecordException} with its reason, and a registry that cannot be asked is a
 * {@link RegistryUnavailableException}. The writer's schema is resolved to the reader's. May be shared by threads once
 * configured.
 *
 * @param <T> type of the values
 */
public final class AvroDeserializer<T extends IndexedRecord> implements Deserializer<T> {
    private final boolean nullIsNull;
    private @Nullable Class<T> type;
    private @Nullable SerdeSettings settings;
    private @Nullable Registry registry;
    private boolean key;
    private final Map<Integer, DatumReader<T>> readers = new ConcurrentHashMap<>();

    /** For Kafka, which calls {@link #configure} afterwards; the type comes from {@code specific.avro.value.type}. */
    public AvroDeserializer() {
        this(false);
    }

    AvroDeserializer(boolean nullIsNull) {
        this.nullIsNull = nullIsNull;
    }

    AvroDeserializer(Class<T> type, SerdeSettings settings, Registry registry, boolean nullIsNull) {
        this.type = type;
        this.settings = settings;
        this.registry = registry;
        this.nullIsNull = nullIsNull;
    }

    @Override
    public void configure(Map<String, ?> configs, boolean isKey) {
        if (registry == null) {
            settings = SerdeSettings.of(configs);
            registry = new Registry(settings);
            type = type(settings, isKey);
        }
        key = isKey;
    }

    @Override
    public @Nullable T deserialize(String topic, byte @Nullable [] bytes) {
        if (bytes == null) {
            if (nullIsNull) {
                return null;
            }
            throw new UnreadableRecordException(Reason.NULL_VALUE, "the record has no value");
        }
        int id = id(bytes);
        BinaryDecoder decoder = DecoderFactory.get()
                .binaryDecoder(bytes, AvroSerializer.HEADER, bytes.length - AvroSerializer.HEADER, null);
        DatumReader<T> reader = reader(id, topic);
        try {
            T value = reader.read(null, decoder);
            if (!decoder.isEnd()) {
                throw new UnreadableRecordException(
                        Reason.TRAILING_BYTES, "the value of schema id " + id + " is followed by more bytes");
            }
            return value;
        } catch (UnreadableRecordException known) {
            throw known;
        } catch (IOException | RuntimeException failure) {
            throw unreadable(id, failure);
        }
    }

    private UnreadableRecordException unreadable(int id, Exception failure) {
        // Avro answers garbage with any of a dozen exceptions; a type exception may also mean schemas that do not
        // resolve.
        if (failure instanceof AvroTypeException && type != null && registry != null) {
            Schema wanted = SpecificData.get().getSchema(type);
            if (!Compatibility.canRead(wanted, registry.schema(id))) {
                return new UnreadableRecordException(
                        Reason.INCOMPATIBLE_SCHEMA,
                        "schema id " + id + " cannot be resolved to the reader's: " + failure.getMessage(),
                        failure);
            }
        }
        return new UnreadableRecordException(
                Reason.CORRUPT, "the bytes are no value of schema id " + id + ": " + failure.getMessage(), failure);
    }

    private static int id(byte[] bytes) {
        if (bytes.length > 0 && bytes[0] != 0) {
            throw new UnreadableRecordException(
                    Reason.BAD_MAGIC,
                    "the first byte is " + (bytes[0] & 0xff)
                            + ", not 0: the value is not in the Confluent wire format");
        }
        if (bytes.length < AvroSerializer.HEADER) {
            throw new UnreadableRecordException(
                    Reason.TOO_SHORT,
                    "the value has " + bytes.length + " bytes, fewer than the five of the wire format's header");
        }
        return ByteBuffer.wrap(bytes, 1, Integer.BYTES).getInt();
    }

    private DatumReader<T> reader(int id, String topic) {
        if (settings == null || registry == null) {
            throw new IllegalStateException("the deserializer is not configured");
        }
        DatumReader<T> known = readers.get(id);
        if (known == null) {
            known = reader(id, registry.schema(id));
        }
        if (settings.checkSubject(key)) {
            String subject = settings.subjects(key)
                    .subject(topic, key, registry.schema(id).getFullName());
            if (!registry.isUsedBy(id, subject)) {
                throw new UnreadableRecordException(
                        Reason.WRONG_SUBJECT, "schema id " + id + " is not registered under subject " + subject);
            }
        }
        DatumReader<T> before = readers.putIfAbsent(id, known);
        return before == null ? known : before;
    }

    private DatumReader<T> reader(int id, Schema written) {
        if (settings != null && !settings.specificReader() && type == null) {
            return new GenericDatumReader<>(written);
        }
        if (type == null) {
            Class<?> generated = SpecificData.get().getClass(written);
            if (generated == null) {
                throw new UnreadableRecordException(
                        Reason.WRONG_TYPE,
                        "schema id " + id + " is a " + written.getFullName() + ", of which there is no class here");
            }
            return specific(written, generated);
        }
        String wanted = SpecificData.get().getSchema(type).getFullName();
        if (!written.getFullName().equals(wanted)) {
            throw new UnreadableRecordException(
                    Reason.WRONG_TYPE, "schema id " + id + " is a " + written.getFullName() + ", not a " + wanted);
        }
        return specific(written, type);
    }

    private static <T> DatumReader<T> specific(Schema written, Class<?> type) {
        return new SpecificDatumReader<>(written, SpecificData.get().getSchema(type), SpecificData.getForClass(type));
    }

    @SuppressWarnings(
            "unchecked") // The setting's class is checked to be a record; T is the caller's claim, as in all Kafka
    // settings.
    private static <T> @Nullable Class<T> type(SerdeSettings settings, boolean isKey) {
        Object value = isKey ? settings.keyType() : settings.valueType();
        if (value == null) {
            return null;
        }
        String setting = isKey ? "specific.avro.key.type" : "specific.avro.value.type";
        try {
            Class<?> type = value instanceof Class<?> named
                    ? named
                    : Class.forName(value.toString(), true, AvroDeserializer.class.getClassLoader());
            if (IndexedRecord.class.isAssignableFrom(type)) {
                return (Class<T>) type;
            }
        } catch (ClassNotFoundException missing) {
            throw new ConfigException(setting, value, "is no class here");
        }
        throw new ConfigException(setting, value, "is no Avro record");
    }
}
