package io.quarry.schemas.serde;

import java.util.Map;
import org.apache.avro.generic.IndexedRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/**
 * Both directions in one, for Kafka Streams: unlike the deserializer alone it reads null as null, since Streams passes
 * tombstones through it.
 *
 * @param <T> type of the values
 */
public final class AvroSerde<T extends IndexedRecord> implements Serde<T> {
    private final Serializer<T> serializer;
    private final Deserializer<T> deserializer;

    /** For Kafka, which calls {@link #configure} afterwards. */
    public AvroSerde() {
        this(new AvroSerializer<>(), new AvroDeserializer<>(true));
    }

    AvroSerde(Serializer<T> serializer, Deserializer<T> deserializer) {
        this.serializer = serializer;
        this.deserializer = deserializer;
    }

    @Override
    public void configure(Map<String, ?> configs, boolean isKey) {
        serializer.configure(configs, isKey);
        deserializer.configure(configs, isKey);
    }

    @Override
    public Serializer<T> serializer() {
        return serializer;
    }

    @Override
    public Deserializer<T> deserializer() {
        return deserializer;
    }
}
