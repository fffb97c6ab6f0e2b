package io.quarry.scheduler.status;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Answers {@code /live}, {@code /ready} and {@code /metrics}, for a cluster's probes and for Prometheus. Changes nothing. */
public final class StatusServer implements AutoCloseable {
    private final HttpServer http;
    private final ExecutorService threads;

    private StatusServer(HttpServer http, ExecutorService threads) {
        this.http = http;
        this.threads = threads;
    }

    /**
     * Starts to answer.
     *
     * @param port on all addresses of the machine; 0 for any that is free
     * @param ready whether the process does its work
     * @param metrics the counters, in Prometheus' text format
     * @throws IllegalArgumentException when the port is taken
     */
    public static StatusServer start(int port, BooleanSupplier ready, Supplier<String> metrics) {
        HttpServer http;
        try {
            http = HttpServer.create(new InetSocketAddress(port), 0);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "scheduler.http.port is " + port + ": it cannot be listened on: " + e.getMessage(), e);
        }
        ExecutorService threads = Executors.newFixedThreadPool(2, task -> {
            Thread thread = new Thread(task, "quarry-status");
            thread.setDaemon(true);
            return thread;
        });
        http.setExecutor(threads);
        http.createContext("/live", exchange -> answer(exchange, 200, "live\n"));
        http.createContext("/ready", exchange -> {
            boolean yes = ready.getAsBoolean();
            answer(exchange, yes ? 200 : 503, yes ? "ready\n" : "not ready: see the log\n");
        });
        http.createContext("/metrics", exchange -> answer(exchange, 200, metrics.get()));
        http.start();
        return new StatusServer(http, threads);
    }

    public int port() {
        return http.getAddress().getPort();
    }

    private static void answer(HttpExchange exchange, int code, String text) throws IOException {
        try (exchange) {
            byte[] body = text.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
            exchange.sendResponseHeaders(code, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    @Override
    public void close() {
        http.stop(0);
        threads.shutdownNow();
    }
}
