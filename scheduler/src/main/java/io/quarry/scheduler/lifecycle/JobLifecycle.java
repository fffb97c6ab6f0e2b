package io.quarry.scheduler.lifecycle;

import io.quarry.scheduler.streams.RegistryWire;
import io.quarry.scheduler.streams.Rereads;
import io.quarry.scheduler.streams.StreamsApp;
import io.quarry.schemas.serde.WireSerdes;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.Topology;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The running lifecycle: intake, state machine, ticker and the watch on share groups. Any number of processes may run it;
 * Streams divides the work between them.
 */
public final class JobLifecycle implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(JobLifecycle.class);
    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final List<StreamsApp> apps = new ArrayList<>();

    private JobLifecycle() {}

    /**
     * Starts everything; the topics exist.
     *
     * @param kafka client settings: bootstrap servers, security
     * @param streams further settings of Kafka Streams, such as the state directory and the replication factor
     * @param remakeTopics makes topics that are missing; called in a thread of its own when somebody deleted one
     */
    public static JobLifecycle start(
            LifecycleSettings settings,
            Map<String, String> kafka,
            Map<String, String> streams,
            WireSerdes serdes,
            InstantSource clock,
            Runnable remakeTopics) {
        JobLifecycle lifecycle = new JobLifecycle();
        try {
            lifecycle.run(settings, kafka, streams, serdes, clock, remakeTopics);
        } catch (RuntimeException e) {
            lifecycle.close();
            throw e;
        }
        return lifecycle;
    }

    private void run(
            LifecycleSettings settings,
            Map<String, String> kafka,
            Map<String, String> streams,
            WireSerdes serdes,
            InstantSource clock,
            Runnable remakeTopics) {
        Admin admin = Admin.create(new HashMap<>(kafka));
        parts.push(admin);
        ShareStarts starts = new ShareStarts(admin, settings.topics());
        QueueTopics queues = new QueueTopics(settings.topics(), remakeTopics);
        TopicsLook look = new TopicsLook(admin, settings.passedInterval(), List.of(starts::look, queues::look));
        parts.push(look);
        look.start();
        StatesTopic statesTopic = new StatesTopic(admin, settings.topics(), settings.passedInterval(), remakeTopics);
        parts.push(statesTopic);
        statesTopic.start();
        String prefix = settings.topics().prefix();
        Rereads rereads = new Rereads();
        Topology intake = new IntakeTopology(settings, () -> new RegistryWire(serdes), starts, queues, rereads).get();
        begin(StreamsApp.start(prefix + "intake", intake, kafka, streams, rereads));
        Topology states = new LifecycleTopology(settings, () -> new RegistryWire(serdes), statesTopic, queues).get();
        begin(StreamsApp.start(prefix + "lifecycle", states, kafka, streams));
        KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(new HashMap<>(kafka), new ByteArraySerializer(), new ByteArraySerializer());
        parts.push(() -> producer.close(Duration.ofSeconds(1)));
        Ticker ticker = new Ticker(settings, producer, new RegistryWire(serdes), clock);
        parts.push(ticker);
        ticker.start();
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the completion is what ended() is
    private void begin(StreamsApp app) {
        parts.push(app);
        apps.add(app);
        app.ended().whenComplete((nothing, fault) -> {
            if (fault != null) {
                ended.completeExceptionally(fault);
            }
        });
    }

    /** Waits until both topologies run; false when they do not in time. A fault is thrown as it was. */
    public boolean awaitReady(Duration atMost) throws InterruptedException {
        long end = System.nanoTime() + atMost.toNanos();
        while (!ended.isDone() && System.nanoTime() < end) {
            boolean ready = true;
            for (StreamsApp app : apps) {
                ready &= app.awaitReady(20);
            }
            if (ready) {
                return true;
            }
        }
        if (ended.isCompletedExceptionally()) {
            throw new IllegalStateException("the lifecycle stopped", fault());
        }
        return apps.stream().allMatch(StreamsApp::isReady);
    }

    private Throwable fault() {
        try {
            ended.join();
            return new IllegalStateException("closed");
        } catch (CompletionException e) {
            return e.getCause() == null ? e : e.getCause();
        }
    }

    /** Completes exceptionally with the fault that stopped the lifecycle, normally when it was closed. */
    public CompletableFuture<Void> ended() {
        return ended;
    }

    @Override
    public void close() {
        for (AutoCloseable part : List.copyOf(parts)) {
            try {
                part.close();
            } catch (Exception e) {
                LOG.warn("A part did not close cleanly", e);
            }
        }
        parts.clear();
        ended.complete(null);
    }
}
