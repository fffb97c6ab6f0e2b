package io.quarry.schemas.serde;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.quarry.schemas.serde.UnreadableRecordException.Reason;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;

/**
 * A client of a schema registry's REST interface, with what it was told kept: an id never changes its schema, and a schema
 * never changes its id. What it was refused is not kept, since somebody may mend it. May be shared by threads.
 */
final class Registry {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String MEDIA_TYPE = "application/vnd.schemaregistry.v1+json";
    /** Error code of a path that does not exist at all, unlike 40401 to 40403: the URL is wrong, not the id. */
    private static final int NO_SUCH_PATH = 404;

    private final SerdeSettings settings;
    private final HttpClient http;
    private final AtomicInteger current = new AtomicInteger();
    private final Map<Integer, Schema> schemas = new ConcurrentHashMap<>();
    private final Map<Registered, Integer> ids = new ConcurrentHashMap<>();
    private final Map<String, Latest> latest = new ConcurrentHashMap<>();
    private final Map<Use, Boolean> uses = new ConcurrentHashMap<>();

    Registry(SerdeSettings settings) {
        this.settings = settings;
        HttpClient.Builder builder =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(settings.connectTimeout());
        if (settings.tls() != null) {
            builder.sslContext(settings.tls());
        }
        this.http = builder.build();
    }

    /** Schema of an id. */
    Schema schema(int id) {
        Schema known = schemas.get(id);
        if (known != null) {
            return known;
        }
        JsonNode answer = get("/schemas/ids/" + id)
                .orElseThrow(() -> new UnreadableRecordException(
                        Reason.UNKNOWN_SCHEMA_ID, "schema id " + id + " is not known to the registry"));
        Schema schema = parse(answer, "schema id " + id);
        Schema before = schemas.putIfAbsent(id, schema);
        return before == null ? schema : before;
    }

    /** Whether a schema is registered under a subject; a deleted version counts, its records are still there. */
    boolean isUsedBy(int id, String subject) {
        Use use = new Use(id, subject);
        if (uses.containsKey(use)) {
            return true;
        }
        for (JsonNode row : get("/schemas/ids/" + id + "/versions?deleted=true").orElseGet(JSON::createArrayNode)) {
            if (subject.equals(row.path("subject").asText())) {
                uses.put(use, true);
                return true;
            }
        }
        return false;
    }

    /** Id of a schema under a subject, which is registered for it when it is not yet. */
    int register(String subject, Schema schema) {
        Registered registered = new Registered(subject, schema);
        Integer known = ids.get(registered);
        if (known != null) {
            return known;
        }
        String path = "/subjects/" + encoded(subject) + "/versions" + normalized("?");
        JsonNode answer = post(path, schema)
                .orElseThrow(() -> new RegistryUnavailableException(
                        "the registry cannot register under subject " + subject + ": it answers 404", null));
        return keep(registered, answer);
    }

    /** Id that a schema already has under a subject. */
    int lookUp(String subject, Schema schema) {
        Registered registered = new Registered(subject, schema);
        Integer known = ids.get(registered);
        if (known != null) {
            return known;
        }
        JsonNode answer = post("/subjects/" + encoded(subject) + normalized("?"), schema)
                .orElseThrow(() -> new SchemaRefusedException("the schema of " + schema.getFullName()
                        + " is not registered under subject " + subject
                        + ": register it, or set auto.register.schemas=true"));
        return keep(registered, answer);
    }

    /** Newest schema of a subject. Kept: a newer one is seen by the next process. */
    Latest latest(String subject) {
        Latest known = latest.get(subject);
        if (known != null) {
            return known;
        }
        JsonNode answer = get("/subjects/" + encoded(subject) + "/versions/latest")
                .orElseThrow(() -> new SchemaRefusedException(
                        "subject " + subject + " has no version, and use.latest.version is set: register one first"));
        Latest found = new Latest(answer.path("id").asInt(), parse(answer, "latest version of " + subject));
        latest.put(subject, found);
        return found;
    }

    private int keep(Registered registered, JsonNode answer) {
        if (!answer.path("id").isInt()) {
            throw new RegistryUnavailableException("the registry answered without an id: " + shortened(answer), null);
        }
        int id = answer.path("id").asInt();
        ids.put(registered, id);
        return id;
    }

    private Schema parse(JsonNode answer, String what) {
        String type = answer.path("schemaType").asText("AVRO");
        if (!type.equals("AVRO")) {
            throw new UnreadableRecordException(Reason.BAD_SCHEMA, what + " is " + type + ", not Avro");
        }
        Schema.Parser parser = new Schema.Parser();
        // Another writer's default is none of the reader's business.
        parser.setValidateDefaults(false);
        try {
            addReferences(answer, parser);
            return parser.parse(answer.path("schema").asText());
        } catch (AvroRuntimeException refused) {
            throw new UnreadableRecordException(
                    Reason.BAD_SCHEMA, what + " cannot be parsed: " + refused.getMessage(), refused);
        }
    }

