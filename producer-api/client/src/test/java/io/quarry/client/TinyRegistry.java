package io.quarry.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** As much of a schema registry as a serde asks: registers under a subject, and gives back by id. */
final class TinyRegistry implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private record Entry(String subject, String schema) {}

    private final HttpServer server;
    private final List<Entry> entries = new ArrayList<>();

    private TinyRegistry(HttpServer server) {
        this.server = server;
        server.createContext("/", this::handle);
        server.start();
    }

    static TinyRegistry start() throws IOException {
        return new TinyRegistry(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
    }

    String url() {
        return "http://localhost:" + server.getAddress().getPort();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            String[] path = exchange.getRequestURI().getPath().substring(1).split("/", -1);
            byte[] body = exchange.getRequestBody().readAllBytes();
            JsonNode answer = body.length > 0
                    ? JSON.createObjectNode()
                            .put(
                                    "id",
                                    register(
                                            path[1],
                                            JSON.readTree(body).get("schema").asText()))
                    : read(Integer.parseInt(path[2]), path.length > 3);
            byte[] bytes = JSON.writeValueAsBytes(answer);
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    private synchronized int register(String subject, String schema) {
        Entry entry = new Entry(subject, schema);
        if (!entries.contains(entry)) {
            entries.add(entry);
        }
        return entries.indexOf(entry) + 1;
    }

    private synchronized JsonNode read(int id, boolean versions) {
        Entry entry = entries.get(id - 1);
        if (!versions) {
            return JSON.createObjectNode().put("schema", entry.schema());
        }
        ArrayNode rows = JSON.createArrayNode();
        ObjectNode row = rows.addObject();
        row.put("subject", entry.subject()).put("version", 1);
        return rows;
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
