package io.quarry.scheduler.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.streams.errors.StreamsException;
import org.junit.jupiter.api.Test;

class FaultsTest {
    @Test
    void whatTheBrokerSaysOfItselfPasses() {
        assertThat(Faults.passes(new StreamsException(new TimeoutException()))).isTrue();
        assertThat(Faults.passes(new StreamsException(new InvalidTxnStateException("ended"))))
                .isTrue();
        assertThat(Faults.passes(new StreamsException(new SerializationException("ours"))))
                .isFalse();
    }

    @Test
    void thatTheConsumerHasNoSuchPartitionAnyMorePasses() {
        Throwable gone;
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", "127.0.0.1:9"), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            gone = catchThrowable(() -> consumer.position(new TopicPartition("quarry.jobs.gone", 0)));
        }

        assertThat(gone).isInstanceOf(IllegalStateException.class);
        assertThat(Faults.passes(new StreamsException(gone))).isTrue();
        assertThat(Faults.passes(new StreamsException(new IllegalStateException("ours"))))
                .isFalse();
    }

    @Test
    void aFullDiskIsToldByTheSystemsWords() {
        assertThat(Faults.isDiskFull(new StreamsException(new IOException("No space left on device"))))
                .isTrue();
        assertThat(Faults.isDiskFull(new StreamsException(new IOException("Broken pipe"))))
                .isFalse();
    }
}
