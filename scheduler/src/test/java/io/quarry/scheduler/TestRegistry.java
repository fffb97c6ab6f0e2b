package io.quarry.scheduler;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** The three questions of a schema registry that the serdes ask, answered from memory; can be down. */
final class TestRegistry implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpServer server;
    private final List<String> schemas = new ArrayList<>();
    private final Map<Integer, Set<String>> subjects = new TreeMap<>();
    private volatile boolean down;

    TestRegistry() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    void down(boolean isDown) {
        down = isDown;
    }

    private synchronized void answer(HttpExchange exchange) throws IOException {
        String[] path = exchange.getRequestURI().getRawPath().split("/", -1);
        Object body;
        int status = 200;
        if (down) {
            status = 503;
            body = Map.of("error_code", 503, "message", "down");
        } else if (path[1].equals("subjects")) {
            JsonNode asked = JSON.readTree(exchange.getRequestBody());
            body = Map.of("id", id(asked.path("schema").asText(), URLDecoder.decode(path[2], StandardCharsets.UTF_8)));
        } else {
            int id = Integer.parseInt(path[3]);
            if (id > schemas.size()) {
                status = 404;
                body = Map.of("error_code", 40403, "message", "Schema not found");
            } else if (path.length > 4) {
                body = subjects.getOrDefault(id, Set.of()).stream()
                        .map(subject -> Map.of("subject", subject, "version", 1))
                        .toList();
            } else {
                body = Map.of("schema", schemas.get(id - 1));
            }
        }
        byte[] bytes = JSON.writeValueAsBytes(body);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private int id(String schema, String subject) {
        if (!schemas.contains(schema)) {
            schemas.add(schema);
        }
        int id = schemas.indexOf(schema) + 1;
        subjects.computeIfAbsent(id, i -> new TreeSet<>()).add(subject);
        return id;
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
