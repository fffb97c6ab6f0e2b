package io.quarry.scheduler;

import io.quarry.scheduler.streams.Wire;
import io.quarry.schemas.serde.RegistryUnavailableException;
import io.quarry.schemas.serde.UnreadableRecordException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;

/**
 * Avro without a registry, which can be away all the same. The first byte is the committed version of the record that the rest
 * was written with, 0 for the version in the making; 9 marks poison.
 */
public final class TestWire implements Wire {
    private final boolean recording;
    /** By type and version: to make one takes longer than all that it reads. */
    private final Map<List<Object>, SpecificDatumReader<?>> readers = new HashMap<>();

    public boolean registryAway;
    /** Whether writing asks the registry too, as it does for the first record of a type. */
    public boolean registryAwayForWriting;

    public TestWire() {
        this(false);
    }

    private TestWire(boolean recording) {
        this.recording = recording;
    }

    /** Names the newest committed version in what it writes, so that later versions can read it. */
    public static TestWire recording() {
        return new TestWire(true);
    }

    @Override
    public <T extends SpecificRecord> byte[] write(String topic, T value) {
        if (registryAwayForWriting) {
            throw new RegistryUnavailableException("away", null);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(recording ? newest(value.getSchema().getName()) : 0);
        try {
            BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
            new SpecificDatumWriter<T>(value.getSchema(), SpecificData.getForClass(value.getClass()))
                    .write(value, encoder);
            encoder.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    @Override
    public <T extends SpecificRecord> T read(String topic, byte[] bytes, Class<T> type) {
        if (bytes[0] == 9) {
            throw new UnreadableRecordException(UnreadableRecordException.Reason.BAD_MAGIC, "poison");
        }
        if (registryAway) {
            throw new RegistryUnavailableException("away", null);
        }
        SpecificData data = SpecificData.getForClass(type);
        Schema schema = data.getSchema(type);
        try {
            List<Object> key = List.of(type, bytes[0]);
            SpecificDatumReader<?> reader = readers.get(key);
            if (reader == null) {
                Schema writer = bytes[0] == 0 ? schema : committed(schema.getName(), bytes[0]);
                reader = new SpecificDatumReader<T>(writer, schema, data);
                readers.put(key, reader);
            }
            return type.cast(reader.read(null, DecoderFactory.get().binaryDecoder(bytes, 1, bytes.length - 1, null)));
        } catch (IOException | AvroRuntimeException e) {
            throw new UnreadableRecordException(UnreadableRecordException.Reason.CORRUPT, "garbage", e);
        }
    }

    private static int newest(String record) {
        int version = 1;
        while (Wire.class.getResource("/avro/" + record + "/" + (version + 1) + ".avsc") != null) {
            version++;
        }
        return version;
    }

    private static Schema committed(String record, int version) throws IOException {
        try (InputStream in = Wire.class.getResourceAsStream("/avro/" + record + "/" + version + ".avsc")) {
            return new Schema.Parser().parse(Objects.requireNonNull(in));
        }
    }
}
