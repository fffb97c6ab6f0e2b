package io.quarry.scheduler.lifecycle;

import io.quarry.schemas.serde.RegistryUnavailableException;
import io.quarry.schemas.serde.WireSerdes;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The running lifecycle: intake, state machine, ticker and the watch on share groups. Any number of processes may run it;
 * Streams divides the work between them.
 */
public final class JobLifecycle implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(JobLifecycle.class);
    private static final Duration STOP = Duration.ofSeconds(10);

    /** Largest request: a row carries a job of a megabyte and what happened to it. */
    private static final int REQUEST_BYTES = 8 << 20;

    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final CountDownLatch ready = new CountDownLatch(2);
    private final CountDownLatch closing = new CountDownLatch(1);

    private JobLifecycle() {}

    /**
     * Starts everything; the topics exist.
     *
     * @param kafka client settings: bootstrap servers, security
     * @param streams further settings of Kafka Streams, such as the state directory and the replication factor
     * @param remakeTopics makes topics that are missing; called in a thread of its own when somebody deleted job-state
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
        ShareStarts starts = new ShareStarts(admin, settings.topics(), settings.passedInterval());
        parts.push(starts);
        starts.start();
        StatesTopic statesTopic = new StatesTopic(admin, settings.topics(), settings.passedInterval(), remakeTopics);
        parts.push(statesTopic);
        statesTopic.start();
        String prefix = settings.topics().prefix();
        Topology intake = new IntakeTopology(settings, () -> new RegistryWire(serdes), starts).get();
        begin(intake, prefix + "intake", kafka, streams);
        Topology states = new LifecycleTopology(settings, () -> new RegistryWire(serdes), statesTopic).get();
        begin(states, prefix + "lifecycle", kafka, streams);
        KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(new HashMap<>(kafka), new ByteArraySerializer(), new ByteArraySerializer());
        parts.push(() -> producer.close(Duration.ofSeconds(1)));
        Ticker ticker = new Ticker(settings, producer, new RegistryWire(serdes), clock);
        parts.push(ticker);
        ticker.start();
    }

    private void begin(Topology topology, String application, Map<String, String> kafka, Map<String, String> settings) {
        Properties properties = properties(application, kafka, settings);
        KafkaStreams streams = new KafkaStreams(topology, properties);
        boolean member = properties.containsKey("group.instance.id");
        streams.setUncaughtExceptionHandler(fault -> answer(application, fault));
        CountDownLatch first = new CountDownLatch(1);
        streams.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.RUNNING && first.getCount() > 0) {
                first.countDown();
                ready.countDown();
            } else if (now == KafkaStreams.State.ERROR) {
                ended.completeExceptionally(new IllegalStateException(application + " stopped by a fault"));
            }
        });
        // A member that is known by name keeps its place; any other leaves, so that nobody waits for it to time out.
        CloseOptions leave = CloseOptions.timeout(STOP)
                .withGroupMembershipOperation(
                        member
                                ? CloseOptions.GroupMembershipOperation.REMAIN_IN_GROUP
                                : CloseOptions.GroupMembershipOperation.LEAVE_GROUP);
        parts.push(() -> {
            if (!streams.close(leave)) {
                LOG.warn("A topology did not stop in time: application={}", application);
            }
        });
        streams.start();
    }

    static Properties properties(String application, Map<String, String> kafka, Map<String, String> settings) {
        Properties p = new Properties();
        p.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        p.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, "1");
        p.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, "0");
        p.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, SmallRocks.class);
        // A transaction is committed this long after its first record: what a state change waits for.
        p.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, "20");
        p.put(StreamsConfig.POLL_MS_CONFIG, "10");
        // New groups are seen after at most this long.
        p.put(StreamsConfig.METADATA_MAX_AGE_CONFIG, "5000");
        p.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        p.put(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), "10000");
        p.put(StreamsConfig.consumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), "2000");
        // An open transaction of a crashed process holds back every reader behind it for this long: never raise it.
        p.put(StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG), "10000");
        p.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), "0");
        // A second request in flight overtakes the first one of a transaction, which the broker still looks up: it is
        // refused
        // as out of sequence and sent again a tenth of a second later.
        p.put(StreamsConfig.producerPrefix(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION), "1");
        p.put(StreamsConfig.producerPrefix(ProducerConfig.MAX_REQUEST_SIZE_CONFIG), String.valueOf(REQUEST_BYTES));
        p.put(StreamsConfig.topicPrefix("max.message.bytes"), String.valueOf(REQUEST_BYTES));
        // A start without state reads all that is left of the changelogs. Only closed segments are compacted: with the
        // broker's
        // gigabyte, twelve partitions of a million jobs never close one, and every change of every row is read again.
        p.put(StreamsConfig.topicPrefix("segment.bytes"), String.valueOf(16 << 20));
        p.put(StreamsConfig.topicPrefix("min.cleanable.dirty.ratio"), "0.3");
        p.put(StreamsConfig.restoreConsumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), "5000");
        p.putAll(settings);
        p.putAll(kafka);
        p.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
        return p;
    }

    /** What passes (broker or registry away) replaces the thread, which goes on at the last commit; our own fault ends all. */
    private StreamThreadExceptionResponse answer(String application, Throwable fault) {
        if (passes(fault)) {
            LOG.warn("A thread is replaced, nothing is lost: application={}", application, fault);
            pause();
            return StreamThreadExceptionResponse.REPLACE_THREAD;
        }
        LOG.error("Stops for a fault: application={}", application, fault);
        ended.completeExceptionally(fault);
        return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }

    private void pause() {
        try {
            var unused = closing.await(1, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    static boolean passes(Throwable fault) {
        for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
            if (cause instanceof RegistryUnavailableException || cause instanceof RetriableException) {
                return true;
            }
        }
        return false;
    }

    /** Waits until both topologies run; false when they do not in time. A fault is thrown as it was. */
    public boolean awaitReady(Duration atMost) throws InterruptedException {
        long end = System.nanoTime() + atMost.toNanos();
        while (!ended.isDone() && System.nanoTime() < end) {
            if (ready.await(20, TimeUnit.MILLISECONDS)) {
                return true;
            }
        }
        if (ended.isCompletedExceptionally()) {
            throw new IllegalStateException("the lifecycle stopped", fault());
        }
        return ready.getCount() == 0;
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
        closing.countDown();
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