    private void addReferences(JsonNode answer, Schema.Parser parser) {
        for (JsonNode reference : answer.path("references")) {
            if (parser.getTypes().containsKey(reference.path("name").asText())) {
                continue;
            }
            String path = "/subjects/" + encoded(reference.path("subject").asText()) + "/versions/"
                    + reference.path("version").asInt() + "?deleted=true";
            JsonNode referred = get(path)
                    .orElseThrow(() -> new UnreadableRecordException(
                            Reason.BAD_SCHEMA, "a referenced schema is missing: " + shortened(reference)));
            addReferences(referred, parser);
            parser.parse(referred.path("schema").asText());
        }
    }

    private Optional<JsonNode> get(String path) {
        return ask(path, null);
    }

    private Optional<JsonNode> post(String path, Schema schema) {
        ObjectNode body = JSON.createObjectNode();
        body.put("schema", text(schema));
        return ask(path, body.toString());
    }

    private String text(Schema schema) {
        return settings.removeJavaProperties() ? WireSchemas.text(schema) : schema.toString();
    }

    /** Asks one registry after the other, beginning with the one that answered last; empty when there is no such thing. */
    private Optional<JsonNode> ask(String path, @Nullable String body) {
        List<URI> urls = settings.urls();
        RegistryUnavailableException first = null;
        int start = current.get();
        for (int i = 0; i < urls.size(); i++) {
            int index = (start + i) % urls.size();
            try {
                Optional<JsonNode> answer = ask(urls.get(index), path, body);
                current.set(index);
                return answer;
            } catch (RegistryUnavailableException down) {
                if (first == null) {
                    first = down;
                } else {
                    first.addSuppressed(down);
                }
            }
        }
        throw first == null ? new IllegalStateException("no registry is set") : first;
    }

    private Optional<JsonNode> ask(URI base, String path, @Nullable String body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(shown(base) + path))
                .timeout(settings.requestTimeout())
                .header("Accept", MEDIA_TYPE + ", application/json");
        if (settings.authorization() != null) {
            request.header("Authorization", settings.authorization());
        }
        if (body != null) {
            request.header("Content-Type", MEDIA_TYPE).POST(HttpRequest.BodyPublishers.ofString(body));
        }
        HttpResponse<String> response;
        try {
            response = http.send(request.build(), BodyHandlers.ofString(StandardCharsets.UTF_8));
        } catch (IOException unreachable) {
            throw new RegistryUnavailableException(
                    "registry " + shown(base) + " cannot be reached: " + said(unreachable), unreachable);
        } catch (InterruptedException stopped) {
            throw new InterruptException("interrupted while asking registry " + shown(base), stopped);
        }
        return judge(base, path, response);
    }

    private static Optional<JsonNode> judge(URI base, String path, HttpResponse<String> response) {
        int status = response.statusCode();
        JsonNode answer = json(response.body());
        if (status / 100 == 2 && answer != null) {
            return Optional.of(answer);
        }
        // Some registries put the finer code into the body only, some send a status without one: both count.
        int code = answer == null ? 0 : answer.path("error_code").asInt();
        if (status == 404 && code > NO_SUCH_PATH) {
            return Optional.empty();
        }
        String message = "registry " + shown(base) + " answered " + status
                + (answer == null ? "" : ": " + answer.path("message").asText());
        if (status == 409 || status == 422) {
            throw new SchemaRefusedException(message + " (" + path + ")");
        }
        if (status == 404) {
            throw new RegistryUnavailableException(message + "; is " + SerdeSettings.URL + " right?", null);
        }
        if (status == 401 || status == 403) {
            throw new RegistryUnavailableException(message + "; are basic.auth.* or bearer.auth.* right?", null);
        }
        throw new RegistryUnavailableException(message, null);
    }

    private static @Nullable JsonNode json(String body) {
        try {
            return JSON.readTree(body);
        } catch (JsonProcessingException notJson) {
            return null;
        }
    }

    private String normalized(String separator) {
        return settings.normalize() ? separator + "normalize=true" : "";
    }

    private static String said(IOException failure) {
        return failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
    }

    private static String shortened(JsonNode node) {
        String text = node.toString();
        return text.length() > 200 ? text.substring(0, 200) : text;
    }

    private static String encoded(String segment) {
        return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** A URL without its user info. */
    static String shown(URI url) {
        return url.getScheme() + "://" + url.getHost() + (url.getPort() < 0 ? "" : ":" + url.getPort())
                + (url.getRawPath() == null ? "" : url.getRawPath());
    }

    /** The newest version of a subject. */
    record Latest(int id, Schema schema) {}

    private record Registered(String subject, Schema schema) {}

    private record Use(int id, String subject) {}
}
