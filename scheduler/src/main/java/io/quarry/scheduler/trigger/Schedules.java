package io.quarry.scheduler.trigger;

import io.quarry.scheduler.streams.RegistryWire;
import io.quarry.scheduler.streams.StreamsApp;
import io.quarry.schemas.serde.WireSerdes;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.streams.StreamsConfig;

/** The running schedules, with the auditor of their ledger. Any number of processes may run them; Streams divides the work between them. */
public final class Schedules implements AutoCloseable {
    private final StreamsApp app;
    private final LedgerWatch watch;

    private Schedules(StreamsApp app, LedgerWatch watch) {
        this.app = app;
        this.watch = watch;
    }

    /**
     * Starts them; the topics exist.
     *
     * @param kafka client settings: bootstrap servers, security
     * @param streams further settings of Kafka Streams, such as the state directory and the replication factor
     */
    public static Schedules start(
            TriggerSettings settings,
            Map<String, String> kafka,
            Map<String, String> streams,
            WireSerdes serdes,
            InstantSource clock) {
        // It reads every change of every job's state and writes next to nothing: a transaction for each few of them
        // costs
        // broker and scheduler more than all its work, and nobody who waits for a tick sees a tenth of a second.
        Map<String, String> seldom = new HashMap<>(streams);
        seldom.putIfAbsent(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, "100");
        seldom.putIfAbsent(StreamsConfig.POLL_MS_CONFIG, "50");
        StreamsApp app = StreamsApp.start(
                settings.topics().prefix() + "trigger",
                new TriggerTopology(settings, () -> new RegistryWire(serdes)).get(),
                kafka,
                seldom);
        return new Schedules(
                app,
                LedgerWatch.start(settings, kafka, serdes, () -> settings.time().at(clock.instant())));
    }

    /** Waits until schedules are looked after; false when they are not in time. */
    public boolean awaitReady(Duration atMost) throws InterruptedException {
        return app.awaitReady(atMost.toMillis());
    }

    /** Completes exceptionally with the fault that stopped them, normally when they were closed. */
    public CompletableFuture<Void> ended() {
        return app.ended();
    }

    @Override
    public void close() {
        watch.close();
        app.close();
    }
}
