package io.quarry.scheduler.streams;

import io.quarry.schemas.serde.WireSerdes;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serializer;

/** The wire as the configured serdes speak it. */
public final class RegistryWire implements Wire {
    private final WireSerdes serdes;
    private final Map<Class<?>, Serializer<? extends SpecificRecord>> serializers = new HashMap<>();
    private final Map<Class<?>, Deserializer<? extends SpecificRecord>> deserializers = new HashMap<>();

    public RegistryWire(WireSerdes serdes) {
        this.serdes = serdes;
    }

    @Override
    @SuppressWarnings("unchecked") // each class maps to a serializer of its own type
    public <T extends SpecificRecord> byte[] write(String topic, T value) {
        Class<T> type = (Class<T>) value.getClass();
        Serializer<T> serializer = (Serializer<T>) serializers.computeIfAbsent(type, t -> serdes.serializer(type));
        return Objects.requireNonNull(serializer.serialize(topic, value));
    }

    @Override
    @SuppressWarnings("unchecked") // each class maps to a deserializer of its own type
    public <T extends SpecificRecord> T read(String topic, byte[] bytes, Class<T> type) {
        Deserializer<T> deserializer =
                (Deserializer<T>) deserializers.computeIfAbsent(type, t -> serdes.deserializer(type));
        return Objects.requireNonNull(deserializer.deserialize(topic, bytes));
    }
}
