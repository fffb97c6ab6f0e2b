package io.quarry.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarry.avro.Job;
import io.quarry.avro.ResourceGroup;
import io.quarry.schemas.serde.UnreadableRecordException.Reason;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.common.serialization.Deserializer;

/** One of our processes with Confluent's jar behind everything else on its class path, and its classes in the settings. */
public final class ConfluentBySetting implements Consumer<String> {
    private static final String TOPIC = "quarry.jobs.default";

    @Override
    public void accept(String url) {
        WireSerdes ours = WireSerdes.of(Map.of("schema.registry.url", url));
        WireSerdes theirs = WireSerdes.of(Map.of(
                "schema.registry.url", url,
                "value.serializer", "io.confluent.kafka.serializers.KafkaAvroSerializer",
                "value.deserializer", "io.confluent.kafka.serializers.KafkaAvroDeserializer",
                "avro.remove.java.properties", "true"));
        Job job = Samples.job("j1");
        byte[] bytes = theirs.serializer(Job.class).serialize(TOPIC, job);
        assertThat(bytes).isEqualTo(ours.serializer(Job.class).serialize(TOPIC, job));
        assertThat(ours.deserializer(Job.class).deserialize(TOPIC, bytes)).isEqualTo(job);

        Deserializer<Job> deserializer = theirs.deserializer(Job.class);
        assertThat(deserializer.getClass()).isEqualTo(ForeignDeserializer.class);
        assertThat(deserializer.deserialize(TOPIC, bytes)).isEqualTo(job);
        assertUnreadable(deserializer, Arrays.copyOf(bytes, 20), Reason.CORRUPT);
        byte[] unknown = bytes.clone();
        ByteBuffer.wrap(unknown).putInt(1, 4711);
        assertUnreadable(deserializer, unknown, Reason.UNKNOWN_SCHEMA_ID);
        byte[] group = ours.serializer(ResourceGroup.class)
                .serialize(
                        TOPIC,
                        ResourceGroup.newBuilder()
                                .setName("g")
                                .setWorker(io.quarry.avro.Resources.newBuilder().build())
                                .build());
        assertUnreadable(deserializer, group, Reason.WRONG_TYPE);

        WireSerdes cutOff = WireSerdes.of(Map.of(
                "schema.registry.url", "http://localhost:1",
                "max.retries", "0",
                "value.deserializer", "io.confluent.kafka.serializers.KafkaAvroDeserializer"));
        assertThatThrownBy(() -> cutOff.deserializer(Job.class).deserialize(TOPIC, bytes))
                .isInstanceOf(RegistryUnavailableException.class);
    }

    private static void assertUnreadable(Deserializer<Job> deserializer, byte[] bytes, Reason reason) {
        assertThatThrownBy(() -> deserializer.deserialize(TOPIC, bytes))
                .isInstanceOfSatisfying(
                        UnreadableRecordException.class,
                        unreadable -> assertThat(unreadable.reason()).isEqualTo(reason));
    }
}
