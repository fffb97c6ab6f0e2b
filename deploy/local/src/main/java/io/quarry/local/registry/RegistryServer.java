package io.quarry.local.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.quarry.local.registry.RegistryApi.Request;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A schema registry in this JVM that speaks Confluent's REST interface for Avro and keeps all it knows in the compacted
 * topic {@value #TOPIC}. It listens on the loopback address alone, unless told otherwise, and asks nobody for a password.
 *
 * <p>Two registries must not write to the same topic: each knows only what stood there when it started.
 */
public final class RegistryServer implements AutoCloseable {
    /** Topic that holds the schemas. */
    public static final String TOPIC = "_schemas";

    private static final Logger LOG = LoggerFactory.getLogger(RegistryServer.class);
    private static final String CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";
    private static final int BODY_LIMIT = 8 << 20;
    private static final int THREADS = 4;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpServer http;
    private final ExecutorService threads;
    private final TopicJournal journal;

    private RegistryServer(HttpServer http, ExecutorService threads, TopicJournal journal) {
        this.http = http;
        this.threads = threads;
        this.journal = journal;
    }

    /**
     * Starts a registry and returns when it answers.
     *
     * @param clientSettings how to reach the broker: {@code bootstrap.servers} and the security settings of Kafka's clients
     * @param port the port to listen on, 0 for any that is free
     * @param replicationFactor of the topic, when it has to be made
     * @throws RegistryException when the port is taken or the topic cannot be read
     */
    public static RegistryServer start(Map<String, String> clientSettings, int port, int replicationFactor) {
        return start(clientSettings, new InetSocketAddress(InetAddress.getLoopbackAddress(), port), replicationFactor);
    }

    /** The same on another address: whoever can reach it may change all schemas. */
    public static RegistryServer start(
            Map<String, String> clientSettings, InetSocketAddress address, int replicationFactor) {
        if (System.getProperty("sun.net.httpserver.nodelay") == null) {
            // Without it each answer waits for the client's delayed acknowledgement, 40 ms.
            System.setProperty("sun.net.httpserver.nodelay", "true");
        }
        HttpServer http;
        try {
            http = HttpServer.create(address, 0);
        } catch (IOException e) {
            throw new RegistryException(
                    "Port " + address.getPort() + " on " + address.getAddress().getHostAddress()
                            + " is taken by another process: stop it, or name another port"
                            + " (registry.port, 0 for any that is free).",
                    e);
        }
        TopicJournal journal = new TopicJournal(TOPIC, new HashMap<>(clientSettings));
        try {
            RegistryApi api = new RegistryApi(new Registry(journal.replay(replicationFactor), journal));
            AtomicInteger number = new AtomicInteger();
            ExecutorService threads = Executors.newFixedThreadPool(THREADS, task -> {
                Thread thread = new Thread(task, "registry-" + number.incrementAndGet());
                thread.setDaemon(true);
                return thread;
            });
            http.setExecutor(threads);
            http.createContext("/", exchange -> serve(api, exchange));
            http.start();
            RegistryServer server = new RegistryServer(http, threads, journal);
            LOG.info("The embedded registry is up url={}", server.url());
            return server;
        } catch (RuntimeException e) {
            http.stop(0);
            journal.close();
            throw new RegistryException("The embedded registry did not start: " + e.getMessage(), e);
        }
    }

    /** Address for {@code schema.registry.url}. */
    public String url() {
        return "http://127.0.0.1:" + port();
    }

    public int port() {
        return http.getAddress().getPort();
    }

    @Override
    public void close() {
        http.stop(0);
        threads.shutdownNow();
        journal.close();
    }

    /** Answers one request; the one place where whatever went wrong becomes an error of the interface. */
    private static void serve(RegistryApi api, HttpExchange exchange) throws IOException {
        try (exchange) {
            int status = 200;
            byte[] answer;
            try {
                answer = JSON.writeValueAsBytes(api.answer(read(exchange)));
            } catch (Refusal e) {
                status = e.status();
                answer = error(e.code(), String.valueOf(e.getMessage()));
            } catch (RuntimeException e) {
                LOG.error(
                        "The registry failed at a request path={}",
                        exchange.getRequestURI().getPath(),
                        e);
                status = 500;
                answer = error(500, "Internal Server Error");
            }
            exchange.getResponseHeaders().set("Content-Type", CONTENT_TYPE);
            if (exchange.getRequestMethod().equals("HEAD")) {
                exchange.sendResponseHeaders(status, -1);
                return;
            }
            exchange.sendResponseHeaders(status, answer.length);
            exchange.getResponseBody().write(answer);
        }
    }

    private static byte[] error(int code, String message) throws JsonProcessingException {
        return JSON.writeValueAsBytes(
                JSON.createObjectNode().put("error_code", code).put("message", message));
    }

    private static Request read(HttpExchange exchange) throws IOException {
        byte[] bytes = exchange.getRequestBody().readNBytes(BODY_LIMIT + 1);
        if (bytes.length > BODY_LIMIT) {
            throw Refusal.tooLarge(BODY_LIMIT);
        }
        JsonNode body = MissingNode.getInstance();
        if (bytes.length > 0) {
            try {
                body = JSON.readTree(bytes);
            } catch (JsonProcessingException e) {
                throw Refusal.unreadable("The request's body is no JSON: " + e.getOriginalMessage());
            }
        }
        String method = exchange.getRequestMethod();
        return new Request(
                method.equals("HEAD") ? "GET" : method,
                segments(exchange.getRequestURI().getRawPath()),
                parameters(exchange.getRequestURI().getRawQuery()),
                body);
    }

    /** A subject may hold a slash, so the path is split before it is decoded. */
    private static List<String> segments(String path) {
        List<String> segments = new ArrayList<>();
        for (String segment : path.split("/", -1)) {
            if (!segment.isEmpty()) {
                segments.add(decode(segment.replace("+", "%2B")));
            }
        }
        return segments;
    }

    private static Map<String, String> parameters(@org.jspecify.annotations.Nullable String query) {
        Map<String, String> parameters = new HashMap<>();
        if (query != null) {
            for (String pair : query.split("&", -1)) {
                int equals = pair.indexOf('=');
                if (equals > 0) {
                    parameters.put(decode(pair.substring(0, equals)), decode(pair.substring(equals + 1)));
                }
            }
        }
        return parameters;
    }

    private static String decode(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw Refusal.unreadable("The request's address is not well encoded");
        }
    }
}
