package io.quarry.scheduler.streams;

import org.apache.avro.specific.SpecificRecord;

/** Turns records into wire bytes and back. Used by one thread. */
public interface Wire {
    <T extends SpecificRecord> byte[] write(String topic, T value);

    /**
     * Reads a record.
     *
     * @throws io.quarry.schemas.serde.UnreadableRecordException when no retry will help
     * @throws io.quarry.schemas.serde.RegistryUnavailableException when the schema cannot be had now
     */
    <T extends SpecificRecord> T read(String topic, byte[] bytes, Class<T> type);
}
