package io.quarry.schemas.serde;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/** A registry for tests: ids, subjects and versions in memory, every request recorded, and failures on demand. */
public final class RecordingRegistry implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final boolean tls;
    private final List<ObjectNode> schemas = new ArrayList<>();
    private final Map<String, List<Integer>> subjects = new LinkedHashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final List<String> authorizations = new CopyOnWriteArrayList<>();
    private volatile int failWith;
    private volatile boolean silent;

    private RecordingRegistry(HttpServer server, boolean tls) {
        this.server = server;
        this.tls = tls;
        server.createContext("/", this::handle);
        server.setExecutor(threads);
        server.start();
    }

    public static RecordingRegistry start() {
        try {
            return new RecordingRegistry(HttpServer.create(address(), 0), false);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    public static RecordingRegistry start(SSLContext context) {
        try {
            HttpsServer server = HttpsServer.create(address(), 0);
            server.setHttpsConfigurator(new HttpsConfigurator(context));
            return new RecordingRegistry(server, true);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    public String url() {
        return (tls ? "https" : "http") + "://localhost:" + server.getAddress().getPort();
    }

    /** Requests so far, such as {@code GET /schemas/ids/1}, without their queries. */
    public List<String> requests() {
        return List.copyOf(requests);
    }

    List<String> authorizations() {
        return List.copyOf(authorizations);
    }

    /** Answers this status from now on; 0 ends it. */
    void failWith(int status) {
        failWith = status;
    }

    /** Accepts requests and never answers. */
    void fallSilent() {
        silent = true;
    }

    synchronized int register(String subject, Schema schema) {
        return register(subject, schema.toString(), null, null);
    }

    synchronized int register(String subject, String schema, @Nullable String type, @Nullable JsonNode references) {
        int id = idOf(schema);
        if (id == 0) {
            ObjectNode entry = JSON.createObjectNode().put("schema", schema);
            if (type != null) {
                entry.put("schemaType", type);
            }
            if (references != null) {
                entry.set("references", references);
            }
            schemas.add(entry);
            id = schemas.size();
        }
        List<Integer> versions = subjects.computeIfAbsent(subject, none -> new ArrayList<>());
        if (!versions.contains(id)) {
            versions.add(id);
        }
        return id;
    }

    private int idOf(String schema) {
        for (int i = 0; i < schemas.size(); i++) {
            if (schemas.get(i).get("schema").asText().equals(schema)) {
                return i + 1;
            }
        }
        return 0;
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getRawPath();
            requests.add(exchange.getRequestMethod() + " " + path);
            String authorization = exchange.getRequestHeaders().getFirst("Authorization");
            authorizations.add(authorization == null ? "" : authorization);
            byte[] body = exchange.getRequestBody().readAllBytes();
            if (silent) {
                exchange.getRequestBody().close();
                awaitEnd();
                return;
            }
            if (failWith != 0) {
                answer(exchange, failWith, error(failWith * 100 + 1, "told to fail"));
                return;
            }
            JsonNode answer = answer(path.substring(1).split("/", -1), body.length == 0 ? null : JSON.readTree(body));
            int code = answer.path("error_code").asInt();
            answer(exchange, code == 0 ? 200 : code > 999 ? code / 100 : code, answer);
        }
    }

    private synchronized JsonNode answer(String[] path, @Nullable JsonNode body) {
        if (path.length >= 3 && path[0].equals("schemas") && path[1].equals("ids")) {
            return byId(Integer.parseInt(path[2]), path.length > 3);
        }
        if (!path[0].equals("subjects") || path.length < 2) {
            return error(404, "HTTP 404 Not Found");
        }
        String subject = URLDecoder.decode(path[1], StandardCharsets.UTF_8);
        List<Integer> versions = subjects.getOrDefault(subject, List.of());
        if (body != null && path.length == 3) {
            int id = register(subject, body.get("schema").asText(), null, body.get("references"));
            return JSON.createObjectNode().put("id", id);
        }
        if (body != null) {
            int id = idOf(body.get("schema").asText());
            return versions.contains(id) ? version(subject, versions, versions.indexOf(id)) : error(40403, "not found");
        }
        if (versions.isEmpty()) {
            return error(40401, "Subject not found");
        }
        int index = path[3].equals("latest") ? versions.size() - 1 : Integer.parseInt(path[3]) - 1;
        return version(subject, versions, index);
    }

    private JsonNode byId(int id, boolean versions) {
        if (id < 1 || id > schemas.size()) {
            return error(40403, "Schema not found");
        }
        if (!versions) {
            return schemas.get(id - 1);
        }
        ArrayNode rows = JSON.createArrayNode();
        subjects.forEach((subject, ids) -> {
            if (ids.contains(id)) {
                rows.addObject().put("subject", subject).put("version", ids.indexOf(id) + 1);
            }
        });
        return rows;
    }

    private JsonNode version(String subject, List<Integer> versions, int index) {
        int id = versions.get(index);
        ObjectNode entry = schemas.get(id - 1).deepCopy();
        return entry.put("subject", subject).put("version", index + 1).put("id", id);
    }

    private static JsonNode error(int code, String message) {
        return JSON.createObjectNode().put("error_code", code).put("message", message);
    }

    private static void answer(HttpExchange exchange, int status, JsonNode answer) throws IOException {
        byte[] bytes = JSON.writeValueAsBytes(answer);
        exchange.getResponseHeaders().set("Content-Type", "application/vnd.schemaregistry.v1+json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private synchronized void awaitEnd() {
        try {
            while (!threads.isShutdown()) {
                wait(50);
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
        server.stop(0);
    }
}
