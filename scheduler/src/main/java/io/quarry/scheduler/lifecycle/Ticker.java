package io.quarry.scheduler.lifecycle;

import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.scheduler.streams.Wire;
import io.quarry.schemas.serde.RegistryUnavailableException;
import java.time.InstantSource;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Appends a tick to every partition of job-events, once an interval. Ticks carry no authority: the lifecycle counts by append
 * time, so any number of tickers count as one and a burst of late ones as one tick.
 */
final class Ticker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Ticker.class);
    private static final byte[] EVERYBODY = {};

    private final LifecycleSettings settings;
    private final Producer<byte[], byte[]> producer;
    private final Wire wire;
    private final InstantSource clock;
    private final ScheduledExecutorService thread;
    // Touched by the ticker's thread alone.
    private boolean silenced;

    Ticker(LifecycleSettings settings, Producer<byte[], byte[]> producer, Wire wire, InstantSource clock) {
        this.settings = settings;
        this.producer = producer;
        this.wire = wire;
        this.clock = clock;
        this.thread = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread made = new Thread(task, "quarry-ticker");
            made.setDaemon(true);
            return made;
        });
    }

    void start() {
        long interval = settings.tickInterval().toMillis();
        var unused = thread.scheduleWithFixedDelay(this::runOnce, interval, interval, TimeUnit.MILLISECONDS);
    }

    /** Sends one tick to every partition; a broker that is away is tried again next time. */
    void runOnce() {
        String topic = settings.topics().events();
        try {
            JobEvent tick = JobEvent.newBuilder()
                    .setType(JobEventType.TICK)
                    .setJobId("")
                    .setAt(clock.instant())
                    .setWriter("ticker")
                    .setTickIntervalMs(settings.tickInterval().toMillis())
                    .build();
            byte[] value = wire.write(topic, tick);
            for (PartitionInfo p : producer.partitionsFor(topic)) {
                // A tick that is lost is made up for by the next one.
                var unused = producer.send(new ProducerRecord<>(topic, p.partition(), EVERYBODY, value));
            }
            if (silenced) {
                LOG.info("Ticks again");
            }
            silenced = false;
        } catch (KafkaException e) {
            // Once per outage: this comes round every interval. RegistryUnavailableException is one too.
            if (!silenced) {
                LOG.warn(
                        e instanceof RegistryUnavailableException
                                ? "No tick while the registry is down: {}"
                                : "No tick while the broker is away: {}",
                        String.valueOf(e.getMessage()));
            }
            silenced = true;
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
        try {
            if (!thread.awaitTermination(2, TimeUnit.SECONDS)) {
                LOG.warn("The ticker did not stop in time");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
