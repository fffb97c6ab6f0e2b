package io.quarry.local.bench;

import io.quarry.avro.Column;
import io.quarry.avro.IntegerRange;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.Manifest;
import io.quarry.avro.OfflineQuery;
import io.quarry.avro.Outcome;
import io.quarry.avro.Progress;
import io.quarry.avro.QueryInput;
import io.quarry.avro.Source;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * Writes the events of many jobs' lives into the log, as intake and workers would, many at a time: small offline queries whose
 * result is one file of three columns. Jobs are numbered; their ids lie anywhere among all ids. Used by one thread.
 */
final class Lives implements AutoCloseable {
    static final String GROUP = "default";

    private static final String WORKER = GROUP + "-1";
    private static final long MIB = 1L << 20;

    private final Topics topics;
    private final KafkaProducer<byte[], byte[]> producer;
    private final Serializer<JobEvent> serializer;
    private final Instant at;

    /** Writes to the topic, which exists; what is written carries this instant, which nobody decides by. */
    Lives(Map<String, String> settings, Topics topics, Instant at) {
        this.topics = topics;
        this.at = at;
        this.serializer = WireSerdes.of(settings).serializer(JobEvent.class);
        Map<String, Object> producer = new HashMap<>(Map.of(
                "bootstrap.servers",
                settings.getOrDefault("bootstrap.servers", ""),
                "key.serializer",
                ByteArraySerializer.class,
                "value.serializer",
                ByteArraySerializer.class,
                "acks",
                "all",
                "linger.ms",
                20,
                "batch.size",
                128 << 10));
        this.producer = new KafkaProducer<>(producer);
    }

    static String id(long number) {
        return UUID.nameUUIDFromBytes(ByteBuffer.allocate(8).putLong(number).array())
                .toString();
    }

    private static String claim(long number) {
        return new UUID(number * 0x9E3779B97F4A7C15L, number).toString();
    }

    /** The job waits in its queue from now on. */
    void submit(long number) {
        send(event(JobEventType.SUBMITTED, number, "intake").setJob(job(number)).setSource(source(number)));
    }

    /** A worker takes the job. */
    void claim(long number, boolean pure) {
        send(owned(JobEventType.CLAIMED, number)
                .setJob(job(number))
                .setSource(source(number))
                .setStarted(pure));
    }

    /** The worker is done with it. */
    void finish(long number) {
        Manifest manifest = Manifest.newBuilder()
                .setLocation("file:/var/lib/quarry/datasets/" + id(number) + "/1-" + claim(number))
                .setRows(1000)
                .setBytes(20_000)
                .setFiles(List.of("part-00000.parquet"))
                .setColumns(List.of(
                        new Column("flight", "BIGINT"),
                        new Column("route.mean_delay_30d", "DOUBLE"),
                        new Column("airport.city", "VARCHAR")))
                .setDatasetName("delays")
                .setPhasesMs(Map.of("plan", 20L, "query", 400L, "write", 30L))
                .setPeakMemoryBytes(300 * MIB)
                .build();
        send(owned(JobEventType.FINISHED, number)
                .setProgress(Progress.newBuilder()
                        .setPhase("write")
                        .setRows(1000)
                        .setMemoryBytes(300 * MIB)
                        .setPeakMemoryBytes(300 * MIB)
                        .build())
                .setOutcome(Outcome.SUCCEEDED)
                .setManifest(manifest));
    }

    /** From the queue to its end. */
    void whole(long number) {
        submit(number);
        claim(number, true);
        finish(number);
    }

    /** Waits until all that was written is durable. */
    void flush() {
        producer.flush();
    }

    private JobEvent.Builder event(JobEventType type, long number, String writer) {
        return JobEvent.newBuilder()
                .setType(type)
                .setJobId(id(number))
                .setAt(at)
                .setWriter(writer);
    }

    private JobEvent.Builder owned(JobEventType type, long number) {
        return event(type, number, "worker/" + WORKER)
                .setAttempt(1)
                .setClaim(claim(number))
                .setWorker(WORKER);
    }

    private Source source(long number) {
        return new Source(topics.jobs(GROUP), number);
    }

    private static Job job(long number) {
        OfflineQuery query = OfflineQuery.newBuilder()
                .setInput(QueryInput.newBuilder()
                        .setRange(new IntegerRange("flight", 0L, 1000L, 1L))
                        .build())
                .setOutputs(List.of("route.mean_delay_30d", "airport.city"))
                .setDatasetName("delays")
                .setQueryName("delays")
                .build();
        return Job.newBuilder()
                .setId(id(number))
                .setOfflineQuery(query)
                .setTags(Map.of("team", "bench"))
                .setSubmitter("bench")
                .build();
    }

    private void send(JobEvent.Builder builder) {
        JobEvent event = builder.build();
        Future<RecordMetadata> unused = producer.send(
                new ProducerRecord<>(
                        topics.events(),
                        event.getJobId().getBytes(StandardCharsets.UTF_8),
                        serializer.serialize(topics.events(), event)),
                Lives::logged);
    }

    private static void logged(@Nullable RecordMetadata metadata, @Nullable Exception failure) {
        if (failure != null) {
            org.slf4j.LoggerFactory.getLogger(Lives.class).error("An event of the bench was not logged", failure);
        }
    }

    @Override
    public void close() {
        producer.close(Duration.ofSeconds(5));
    }
}
