package io.quarry.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.ResourceGroup;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.UnreadableRecordException.Reason;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;
import org.assertj.core.api.AbstractThrowableAssert;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WireSerdesTest {
    private static final String TOPIC = "quarry.jobs.default";
    private static final String SUBJECT = TOPIC + "-value";

    private RecordingRegistry registry = RecordingRegistry.start();

    @BeforeEach
    void freshRegistry() {
        registry.close();
        registry = RecordingRegistry.start();
    }

    @AfterEach
    void stop() {
        registry.close();
    }

    @Test
    void whatIsWrittenIsReadWithOneRequestPerSchemaAndDirection() {
        Job job = Samples.job("j1");
        Serializer<Job> serializer = serdes().serializer(Job.class);
        Deserializer<Job> deserializer = serdes().deserializer(Job.class);
        for (int i = 0; i < 3; i++) {
            byte[] bytes = serializer.serialize(TOPIC, job);
            assertThat(Arrays.copyOf(bytes, 5)).containsExactly(0, 0, 0, 0, 1);
            assertThat(deserializer.deserialize(TOPIC, bytes)).isEqualTo(job);
        }
        assertThat(registry.requests())
                .containsExactly("POST /subjects/" + SUBJECT + "/versions", "GET /schemas/ids/1");
    }

    @Test
    void aNullIsATombstoneForTheSerdeAndUnreadableForTheDeserializer() {
        Serde<JobState> serde = serdes().serde(JobState.class);
        assertThat(serde.serializer().serialize(TOPIC, null)).isNull();
        assertThat(serde.deserializer().deserialize(TOPIC, null)).isNull();
        assertUnreadable(null, Reason.NULL_VALUE);
    }

    @Test
    void bytesThatAreNotInTheWireFormatAreUnreadable() {
        assertUnreadable(new byte[0], Reason.TOO_SHORT);
        assertUnreadable(new byte[] {0, 0, 0}, Reason.TOO_SHORT);
        assertUnreadable("{\"id\":1}".getBytes(java.nio.charset.StandardCharsets.UTF_8), Reason.BAD_MAGIC);
        assertThat(registry.requests()).isEmpty();
    }

    @Test
    void anUnknownIdIsUnreadableUntilSomebodyRegistersIt() {
        byte[] bytes = serdes().serializer(Job.class).serialize(TOPIC, Samples.job("j1"));
        ByteBuffer.wrap(bytes).putInt(1, 2);
        Deserializer<Job> deserializer = serdes().deserializer(Job.class);
        assertUnreadable(deserializer, bytes, Reason.UNKNOWN_SCHEMA_ID);
        registry.register("another", Job.getClassSchema());
        assertThat(deserializer.deserialize(TOPIC, bytes)).isEqualTo(Samples.job("j1"));
    }

    @Test
    void anotherRecordTypeIsUnreadable() {
        byte[] bytes = serdes().serializer(ResourceGroup.class).serialize(TOPIC, group());
        assertUnreadable(bytes, Reason.WRONG_TYPE)
                .hasMessageContaining("io.quarry.avro.ResourceGroup")
                .hasMessageContaining("io.quarry.avro.Job");
    }

    @Test
    void aSchemaOfAnotherSubjectIsUnreadableWhenTheSubjectIsChecked() {
        byte[] bytes = serdes().serializer(Job.class).serialize("quarry.retries.default", Samples.job("j1"));
        Deserializer<Job> strict = serdes("value.schema.check.subject", "true").deserializer(Job.class);
        assertUnreadable(strict, bytes, Reason.WRONG_SUBJECT).hasMessageContaining(SUBJECT);
        registry.register(SUBJECT, WireSchemas.text(Job.getClassSchema()), null, null);
        assertThat(strict.deserialize(TOPIC, bytes)).isEqualTo(Samples.job("j1"));
        int before = registry.requests().size();
        assertThat(strict.deserialize(TOPIC, bytes)).isEqualTo(Samples.job("j1"));
        assertThat(registry.requests()).hasSize(before);
        assertUnreadable(strict, "quarry.jobs.other", bytes, Reason.WRONG_SUBJECT);
    }

    @Test
    void trailingBytesAreUnreadable() {
        byte[] bytes = serdes().serializer(Job.class).serialize(TOPIC, Samples.job("j1"));
        assertUnreadable(Arrays.copyOf(bytes, bytes.length + 1), Reason.TRAILING_BYTES);
    }

    @Test
    void everyTruncationAndEveryFlippedByteIsAValueOrUnreadableAndNothingElse() {
        byte[] bytes = serdes().serializer(Job.class).serialize(TOPIC, Samples.job("j1"));
        Deserializer<Job> deserializer = serdes().deserializer(Job.class);
        for (int length = 5; length < bytes.length; length++) {
            assertUnreadable(deserializer, Arrays.copyOf(bytes, length), Reason.CORRUPT);
        }
        for (int i = 5; i < bytes.length; i++) {
            for (int flip : new int[] {0x01, 0x80, 0xff, 0x7f}) {
                byte[] broken = bytes.clone();
                broken[i] ^= (byte) flip;
                try {
                    assertThat(deserializer.deserialize(TOPIC, broken)).isNotNull();
                } catch (UnreadableRecordException expected) {
                    assertThat(expected.reason()).isIn(Reason.CORRUPT, Reason.TRAILING_BYTES);
                }
            }
        }
    }

    @Test
    void aCountOfTwoBillionIsUnreadableAndTakesNoMemory() {
        Schema written = new Schema.Parser().parse(WireSchemas.text(Job.getClassSchema()));
        int id = registry.register(SUBJECT, written);
        byte[] value = new byte[40];
        int at = 0;
        value[at++] = 0;
        ByteBuffer.wrap(value).putInt(at, id);
        at += 4;
        for (byte b : new byte[] {2, 'j', 0, 2, 14, 'd', 'e', 'f', 'a', 'u', 'l', 't', 2, 'k', 2, 0, 2}) {
            value[at++] = b;
        }
        // The count of the inline columns, 2^31 - 9 in zigzag.
        for (int b : new int[] {0xee, 0xff, 0xff, 0xff, 0x0f}) {
            value[at++] = (byte) b;
        }
        assertUnreadable(Arrays.copyOf(value, at), Reason.CORRUPT);
    }

    @Test
    void anOlderWriterIsResolvedAndANewerOnesFieldIsDropped() {
        Schema newer = SchemaBuilder.record("Resources")
                .namespace("io.quarry.avro")
                .fields()
                .optionalLong("memory_bytes")
                .optionalString("flavour")
                .endRecord();
        GenericRecord written = new GenericData.Record(newer);
        written.put("memory_bytes", 7L);
        written.put("flavour", "large");
        AvroSerializer<GenericRecord> serializer = new AvroSerializer<>();
        serializer.configure(Map.of("schema.registry.url", registry.url()), false);
        io.quarry.avro.Resources read = serdes().deserializer(io.quarry.avro.Resources.class)
                .deserialize(TOPIC, serializer.serialize(TOPIC, written));
        assertThat(read.getMemoryBytes()).isEqualTo(7);
        assertThat(read.getCpuMillis()).isNull();
    }

    @Test
    void aWriterWithoutARequiredFieldIsIncompatible() {
        Schema bare = SchemaBuilder.record("Job")
                .namespace("io.quarry.avro")
                .fields()
                .requiredInt("attempt")
                .endRecord();
        int id = registry.register(SUBJECT, bare);
        assertUnreadable(new byte[] {0, 0, 0, 0, (byte) id, 2}, Reason.INCOMPATIBLE_SCHEMA);
    }

    @Test
    void aSchemaThatIsNotAvroOrNotASchemaIsUnreadable() {
        int proto = registry.register(SUBJECT, "message Job {}", "PROTOBUF", null);
        assertUnreadable(new byte[] {0, 0, 0, 0, (byte) proto, 2}, Reason.BAD_SCHEMA);
        int garbage = registry.register(SUBJECT, "{\"type\":\"recrod\"}", null, null);
        assertUnreadable(new byte[] {0, 0, 0, 0, (byte) garbage, 2}, Reason.BAD_SCHEMA);
    }

    @Test
    void aSchemaWithReferencesIsRead() throws java.io.IOException {
        registry.register(
                "cause",
                "{\"type\":\"record\",\"name\":\"Resources\",\"namespace\":\"io.quarry.avro\",\"fields\":[]}",
                null,
                null);
        String group = "{\"type\":\"record\",\"name\":\"ResourceGroup\",\"namespace\":\"io.quarry.avro\",\"fields\":["
                + "{\"name\":\"name\",\"type\":\"string\"},{\"name\":\"worker\",\"type\":\"Resources\"}]}";
        int id = registry.register(
                SUBJECT,
                group,
                null,
                new com.fasterxml.jackson.databind.ObjectMapper()
                        .readTree("[{\"name\":\"io.quarry.avro.Resources\",\"subject\":\"cause\",\"version\":1}]"));
        ResourceGroup read = serdes().deserializer(ResourceGroup.class)
                .deserialize(TOPIC, new byte[] {0, 0, 0, 0, (byte) id, 4, 'g', '1'});
        assertThat(read.getName()).isEqualTo("g1");
    }

    @Test
    void aRegistryThatFailsIsNoFaultOfTheRecord() {
        byte[] bytes = serdes().serializer(Job.class).serialize(TOPIC, Samples.job("j1"));
        Deserializer<Job> deserializer = serdes().deserializer(Job.class);
        for (int status : new int[] {500, 503, 429, 401, 403}) {
            registry.failWith(status);
            assertThatThrownBy(() -> deserializer.deserialize(TOPIC, bytes))
                    .isInstanceOf(RegistryUnavailableException.class)
                    .hasMessageContaining(String.valueOf(status));
            assertThatThrownBy(() -> serdes().serializer(Job.class).serialize(TOPIC, Samples.job("j1")))
                    .isInstanceOf(RegistryUnavailableException.class);
        }
        registry.failWith(0);
        assertThat(deserializer.deserialize(TOPIC, bytes)).isEqualTo(Samples.job("j1"));
    }

    @Test
    void aRegistryThatIsDownIsUnavailableAndWhatIsKnownGoesOn() {
        Serializer<Job> known = serdes().serializer(Job.class);
        byte[] bytes = known.serialize(TOPIC, Samples.job("j1"));
        registry.close();
        assertThatThrownBy(() -> serdes().deserializer(Job.class).deserialize(TOPIC, bytes))
                .isInstanceOf(RegistryUnavailableException.class)
                .hasMessageContaining(registry.url());
        assertThat(known.serialize(TOPIC, Samples.job("j2"))).isNotEmpty();
    }

    @Test
    void aSilentRegistryIsUnavailableAfterTheReadTimeout() {
        registry.fallSilent();
        long start = System.nanoTime();
        assertThatThrownBy(() -> serdes("http.read.timeout.ms", "200")
                        .deserializer(Job.class)
                        .deserialize(TOPIC, new byte[] {0, 0, 0, 0, 1, 2}))
                .isInstanceOf(RegistryUnavailableException.class);
        assertThat(System.nanoTime() - start).isBetween(150_000_000L, 9_000_000_000L);
    }

    @Test
    void aWrongPathIsAWrongSettingAndNotAnUnknownId() {
        assertThatThrownBy(() -> serdes("schema.registry.url", registry.url() + "/apis")
                        .deserializer(Job.class)
                        .deserialize(TOPIC, new byte[] {0, 0, 0, 0, 1, 2}))
                .isInstanceOf(RegistryUnavailableException.class)
                .hasMessageContaining("schema.registry.url");
    }

    @Test
    void theNextRegistryOfTheListIsAskedWhenTheFirstIsDown() {
        RecordingRegistry down = RecordingRegistry.start();
        down.close();
        Serializer<Job> serializer = serdes("schema.registry.url", down.url() + ", " + registry.url() + "/")
                .serializer(Job.class);
        assertThat(serializer.serialize(TOPIC, Samples.job("j1"))).isNotEmpty();
        assertThat(registry.requests()).hasSize(1);
    }

    @Test
    void credentialsAreSentAsTheirSourceSays() {
        Object[][] cases = {
            {Map.of("basic.auth.credentials.source", "USER_INFO", "basic.auth.user.info", "u:p"), "Basic dTpw"},
            {
                Map.of(
                        "schema.registry.basic.auth.credentials.source",
                        "USER_INFO",
                        "schema.registry.basic.auth.user.info",
                        "u:p"),
                "Basic dTpw"
            },
            {Map.of("schema.registry.url", registry.url().replace("http://", "http://u:p@")), "Basic dTpw"},
            {
                Map.of(
                        "basic.auth.credentials.source",
                        "SASL_INHERIT",
                        "sasl.jaas.config",
                        "x.PlainLoginModule required username=\"u\" password=\"p\";"),
                "Basic dTpw"
            },
            {Map.of("bearer.auth.credentials.source", "STATIC_TOKEN", "bearer.auth.token", "t"), "Bearer t"},
            {Map.of(), ""},
        };
        for (Object[] each : cases) {
            Map<String, Object> settings = new HashMap<>(Map.of("schema.registry.url", registry.url()));
            ((Map<?, ?>) each[0]).forEach((name, value) -> settings.put((String) name, value));
            WireSerdes.of(settings).serializer(Job.class).serialize(TOPIC, Samples.job("j1"));
            assertThat(registry.authorizations()).last().isEqualTo(each[1]);
        }
    }

    @Test
    void withoutAutoRegisterOnlyARegisteredSchemaIsWritten() {
        WireSerdes fixed = serdes("auto.register.schemas", "false");
        assertThatThrownBy(() -> fixed.serializer(Job.class).serialize(TOPIC, Samples.job("j1")))
                .isInstanceOf(SchemaRefusedException.class)
                .hasMessageContaining(SUBJECT);
        int id = registry.register(SUBJECT, WireSchemas.text(Job.getClassSchema()), null, null);
        byte[] bytes = fixed.serializer(Job.class).serialize(TOPIC, Samples.job("j1"));
        assertThat(ByteBuffer.wrap(bytes, 1, 4).getInt()).isEqualTo(id);
        fixed.register(Topics.withDefaultPrefix(), List.of("default"));
        assertThat(registry.requests()).noneMatch(request -> request.endsWith("/versions"));
    }

    @Test
    void theLatestVersionIsWrittenWhenItIsAskedFor() {
        Schema own = Job.getClassSchema();
        String latest = WireSchemas.text(own)
                .replaceFirst(
                        "\\{\"name\":\"attempt\"",
                        "{\"name\":\"extra\",\"type\":[\"null\",\"string\"],\"default\":null},{\"name\":\"attempt\"");
        registry.register(SUBJECT, WireSchemas.text(own), null, null);
        int id = registry.register(SUBJECT, latest, null, null);
        Map<String, String> settings = Map.of(
                "schema.registry.url", registry.url(), "auto.register.schemas", "false", "use.latest.version", "true");
        byte[] bytes = WireSerdes.of(settings).serializer(Job.class).serialize(TOPIC, Samples.job("j1"));
        assertThat(ByteBuffer.wrap(bytes, 1, 4).getInt()).isEqualTo(id);
        assertThat(serdes().deserializer(Job.class).deserialize(TOPIC, bytes)).isEqualTo(Samples.job("j1"));
    }

    @Test
    void aLatestVersionThatCannotHoldTheValueIsRefused() {
        registry.register(
                SUBJECT,
                SchemaBuilder.record("Job")
                        .namespace("io.quarry.avro")
                        .fields()
                        .requiredInt("nothing")
                        .endRecord());
        Map<String, String> settings = Map.of(
                "schema.registry.url", registry.url(), "auto.register.schemas", "false", "use.latest.version", "true");
        assertThatThrownBy(() -> WireSerdes.of(settings).serializer(Job.class).serialize(TOPIC, Samples.job("j1")))
                .isInstanceOf(SchemaRefusedException.class)
                .hasMessageContaining("latest");
    }

    @Test
    void theRegistrysRefusalOfASchemaIsSaid() {
        registry.failWith(409);
        assertThatThrownBy(() -> serdes().serializer(Job.class).serialize(TOPIC, Samples.job("j1")))
                .isInstanceOf(SchemaRefusedException.class)
                .hasMessageContaining("409");
    }

    @Test
    void subjectsAreNamedByTheStrategyThatIsSet() {
        Map<String, String> expected = Map.of(
                "io.confluent.kafka.serializers.subject.TopicNameStrategy",
                SUBJECT,
                "io.confluent.kafka.serializers.subject.RecordNameStrategy",
                "io.quarry.avro.Job",
                "TopicRecordNameStrategy",
                TOPIC + "-io.quarry.avro.Job");
        expected.forEach((strategy, subject) -> {
            serdes("value.subject.name.strategy", strategy)
                    .serializer(Job.class)
                    .serialize(TOPIC, Samples.job("j1"));
            assertThat(registry.requests()).last().isEqualTo("POST /subjects/" + subject + "/versions");
        });
    }

    @Test
    void aWrongSettingIsRefusedWithItsName() {
        Map<String, String> wrong = Map.of(
                "schema.registry.url", "localhost:8081",
                "auto.register.schemas", "yes",
                "http.read.timeout.ms", "0",
                "http.connect.timeout.ms", "soon",
                "value.subject.name.strategy", "Whatever",
                "basic.auth.credentials.source", "VAULT",
                "value.deserializer", "no.such.Class",
                "value.serializer", ByteArrayDeserializer.class.getName());
        wrong.forEach((name, value) -> assertThatThrownBy(() -> {
                    WireSerdes serdes = serdes(name, value);
                    serdes.serializer(Job.class);
                    serdes.deserializer(Job.class);
                })
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(name));
        assertThatThrownBy(() -> WireSerdes.of(Map.of()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("schema.registry.url");
    }

    @Test
    void anotherDeserializerMayBeSetAndItsWrongTypeIsUnreadable() {
        Deserializer<Job> foreign = serdes("value.deserializer", ByteArrayDeserializer.class.getName())
                .deserializer(Job.class);
        assertUnreadable(foreign, new byte[] {1}, Reason.WRONG_TYPE);
    }

    @Test
    void kafkaMayMakeThemByName() {
        Map<String, Object> settings =
                Map.of("schema.registry.url", registry.url(), "specific.avro.value.type", Job.class.getName());
        try (AvroSerde<Job> serde = new AvroSerde<>()) {
            serde.configure(settings, false);
            byte[] bytes = serde.serializer().serialize(TOPIC, Samples.job("j1"));
            assertThat(serde.deserializer().deserialize(TOPIC, bytes)).isEqualTo(Samples.job("j1"));
        }
        try (AvroDeserializer<GenericRecord> generic = new AvroDeserializer<>()) {
            generic.configure(Map.of("schema.registry.url", registry.url(), "specific.avro.reader", "false"), false);
            byte[] bytes = serdes().serializer(Job.class).serialize(TOPIC, Samples.job("j1"));
            assertThat(generic.deserialize(TOPIC, bytes))
                    .isNotNull()
                    .satisfies(read -> assertThat(read.get("id")).hasToString("j1"));
        }
    }

    @Test
    void aValueThatDoesNotFitItsSchemaIsNotWritten() {
        assertThatThrownBy(() -> serdes().serializer(Job.class).serialize(TOPIC, new Job()))
                .isInstanceOf(SerializationException.class)
                .hasMessageContaining("io.quarry.avro.Job");
    }

    @Test
    void allSchemasAreRegisteredAtOnce() {
        serdes().register(Topics.withDefaultPrefix(), List.of("default", "big"));
        serdes().register(Topics.withDefaultPrefix(), List.of("default", "big"));
        assertThat(registry.requests())
                .hasSize(34)
                .contains(
                        "POST /subjects/quarry.jobs.big-value/versions",
                        "POST /subjects/quarry.job-state-value/versions");
    }

    private static ResourceGroup group() {
        return ResourceGroup.newBuilder()
                .setName("default")
                .setWorker(io.quarry.avro.Resources.newBuilder().build())
                .build();
    }

    private WireSerdes serdes() {
        return WireSerdes.of(Map.of("schema.registry.url", registry.url()));
    }

    private WireSerdes serdes(String name, String value) {
        Map<String, String> settings = new HashMap<>(Map.of("schema.registry.url", registry.url()));
        settings.put(name, value);
        return WireSerdes.of(settings);
    }

    private AbstractThrowableAssert<?, ?> assertUnreadable(byte @Nullable [] bytes, Reason reason) {
        return assertUnreadable(serdes().deserializer(Job.class), bytes, reason);
    }

    private AbstractThrowableAssert<?, ?> assertUnreadable(
            Deserializer<?> deserializer, byte @Nullable [] bytes, Reason reason) {
        return assertUnreadable(deserializer, TOPIC, bytes, reason);
    }

    private static AbstractThrowableAssert<?, ?> assertUnreadable(
            Deserializer<?> deserializer, String topic, byte @Nullable [] bytes, Reason reason) {
        return assertThatThrownBy(() -> deserializer.deserialize(topic, bytes))
                .isInstanceOfSatisfying(
                        UnreadableRecordException.class,
                        unreadable -> assertThat(unreadable.reason()).isEqualTo(reason));
    }
}
