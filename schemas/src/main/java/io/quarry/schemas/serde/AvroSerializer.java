package io.quarry.schemas.serde;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DatumWriter;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * Writes Avro in the Confluent wire format: a zero byte, the schema's id in four bytes, the value in Avro binary. A null is
 * written as null (a tombstone). May be shared by threads once configured.
 *
 * @param <T> type of the values
 */
public final class AvroSerializer<T extends IndexedRecord> implements Serializer<T> {
    static final int HEADER = 5;

    private @Nullable SerdeSettings settings;
    private @Nullable Registry registry;
    private boolean key;
    private final Map<Schema, DatumWriter<IndexedRecord>> writers = new ConcurrentHashMap<>();

    /** For Kafka, which calls {@link #configure} afterwards. */
    public AvroSerializer() {}

    AvroSerializer(SerdeSettings settings, Registry registry) {
        this.settings = settings;
        this.registry = registry;
    }

    @Override
    public void configure(Map<String, ?> configs, boolean isKey) {
        if (registry == null) {
            settings = SerdeSettings.of(configs);
            registry = new Registry(settings);
        }
        key = isKey;
    }

    @Override
    public byte @Nullable [] serialize(String topic, @Nullable T value) {
        if (value == null) {
            return null;
        }
        if (settings == null || registry == null) {
            throw new IllegalStateException("the serializer is not configured");
        }
        Schema schema = value.getSchema();
        String subject = settings.subjects(key).subject(topic, key, schema.getFullName());
        if (settings.autoRegister()) {
            return bytes(registry.register(subject, schema), binary(value));
        }
        if (!settings.useLatest()) {
            return bytes(registry.lookUp(subject, schema), binary(value));
        }
        Registry.Latest latest = registry.latest(subject);
        return bytes(latest.id(), inLatest(subject, latest.schema(), value));
    }

    private byte[] inLatest(String subject, Schema latest, IndexedRecord value) {
        Schema schema = value.getSchema();
        byte[] own = binary(value);
        if (WireSchemas.text(schema).equals(WireSchemas.text(latest))) {
            return own;
        }
        boolean strict = settings != null && settings.latestStrict();
        if (strict && !Compatibility.canRead(latest, schema)) {
            throw new SchemaRefusedException("the latest schema of subject " + subject + " cannot hold a "
                    + schema.getFullName() + " as this program knows it (latest.compatibility.strict)");
        }
        try {
            IndexedRecord converted = new GenericDatumReader<IndexedRecord>(schema, latest)
                    .read(null, DecoderFactory.get().binaryDecoder(own, null));
            ByteArrayOutputStream out = new ByteArrayOutputStream(own.length);
            BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(out, null);
            new GenericDatumWriter<IndexedRecord>(latest).write(converted, encoder);
            return out.toByteArray();
        } catch (IOException | AvroRuntimeException refused) {
            throw new SerializationException(
                    "a " + schema.getFullName() + " does not fit the latest schema of subject " + subject + ": "
                            + refused.getMessage(),
                    refused);
        }
    }

    private byte[] binary(IndexedRecord value) {
        DatumWriter<IndexedRecord> writer = writers.computeIfAbsent(value.getSchema(), schema -> writer(value, schema));
        try {
            ByteArrayOutputStream out = new ByteArrayOutputStream(512);
            // Buffered: the stream is synchronized, and would be asked for every byte.
            BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
            writer.write(value, encoder);
            encoder.flush();
            return out.toByteArray();
        } catch (IOException | AvroRuntimeException | ClassCastException | NullPointerException unfit) {
            // Avro throws all four when a value does not fit its own schema, a null in a required field above all.
            throw new SerializationException(
                    "a " + value.getSchema().getFullName() + " does not fit its schema: " + unfit.getMessage(), unfit);
        }
    }

    private static DatumWriter<IndexedRecord> writer(IndexedRecord value, Schema schema) {
        return value instanceof SpecificRecord
                ? new SpecificDatumWriter<>(schema, SpecificData.getForClass(value.getClass()))
                : new GenericDatumWriter<>(schema);
    }

    private static byte[] bytes(int id, byte[] value) {
        return ByteBuffer.allocate(HEADER + value.length)
                .put((byte) 0)
                .putInt(id)
                .put(value)
                .array();
    }
}
