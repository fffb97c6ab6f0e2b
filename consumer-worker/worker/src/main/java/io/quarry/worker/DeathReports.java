package io.quarry.worker;

import io.quarry.avro.JobEvent;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.WireSerdes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the log about workers that died, for whoever watches their processes: the job goes on at once instead of when its
 * lease is over. Reports go out from a thread of their own, each for a minute at most; one that does not get through leaves
 * the job to its lease. Safe for use by several threads.
 */
public final class DeathReports implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DeathReports.class);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration AGAIN = Duration.ofMillis(500);
    private static final Duration LAST_WORDS = Duration.ofSeconds(3);

    private final Map<String, String> settings;
    private final String writer;
    private final InstantSource clock;
    private final ExecutorService sending;
    private @Nullable KafkaProducer<byte[], byte[]> producer;

    /**
     * Makes a reporter that connects at the first death.
     *
     * @param settings as of a worker: those of the broker, the registry and {@code topic.prefix} are used
     * @param writer role and name of the watcher, as the log shows it
     */
    public DeathReports(Map<String, String> settings, String writer, InstantSource clock) {
        this.settings = Map.copyOf(settings);
        this.writer = writer;
        this.clock = clock;
        this.sending = Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, "death-reports");
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Reports a worker that is gone, and returns without waiting for the report to get through. Call it before another
     * process of the same name begins.
     *
     * @param scratchDir the worker's {@code worker.scratch.dir}
     * @param worker its {@code worker.name}
     * @return how many jobs it had in hand; most often 0 or 1
     */
    public int report(Path scratchDir, String worker, Death death) {
        Path file = InHand.file(scratchDir, worker);
        List<JobEvent> events = DeathNotice.of(InHand.read(file), death, worker, writer, clock.instant());
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.atWarn()
                    .addKeyValue("worker", worker)
                    .addKeyValue("reason", e.toString())
                    .log(
                            "what the dead worker had in hand could not be removed; it may be reported twice, which is harmless");
        }
        for (JobEvent event : events) {
            LOG.atWarn()
                    .addKeyValue("jobId", event.getJobId())
                    .addKeyValue("attempt", event.getAttempt())
                    .addKeyValue("worker", worker)
                    .addKeyValue("cause", event.getCause().getType())
                    .addKeyValue("exitCode", death.exitCode())
                    .log("worker died with a job in hand; it is reported");
        }
        if (!events.isEmpty()) {
            try {
                sending.execute(() -> send(events));
            } catch (RejectedExecutionException e) {
                LOG.atWarn().addKeyValue("worker", worker).log("death is not reported any more; its lease runs out");
            }
        }
        return events.size();
    }

    /** Waits a moment for reports that are under way. */
    @Override
    public void close() {
        sending.shutdown();
        try {
            if (!sending.awaitTermination(LAST_WORDS.toMillis(), TimeUnit.MILLISECONDS)) {
                sending.shutdownNow();
            }
        } catch (InterruptedException e) {
            sending.shutdownNow();
            Thread.currentThread().interrupt();
        }
        KafkaProducer<byte[], byte[]> open = producer();
        if (open != null) {
            open.close(Duration.ofSeconds(1));
        }
    }

    private synchronized @Nullable KafkaProducer<byte[], byte[]> producer() {
        return producer;
    }

    private void send(List<JobEvent> events) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        String why = "";
        while (System.nanoTime() < end) {
            try {
                append(events);
                return;
            } catch (ExecutionException | KafkaException e) {
                why = String.valueOf(e.getCause() == null ? e : e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                why = "interrupted";
                break;
            }
            try {
                TimeUnit.MILLISECONDS.sleep(AGAIN.toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                break;
            }
        }
        for (JobEvent event : events) {
            LOG.atWarn()
                    .addKeyValue("jobId", event.getJobId())
                    .addKeyValue("attempt", event.getAttempt())
                    .addKeyValue("reason", why)
                    .log("death of a worker could not be reported; the job's lease runs out instead");
        }
    }

    private void append(List<JobEvent> events) throws ExecutionException, InterruptedException {
        KafkaProducer<byte[], byte[]> open = open();
        String topic = new Topics(settings.getOrDefault("topic.prefix", Topics.DEFAULT_PREFIX)).events();
        Serializer<JobEvent> serializer = WireSerdes.of(settings).serializer(JobEvent.class);
        for (JobEvent event : events) {
            byte[] key = event.getJobId().getBytes(StandardCharsets.UTF_8);
            Object unused = open.send(new ProducerRecord<>(topic, key, serializer.serialize(topic, event)))
                    .get();
        }
    }

    private synchronized KafkaProducer<byte[], byte[]> open() {
        KafkaProducer<byte[], byte[]> open = producer;
        if (open == null) {
            Map<String, Object> own = new HashMap<>(new KafkaSettings(settings, "deaths").producer());
            own.put(ProducerConfig.LINGER_MS_CONFIG, 0);
            open = new KafkaProducer<>(own);
            producer = open;
        }
        return open;
    }
}
