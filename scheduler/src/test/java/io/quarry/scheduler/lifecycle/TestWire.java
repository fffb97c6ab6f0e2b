package io.quarry.scheduler.lifecycle;

import io.quarry.schemas.serde.RegistryUnavailableException;
import io.quarry.schemas.serde.UnreadableRecordException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;

/** Avro without a registry, which can be away all the same. Bytes that begin with 9 are poison. */
final class TestWire implements Wire {
    boolean registryAway;
    /** Whether writing asks the registry too, as it does for the first record of a type. */
    boolean registryAwayForWriting;

    @Override
    public <T extends SpecificRecord> byte[] write(String topic, T value) {
        if (registryAwayForWriting) {
            throw new RegistryUnavailableException("away", null);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(0);
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
            return new SpecificDatumReader<T>(schema, schema, data)
                    .read(null, DecoderFactory.get().binaryDecoder(bytes, 1, bytes.length - 1, null));
        } catch (IOException | AvroRuntimeException e) {
            throw new UnreadableRecordException(UnreadableRecordException.Reason.CORRUPT, "garbage", e);
        }
    }
}
