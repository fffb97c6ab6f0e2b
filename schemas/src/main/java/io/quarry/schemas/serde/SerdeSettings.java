package io.quarry.schemas.serde;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.SslConfigs;
import org.apache.kafka.common.config.types.Password;
import org.apache.kafka.common.security.ssl.DefaultSslEngineFactory;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a serde, read once; names and meanings are Confluent's where Confluent has one.
 *
 * @param urls registries of one cluster, tried in order
 * @param authorization value of the Authorization header; null for none
 * @param tls TLS as set by {@code schema.registry.ssl.*}; null for the JVM's own
 */
record SerdeSettings(
        List<URI> urls,
        @Nullable String authorization,
        @Nullable SSLContext tls,
        Duration connectTimeout,
        Duration requestTimeout,
        boolean autoRegister,
        boolean useLatest,
        boolean latestStrict,
        boolean normalize,
        boolean removeJavaProperties,
        boolean specificReader,
        SubjectNames keySubjects,
        SubjectNames valueSubjects,
        boolean keyCheckSubject,
        boolean valueCheckSubject,
        @Nullable Object keyType,
        @Nullable Object valueType) {

    static final String URL = "schema.registry.url";
    private static final String PREFIX = "schema.registry.";
    private static final Pattern JAAS_USER = Pattern.compile("username=\"?([^\"\\s;]+)\"?");
    private static final Pattern JAAS_PASSWORD = Pattern.compile("password=\"?([^\"\\s;]+)\"?");

    SerdeSettings {
        urls = List.copyOf(urls);
    }

    static SerdeSettings of(Map<String, ?> settings) {
        List<URI> urls = urls(settings);
        return new SerdeSettings(
                urls,
                authorization(settings, urls),
                tls(settings),
                millis(settings, "http.connect.timeout.ms", 5_000),
                millis(settings, "http.read.timeout.ms", 10_000),
                bool(settings, "auto.register.schemas", true),
                bool(settings, "use.latest.version", false),
                bool(settings, "latest.compatibility.strict", true),
                bool(settings, "normalize.schemas", false),
                bool(settings, "avro.remove.java.properties", true),
                bool(settings, "specific.avro.reader", true),
                subjects(settings, "key.subject.name.strategy"),
                subjects(settings, "value.subject.name.strategy"),
                bool(settings, "key.schema.check.subject", false),
                bool(settings, "value.schema.check.subject", false),
                settings.get("specific.avro.key.type"),
                settings.get("specific.avro.value.type"));
    }

    SubjectNames subjects(boolean key) {
        return key ? keySubjects : valueSubjects;
    }

    boolean checkSubject(boolean key) {
        return key ? keyCheckSubject : valueCheckSubject;
    }

    private static List<URI> urls(Map<String, ?> settings) {
        Object value = settings.get(URL);
        List<URI> urls = new ArrayList<>();
        if (value != null) {
            List<?> parts = value instanceof List<?> list
                    ? list
                    : List.of(value.toString().split(",", -1));
            for (Object part : parts) {
                String text = part.toString().trim().replaceAll("/+$", "");
                if (text.isEmpty()) {
                    continue;
                }
                urls.add(url(text));
            }
        }
        if (urls.isEmpty()) {
            throw new ConfigException(URL, value, "must name at least one registry, such as http://localhost:8081");
        }
        return urls;
    }

    private static URI url(String text) {
        try {
            URI uri = URI.create(text);
            if (("http".equals(uri.getScheme()) || "https".equals(uri.getScheme())) && uri.getHost() != null) {
                return uri;
            }
        } catch (IllegalArgumentException malformed) {
            throw new ConfigException(URL, text, "is not a URL: " + malformed.getMessage());
        }
        throw new ConfigException(URL, text, "must be an http or https URL");
    }

    private static @Nullable String authorization(Map<String, ?> settings, List<URI> urls) {
        String bearer = text(settings, "bearer.auth.credentials.source");
        if (bearer != null) {
            if (!bearer.equals("STATIC_TOKEN")) {
                throw new ConfigException("bearer.auth.credentials.source", bearer, "must be STATIC_TOKEN");
            }
            return "Bearer " + required(settings, "bearer.auth.token");
        }
        String source = text(settings, "basic.auth.credentials.source");
        return switch (source == null ? "URL" : source.toUpperCase(Locale.ROOT)) {
            // As Confluent's client does, user info is taken from a URL even when no source is set.
            case "URL" ->
                urls.stream()
                        .map(URI::getUserInfo)
                        .filter(user -> user != null && !user.isEmpty())
                        .findFirst()
                        .map(SerdeSettings::basic)
                        .orElse(null);
            case "USER_INFO" -> basic(required(settings, "basic.auth.user.info"));
            case "SASL_INHERIT" -> inherited(settings.get("sasl.jaas.config"));
            default ->
                throw new ConfigException(
                        "basic.auth.credentials.source", source, "must be URL, USER_INFO or SASL_INHERIT");
        };
    }

    private static String inherited(@Nullable Object jaas) {
        String config = jaas == null ? "" : secret(jaas);
        Matcher user = JAAS_USER.matcher(config);
        Matcher password = JAAS_PASSWORD.matcher(config);
        if (!user.find() || !password.find()) {
            throw new ConfigException("basic.auth.credentials.source is SASL_INHERIT,"
                    + " but sasl.jaas.config has no username and password");
        }
        return basic(user.group(1) + ":" + password.group(1));
    }

    private static String basic(String userInfo) {
        return "Basic " + Base64.getEncoder().encodeToString(userInfo.getBytes(StandardCharsets.UTF_8));
    }

    private static @Nullable SSLContext tls(Map<String, ?> settings) {
        Map<String, Object> ssl = new HashMap<>();
        settings.forEach((name, value) -> {
            if (name.startsWith(PREFIX + "ssl.") && value != null) {
                ssl.put(name.substring(PREFIX.length()), value);
            }
        });
        if (ssl.isEmpty()) {
            return null;
        }
        ConfigDef definition = new ConfigDef();
        SslConfigs.addClientSslSupport(definition);
        // Kafka's own reading of stores: JKS, PKCS12 and PEM, from files or inline, encrypted keys included.
        try (DefaultSslEngineFactory factory = new DefaultSslEngineFactory()) {
            factory.configure(new AbstractConfig(definition, ssl, false).values());
            return factory.sslContext();
        }
    }

    private static SubjectNames subjects(Map<String, ?> settings, String name) {
        Object value = settings.get(name);
        return value == null ? SubjectNames.TOPIC_NAME : SubjectNames.of(name, value);
    }

    private static Duration millis(Map<String, ?> settings, String name, long otherwise) {
        String text = text(settings, name);
        if (text == null) {
            return Duration.ofMillis(otherwise);
        }
        try {
            long millis = Long.parseLong(text);
            if (millis > 0) {
                return Duration.ofMillis(millis);
            }
        } catch (NumberFormatException notANumber) {
            throw new ConfigException(name, text, "must be a number of milliseconds");
        }
        throw new ConfigException(name, text, "must be at least 1");
    }

    private static boolean bool(Map<String, ?> settings, String name, boolean otherwise) {
        String text = text(settings, name);
        if (text == null) {
            return otherwise;
        }
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new ConfigException(name, text, "must be true or false");
        };
    }

    private static String required(Map<String, ?> settings, String name) {
        String text = text(settings, name);
        if (text == null || text.isEmpty()) {
            throw new ConfigException(name + " is missing");
        }
        return text;
    }

    /** A setting under its short name, or with the prefix that Confluent allows too. */
    private static @Nullable String text(Map<String, ?> settings, String name) {
        Object value = settings.get(name);
        if (value == null) {
            value = settings.get(PREFIX + name);
        }
        return value == null ? null : secret(value).trim();
    }

    private static String secret(Object value) {
        return value instanceof Password password ? password.value() : value.toString();
    }

    /** Without the credentials: settings end up in logs. */
    @Override
    public String toString() {
        return "SerdeSettings" + urls.stream().map(Registry::shown).toList();
    }
}
