package io.quarry.local.audit;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.Command;
import io.quarry.avro.CommandType;
import io.quarry.avro.DeadJob;
import io.quarry.avro.InlineColumn;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.JobState;
import io.quarry.avro.Manifest;
import io.quarry.avro.OfflineQuery;
import io.quarry.avro.Outcome;
import io.quarry.avro.Owner;
import io.quarry.avro.QueryInput;
import io.quarry.avro.Source;
import io.quarry.avro.State;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.WireSerdes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.UnaryOperator;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.jspecify.annotations.Nullable;

/** Writes what a scheduler and workers would have written, and what they must never write, to topics of a prefix of its own. */
final class Story {
    private final Topics topics;
    private final WireSerdes serdes;
    private final KafkaProducer<byte[], byte[]> producer;
    private final Path datasets;

    Story(Topics topics, WireSerdes serdes, KafkaProducer<byte[], byte[]> producer, Path datasets) {
        this.topics = topics;
        this.serdes = serdes;
        this.producer = producer;
        this.datasets = datasets;
    }

    Topics topics() {
        return topics;
    }

    Path datasets() {
        return datasets;
    }

    long append(String id) {
        return write(topics.jobs("default"), id, job(id)).offset();
    }

    void submitted(String id, long offset) {
        event(id, JobEventType.SUBMITTED, e -> e.setJob(job(id)).setSource(source(offset)));
    }

    void claimed(String id, int attempt, String claim, long offset) {
        claimed(id, attempt, claim, offset, "w", 1);
    }

    void claimed(String id, int attempt, String claim, long offset, String worker, int deliveries) {
        event(
                id,
                JobEventType.CLAIMED,
                e -> e.setJob(job(id))
                        .setAttempt(attempt)
                        .setClaim(claim)
                        .setWorker(worker)
                        .setDeliveries(deliveries)
                        .setSource(source(offset)));
    }

    void heartbeat(String id, int attempt, String claim) {
        event(id, JobEventType.HEARTBEAT, e -> e.setAttempt(attempt).setClaim(claim));
    }

    void finished(String id, int attempt, String claim, Outcome outcome) {
        event(
                id,
                JobEventType.FINISHED,
                e -> e.setAttempt(attempt).setClaim(claim).setOutcome(outcome));
    }

    void ticks(int number) {
        for (int i = 0; i < number; i++) {
            write(
                    topics.events(),
                    "",
                    JobEvent.newBuilder()
                            .setType(JobEventType.TICK)
                            .setJobId("")
                            .setAt(Instant.EPOCH)
                            .setTickIntervalMs(0L)
                            .build());
        }
    }

    void grant(String id, String claim) {
        write(
                topics.commands(),
                claim,
                Command.newBuilder()
                        .setType(CommandType.GRANT)
                        .setClaim(claim)
                        .setJobId(id)
                        .setAt(Instant.EPOCH)
                        .build());
    }

    void row(String id, State state, int attempt, @Nullable String claim) {
        JobState.Builder row = JobState.newBuilder()
                .setJob(job(id))
                .setState(state)
                .setAttempt(attempt)
                .setSubmittedAt(Instant.EPOCH);
        if (claim != null) {
            row.setOwner(Owner.newBuilder()
                    .setClaim(claim)
                    .setAttempt(attempt)
                    .setWorker("w")
                    .setClaimedAt(Instant.EPOCH)
                    .build());
        }
        if (state == State.SUCCEEDED && claim != null) {
            row.setManifest(Manifest.newBuilder()
                    .setLocation(place(id, attempt, claim).toUri().toString())
                    .setRows(1)
                    .setBytes(4)
                    .setFiles(List.of("part.parquet"))
                    .build());
        }
        write(topics.states(), id, row.build());
    }

    Path dataset(String id, int attempt, String claim) {
        Path place = place(id, attempt, claim);
        try {
            Files.createDirectories(place);
            Files.writeString(place.resolve("part.parquet"), "PAR1");
            Files.writeString(
                    place.resolve("manifest.json"), "{\"job\": \"" + id + "\", \"claim\": \"" + claim + "\"}");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return place;
    }

    private Path place(String id, int attempt, String claim) {
        return datasets.resolve(id).resolve(attempt + "-" + claim);
    }

    void dead(String id) {
        write(
                topics.dead(),
                id,
                DeadJob.newBuilder()
                        .setJob(job(id))
                        .setState(State.FAILED)
                        .setCause(new Cause(CauseType.USER_ERROR, "no", Map.of()))
                        .setAttempts(1)
                        .setAt(Instant.EPOCH)
                        .build());
    }

    long poison() {
        return write(topics.jobs("default"), "p", new byte[] {1, 2, 3}).offset();
    }

    void kept(long offset) {
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(topics.invalid(), 0, utf8("p"), new byte[] {1, 2, 3});
        record.headers().add(new RecordHeader("quarry.topic", utf8(topics.jobs("default"))));
        record.headers().add(new RecordHeader("quarry.offset", utf8(Long.toString(offset))));
        send(record);
    }

    /** A job from its append to its result, as it should be. */
    void succeeds(String id) {
        String claim = "claim-of-" + id;
        long offset = append(id);
        submitted(id, offset);
        row(id, State.QUEUED, 1, null);
        claimed(id, 1, claim, offset);
        row(id, State.RUNNING, 1, claim);
        grant(id, claim);
        heartbeat(id, 1, claim);
        dataset(id, 1, claim);
        finished(id, 1, claim, Outcome.SUCCEEDED);
        row(id, State.SUCCEEDED, 1, claim);
    }

    /** A job whose first attempt is lost after so many silent ticks and whose second one succeeds. */
    void succeedsAgain(String id, int silentTicks) {
        long offset = append(id);
        submitted(id, offset);
        claimed(id, 1, "first", offset);
        row(id, State.RUNNING, 1, "first");
        heartbeat(id, 1, "first");
        ticks(silentTicks);
        claimed(id, 2, "second", -1);
        row(id, State.RUNNING, 2, "second");
        dataset(id, 2, "second");
        finished(id, 2, "second", Outcome.SUCCEEDED);
        row(id, State.SUCCEEDED, 2, "second");
    }

    private static Job job(String id) {
        return Job.newBuilder()
                .setId(id)
                .setResourceGroup("default")
                .setOfflineQuery(OfflineQuery.newBuilder()
                        .setInput(QueryInput.newBuilder()
                                .setColumns(List.of(new InlineColumn("a", List.of(1L))))
                                .build())
                        .setOutputs(List.of())
                        .build())
                .build();
    }

    private @Nullable Source source(long offset) {
        return offset < 0 ? new Source(topics.retries("default"), 0L) : new Source(topics.jobs("default"), offset);
    }

    private void event(String id, JobEventType type, UnaryOperator<JobEvent.Builder> more) {
        JobEvent.Builder event =
                JobEvent.newBuilder().setType(type).setJobId(id).setAt(Instant.now());
        write(topics.events(), id, more.apply(event).build());
    }

    // One partition each: hand-written stories need one order.
    private <T extends SpecificRecord> RecordMetadata write(String topic, String key, T value) {
        @SuppressWarnings("unchecked")
        Class<T> type = (Class<T>) value.getClass();
        return write(topic, key, serdes.serializer(type).serialize(topic, value));
    }

    private RecordMetadata write(String topic, String key, byte[] value) {
        return send(new ProducerRecord<>(topic, 0, utf8(key), value));
    }

    private RecordMetadata send(ProducerRecord<byte[], byte[]> record) {
        try {
            return producer.send(record).get();
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
