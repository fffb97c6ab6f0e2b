package io.quarry.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarry.avro.Job;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.apache.kafka.common.KafkaException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A registry behind TLS, trusted by each kind of store. */
class RegistryTlsTest {
    private static final char[] PASSWORD = "changeit".toCharArray();

    @TempDir
    static Path directory;

    private static RecordingRegistry registry;
    private static String pem;

    @BeforeAll
    static void start() throws Exception {
        Path store = directory.resolve("server.p12");
        // The JDK makes certificates with its keytool only.
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "server",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "SAN=dns:localhost",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        "changeit")
                .inheritIO()
                .start();
        assertThat(keytool.waitFor()).isZero();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD);
        }
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, PASSWORD);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        registry = RecordingRegistry.start(context);

        pem = "-----BEGIN CERTIFICATE-----\n"
                + Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.UTF_8))
                        .encodeToString(keys.getCertificate("server").getEncoded())
                + "\n-----END CERTIFICATE-----\n";
        Files.writeString(directory.resolve("trust.pem"), pem);
        for (String type : new String[] {"PKCS12", "JKS"}) {
            KeyStore trust = KeyStore.getInstance(type);
            trust.load(null, null);
            trust.setCertificateEntry("server", keys.getCertificate("server"));
            try (OutputStream out = Files.newOutputStream(directory.resolve("trust." + type))) {
                trust.store(out, PASSWORD);
            }
        }
    }

    @AfterAll
    static void stop() {
        registry.close();
    }

    @Test
    void everyKindOfTrustStoreIsRead() {
        assertReached(Map.of("location", at("trust.PKCS12"), "type", "PKCS12", "password", "changeit"));
        assertReached(Map.of("location", at("trust.JKS"), "type", "JKS", "password", "changeit"));
        assertReached(Map.of("location", at("trust.pem"), "type", "PEM"));
        assertReached(Map.of("certificates", pem, "type", "PEM"));
    }

    @Test
    void aRegistryThatIsNotTrustedIsUnavailable() {
        assertThatThrownBy(() -> serialize(Map.of()))
                .isInstanceOf(RegistryUnavailableException.class)
                .hasMessageContaining(registry.url());
    }

    @Test
    void aStoreThatIsMissingIsRefusedAtOnce() {
        assertThatThrownBy(() -> serialize(Map.of("location", at("none.pem"), "type", "PEM")))
                .isInstanceOf(KafkaException.class)
                .hasMessageContaining("none.pem");
    }

    private static void assertReached(Map<String, String> truststore) {
        assertThat(serialize(truststore)).isNotEmpty();
    }

    private static byte[] serialize(Map<String, String> truststore) {
        Map<String, String> settings = new HashMap<>(Map.of("schema.registry.url", registry.url()));
        truststore.forEach((name, value) -> settings.put("schema.registry.ssl.truststore." + name, value));
        return WireSerdes.of(settings).serializer(Job.class).serialize("t", Samples.job("j"));
    }

    private static String at(String file) {
        return directory.resolve(file).toString();
    }
}
