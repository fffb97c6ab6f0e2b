package io.quarry.scheduler.streams;

import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One running topology, exactly-once. What passes is waited for; a fault of our own ends it. */
public final class StreamsApp implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StreamsApp.class);
    private static final Duration STOP = Duration.ofSeconds(10);

    /** Each try reads the changelogs until the disk is full again. */
    private static final int FULL_DISK_SECONDS = 5;

    /** Largest request: a row carries a job of a megabyte and what happened to it. */
    private static final int REQUEST_BYTES = 8 << 20;

    private final String application;
    private final KafkaStreams streams;
    private final boolean member;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final CountDownLatch ready = new CountDownLatch(1);
    private final CountDownLatch closing = new CountDownLatch(1);

    private StreamsApp(String application, Topology topology, Properties properties, Rereads rereads) {
        this.application = application;
        this.streams = new KafkaStreams(topology, properties, rereads.clients());
        this.member = properties.containsKey("group.instance.id");
    }

    /**
     * Starts a topology.
     *
     * @param kafka client settings: bootstrap servers, security
     * @param settings further settings of Kafka Streams, such as the state directory and the replication factor
     */
    public static StreamsApp start(
            String application, Topology topology, Map<String, String> kafka, Map<String, String> settings) {
        return start(application, topology, kafka, settings, new Rereads());
    }

    /** The same, of a topology that says which of its topics it reads again from their first record. */
    public static StreamsApp start(
            String application,
            Topology topology,
            Map<String, String> kafka,
            Map<String, String> settings,
            Rereads rereads) {
        StreamsApp app = new StreamsApp(application, topology, properties(application, kafka, settings), rereads);
        app.streams.setUncaughtExceptionHandler(app::answer);
        app.streams.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.RUNNING) {
                app.ready.countDown();
            } else if (now == KafkaStreams.State.ERROR) {
                app.ended.completeExceptionally(new IllegalStateException(application + " stopped by a fault"));
            }
        });
        app.streams.start();
        return app;
    }

    /** The settings that all topologies run with. */
    public static Properties properties(String application, Map<String, String> kafka, Map<String, String> settings) {
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
        // How far its inputs were read is asked once a task has read its changelogs, and its thread waits for that.
        // Where a process died within a commit nobody knows for up to 20 s: it is asked again, and the thread's other
        // tasks have their turn, whose transaction must not outlive its timeout meanwhile.
        p.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG), "500");
        // An open transaction of a crashed process holds back every reader behind it for this long: never raise it.
        p.put(StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG), "10000");
        p.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), "0");
        // A second request in flight overtakes the first one of a transaction, which the broker still looks up: it is
        // refused as out of sequence and sent again a tenth of a second later.
        p.put(StreamsConfig.producerPrefix(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION), "1");
        p.put(StreamsConfig.producerPrefix(ProducerConfig.MAX_REQUEST_SIZE_CONFIG), String.valueOf(REQUEST_BYTES));
        p.put(StreamsConfig.topicPrefix("max.message.bytes"), String.valueOf(REQUEST_BYTES));
        // A start without state reads all that is left of the changelogs. Only closed segments are compacted: with the
        // broker's gigabyte, twelve partitions of a million jobs never close one, and every change of every row is
        // read again.
        p.put(StreamsConfig.topicPrefix("segment.bytes"), String.valueOf(16 << 20));
        p.put(StreamsConfig.topicPrefix("min.cleanable.dirty.ratio"), "0.3");
        p.put(StreamsConfig.restoreConsumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), "5000");
        p.putAll(settings);
        p.putAll(kafka);
        p.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
        return p;
    }

    /** What passes (broker or registry away) replaces the thread, which goes on at the last commit; our own fault ends all. */
    private StreamThreadExceptionResponse answer(Throwable fault) {
        if (Faults.isDiskFull(fault)) {
            LOG.warn(
                    "The disk under scheduler.state.dir is full: nothing is lost, and the work goes on once there is space:"
                            + " application={}",
                    application,
                    fault);
            pause(FULL_DISK_SECONDS);
            return StreamThreadExceptionResponse.REPLACE_THREAD;
        }
        if (Faults.passes(fault)) {
            LOG.warn("A thread is replaced, nothing is lost: application={}", application, fault);
            pause(1);
            return StreamThreadExceptionResponse.REPLACE_THREAD;
        }
        LOG.error("Stops for a fault: application={}", application, fault);
        ended.completeExceptionally(fault);
        return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }

    private void pause(int seconds) {
        try {
            var unused = closing.await(seconds, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether it has begun to work. */
    public boolean isReady() {
        return ready.getCount() == 0;
    }

    /** Waits until it has begun to work; false when it has not in time. */
    public boolean awaitReady(long millis) throws InterruptedException {
        return ready.await(millis, TimeUnit.MILLISECONDS);
    }

    /** Completes exceptionally with the fault that stopped it, normally when it was closed. */
    public CompletableFuture<Void> ended() {
        return ended;
    }

    @Override
    public void close() {
        closing.countDown();
        // A member that is known by name keeps its place; any other leaves, so that nobody waits for it to time out.
        CloseOptions leave = CloseOptions.timeout(STOP)
                .withGroupMembershipOperation(
                        member
                                ? CloseOptions.GroupMembershipOperation.REMAIN_IN_GROUP
                                : CloseOptions.GroupMembershipOperation.LEAVE_GROUP);
        if (!streams.close(leave)) {
            LOG.warn("A topology did not stop in time: application={}", application);
        }
        ended.complete(null);
    }
}
