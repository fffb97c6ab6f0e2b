package io.quarry.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Job;
import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Both directions against the genuine Confluent serializer and deserializer. */
class ConfluentInteropTest {
    private static final String TOPIC = "quarry.jobs.default";
    private static final Path JAR = Path.of("target", "confluent", "confluent-serde.jar");
    private static final Path TESTS = Path.of("target", "test-classes");

    private final RecordingRegistry registry = RecordingRegistry.start();

    @AfterEach
    void stop() {
        registry.close();
    }

    @Test
    void whatWeWriteIsReadByTheGenuineDeserializer() throws Exception {
        Job job = Samples.job("ours");
        byte[] bytes = ours().serializer(Job.class).serialize(TOPIC, job);
        try (URLClassLoader theirs = onlyConfluent()) {
            Object json = genuine(theirs).apply(settings(Map.of()), bytes);
            assertThat(json).isEqualTo(GenuineConfluent.json(generic(bytes)));
            assertThat(json.toString()).contains("ours", "Ünïcode ✈", "airport.mean_delay_7d");
        }
    }

    @Test
    void whatTheGenuineSerializerWritesIsReadByUsAndSharesOurId() throws Exception {
        Job job = Samples.job("theirs");
        byte[] wanted = ours().serializer(Job.class).serialize(TOPIC, job);
        String json = GenuineConfluent.json(generic(wanted));
        try (URLClassLoader theirs = onlyConfluent()) {
            Object bytes =
                    genuine(theirs).apply(settings(Map.of("schema", WireSchemas.text(Job.getClassSchema()))), json);
            assertThat(bytes).isEqualTo(wanted);
            assertThat(ours().deserializer(Job.class).deserialize(TOPIC, (byte[]) bytes))
                    .isEqualTo(job);
        }
    }

    @Test
    void theSubjectStrategiesNameTheSameSubjects() throws Exception {
        byte[] sample = ours().serializer(Job.class).serialize(TOPIC, Samples.job("j"));
        String json = GenuineConfluent.json(generic(sample));
        try (URLClassLoader theirs = onlyConfluent()) {
            for (String strategy : List.of("TopicNameStrategy", "RecordNameStrategy", "TopicRecordNameStrategy")) {
                String name = "io.confluent.kafka.serializers.subject." + strategy;
                Map<String, Object> setting = settings(
                        Map.of("value.subject.name.strategy", name, "schema", WireSchemas.text(Job.getClassSchema())));
                assertThat(genuine(theirs).apply(setting, json)).isNotNull();
                String their = registry.requests().get(registry.requests().size() - 1);
                WireSerdes.of(setting).serializer(Job.class).serialize(TOPIC, Samples.job("j"));
                assertThat(registry.requests()).last().isEqualTo(their);
            }
        }
    }

    @Test
    void confluentsSerdeMayBeSetInsteadOfOurs() throws Exception {
        List<URL> urls = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            urls.add(url(Path.of(entry)));
        }
        urls.add(url(JAR));
        within(urls, loader -> {
            Consumer<String> process = made(loader, ConfluentBySetting.class.getName(), Consumer.class);
            process.accept(registry.url());
        });
    }

    private static GenericRecord generic(byte[] bytes) throws IOException {
        Schema schema = new Schema.Parser().parse(WireSchemas.text(Job.getClassSchema()));
        return new org.apache.avro.generic.GenericDatumReader<GenericRecord>(schema)
                .read(null, org.apache.avro.io.DecoderFactory.get().binaryDecoder(bytes, 5, bytes.length - 5, null));
    }

    private WireSerdes ours() {
        return WireSerdes.of(settings(Map.of()));
    }

    private Map<String, Object> settings(Map<String, Object> more) {
        Map<String, Object> settings = new HashMap<>(Map.of("schema.registry.url", registry.url(), "topic", TOPIC));
        settings.putAll(more);
        return settings;
    }

    /** A class path of Confluent's jar and the test's own classes. */
    private static URLClassLoader onlyConfluent() {
        return new URLClassLoader(new URL[] {url(TESTS), url(JAR)}, ClassLoader.getPlatformClassLoader());
    }

    private static BiFunction<Map<String, Object>, Object, Object> genuine(URLClassLoader loader) {
        BiFunction<Map<String, Object>, Object, Object> program =
                made(loader, GenuineConfluent.class.getName(), BiFunction.class);
        assertThat(program.getClass().getClassLoader()).isSameAs(loader);
        return program;
    }

    private static void within(List<URL> urls, Consumer<URLClassLoader> work) throws IOException {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try (URLClassLoader loader =
                new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            thread.setContextClassLoader(loader);
            work.accept(loader);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // Both programs are of this test.
    private static <P> P made(ClassLoader loader, String name, Class<?> kind) {
        try {
            return (P) kind.cast(
                    Class.forName(name, true, loader).getDeclaredConstructor().newInstance());
        } catch (ReflectiveOperationException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static URL url(Path path) {
        try {
            return path.toUri().toURL();
        } catch (MalformedURLException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
