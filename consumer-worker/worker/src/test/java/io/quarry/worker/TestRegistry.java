package io.quarry.worker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/** As much of a schema registry as producers and readers of the tests need, and a switch to be away. */
final class TestRegistry implements AutoCloseable {
    private final ObjectMapper json = new ObjectMapper();
    private final HttpServer server;
    private final List<String> schemas = new ArrayList<>();
    private final Map<String, List<Integer>> subjects = new TreeMap<>();
    private final AtomicInteger refused = new AtomicInteger();
    private volatile boolean away;

    private TestRegistry(HttpServer server) {
        this.server = server;
    }

    static TestRegistry start() throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        TestRegistry registry = new TestRegistry(server);
        server.createContext("/", registry::answer);
        server.start();
        return registry;
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** While away, every request is answered by 503. */
    void away(boolean now) {
        away = now;
    }

    /** Requests that came while it was away. */
    int refused() {
        return refused.get();
    }

    @Override
    public void close() {
        server.stop(0);
    }

    private synchronized void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String[] parts = path.substring(1).split("/", -1);
        byte[] body = exchange.getRequestBody().readAllBytes();
        if (away) {
            refused.incrementAndGet();
            reply(exchange, 503, Map.of("error_code", 50301, "message", "away"));
        } else if (path.startsWith("/subjects/") && exchange.getRequestMethod().equals("POST")) {
            String text = json.readTree(body).path("schema").asText();
            int id = id(text);
            List<Integer> versions = subjects.computeIfAbsent(parts[1], unused -> new ArrayList<>());
            if (!versions.contains(id)) {
                versions.add(id);
            }
            reply(exchange, 200, version(parts[1], versions.indexOf(id) + 1));
        } else if (path.startsWith("/schemas/ids/") && parts.length > 3) {
            int id = Integer.parseInt(parts[2]);
            List<Map<String, Object>> uses = new ArrayList<>();
            subjects.forEach((subject, versions) -> {
                if (versions.contains(id)) {
                    uses.add(Map.of("subject", subject, "version", versions.indexOf(id) + 1));
                }
            });
            reply(
                    exchange,
                    200,
                    parts[3].equals("versions")
                            ? uses
                            : uses.stream().map(u -> u.get("subject")).toList());
        } else if (path.startsWith("/schemas/ids/")) {
            int id = Integer.parseInt(parts[2]);
            if (id > schemas.size()) {
                reply(exchange, 404, Map.of("error_code", 40403, "message", "Schema not found"));
            } else {
                reply(exchange, 200, Map.of("schema", schemas.get(id - 1)));
            }
        } else if (path.startsWith("/subjects/") && subjects.containsKey(parts[1])) {
            reply(exchange, 200, version(parts[1], subjects.get(parts[1]).size()));
        } else {
            reply(exchange, 404, Map.of("error_code", 40401, "message", "Subject not found"));
        }
    }

    private Map<String, Object> version(String subject, int version) {
        int id = subjects.getOrDefault(subject, List.of()).get(version - 1);
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("subject", subject);
        answer.put("version", version);
        answer.put("id", id);
        answer.put("schema", schemas.get(id - 1));
        return answer;
    }

    private int id(String text) throws IOException {
        JsonNode schema = json.readTree(text);
        for (int i = 0; i < schemas.size(); i++) {
            if (json.readTree(schemas.get(i)).equals(schema)) {
                return i + 1;
            }
        }
        schemas.add(text);
        return schemas.size();
    }

    private void reply(HttpExchange exchange, int status, Object body) throws IOException {
        byte[] bytes = json.writeValueAsString(body).getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "application/vnd.schemaregistry.v1+json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }
}
