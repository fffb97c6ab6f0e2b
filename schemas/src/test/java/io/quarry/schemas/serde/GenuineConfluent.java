package io.quarry.schemas.serde;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiFunction;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.io.JsonEncoder;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serializer;

/**
 * A program that has only Confluent's jar: loaded by a class loader of its own, so that only the JDK's types cross the border.
 * Given a record's value it answers its JSON; given JSON it answers the record's value.
 */
public final class GenuineConfluent implements BiFunction<Map<String, Object>, Object, Object> {
    @Override
    public Object apply(Map<String, Object> settings, Object input) {
        String topic = String.valueOf(settings.get("topic"));
        Map<String, Object> own = new HashMap<>(settings);
        own.remove("topic");
        own.remove("schema");
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        // Confluent's settings name classes, which it looks for where the thread says.
        thread.setContextClassLoader(GenuineConfluent.class.getClassLoader());
        try {
            if (input instanceof byte[] bytes) {
                try (Deserializer<?> deserializer = made("KafkaAvroDeserializer", Deserializer.class)) {
                    deserializer.configure(own, false);
                    return json((GenericRecord) deserializer.deserialize(topic, bytes));
                }
            }
            try (Serializer<Object> serializer = serializer()) {
                serializer.configure(own, false);
                return serializer.serialize(
                        topic,
                        record(new Schema.Parser().parse(String.valueOf(settings.get("schema"))), (String) input));
            }
        } catch (IOException | ReflectiveOperationException failure) {
            throw new IllegalStateException(failure);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    @SuppressWarnings("unchecked") // Confluent's serializer takes any object.
    private static Serializer<Object> serializer() throws ReflectiveOperationException {
        return (Serializer<Object>) made("KafkaAvroSerializer", Serializer.class);
    }

    private static <S> S made(String name, Class<S> kind) throws ReflectiveOperationException {
        return kind.cast(Class.forName("io.confluent.kafka.serializers." + name)
                .getDeclaredConstructor()
                .newInstance());
    }

    static String json(GenericRecord record) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        JsonEncoder encoder = EncoderFactory.get().jsonEncoder(record.getSchema(), out);
        new GenericDatumWriter<GenericRecord>(record.getSchema()).write(record, encoder);
        encoder.flush();
        return out.toString(StandardCharsets.UTF_8);
    }

    static GenericRecord record(Schema schema, String json) throws IOException {
        return new GenericDatumReader<GenericRecord>(schema)
                .read(null, DecoderFactory.get().jsonDecoder(schema, json));
    }
}
