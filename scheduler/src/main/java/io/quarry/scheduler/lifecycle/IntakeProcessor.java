package io.quarry.scheduler.lifecycle;

import io.quarry.avro.Cause;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.Source;
import io.quarry.scheduler.streams.Outgoing;
import io.quarry.scheduler.streams.Rereads;
import io.quarry.scheduler.streams.Wire;
import io.quarry.schemas.JobRules;
import io.quarry.schemas.Topics;
import io.quarry.schemas.Violation;
import io.quarry.schemas.serde.RegistryUnavailableException;
import io.quarry.schemas.serde.UnreadableRecordException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns the records of the job and retry topics into events, in their order. Never waits: while the registry is down records
 * are parked in a store, and every later one behind them, so order is kept, no transaction stays open and nothing is lost by
 * a restart. One thread.
 */
final class IntakeProcessor implements Processor<byte[], byte[], byte[], Outgoing> {
    private static final Duration UNPARK_INTERVAL = Duration.ofMillis(500);

    /** Records unparked in one go. */
    private static final int UNPARK = 500;

    /** Rounds after which an unchanged Passed is said again. */
    private static final int REPEAT = 12;

    // What a key of the store begins with.
    private static final byte POSITION = 'T';
    private static final byte PARKED = 'R';
    private static final char IDENTITY = 'I';

    private static final byte[] EVERYBODY = {};
    private static final Logger LOG = LoggerFactory.getLogger(IntakeProcessor.class);

    private final LifecycleSettings settings;
    private final Topics topics;
    private final Pattern retries;
    private final Wire wire;
    private final Supplier<Map<String, Long>> shareStarts;
    private final Supplier<Map<String, String>> queues;
    private final Rereads rereads;
    /** First offset of each topic that is not treated yet. */
    private final Map<String, Long> positions = new TreeMap<>();

    private final Map<String, Long> said = new HashMap<>();
    private int round;
    private long firstParked;
    private long nextParked;
    private boolean waiting;
    private boolean silenced;

    @SuppressWarnings("NullAway.Init") // set by init, before any record
    private ProcessorContext<byte[], Outgoing> context;

    @SuppressWarnings("NullAway.Init")
    private KeyValueStore<Bytes, byte[]> store;

    @SuppressWarnings("NullAway.Init")
    private LifecycleMetrics metrics;

    @SuppressWarnings("NullAway.Init")
    private RemadeQueues remadeQueues;

    /**
     * Makes the processor.
     *
     * @param shareStarts what is known of the share groups' start offsets by topic; asked often, must not block
     * @param queues topic ids of the queues by name, the same map as long as nothing changes; asked often, must not block
     * @param rereads has the consumer read topics again
     */
    IntakeProcessor(
            LifecycleSettings settings,
            Wire wire,
            Supplier<Map<String, Long>> shareStarts,
            Supplier<Map<String, String>> queues,
            Rereads rereads) {
        this.settings = settings;
        this.topics = settings.topics();
        this.retries = topics.retriesPattern();
        this.wire = wire;
        this.shareStarts = shareStarts;
        this.queues = queues;
        this.rereads = rereads;
    }

    @Override
    public void init(ProcessorContext<byte[], Outgoing> context) {
        this.context = context;
        this.store = context.getStateStore(IntakeTopology.STORE);
        this.metrics = new LifecycleMetrics(context.metrics(), context.taskId().toString());
        this.remadeQueues = new RemadeQueues(store, IDENTITY);
        restore();
        rereads.clear();
        context.schedule(UNPARK_INTERVAL, PunctuationType.WALL_CLOCK_TIME, now -> turn());
        context.schedule(settings.passedInterval(), PunctuationType.WALL_CLOCK_TIME, now -> sayPassed());
    }

    @Override
    public void close() {
        metrics.close();
    }

    private void restore() {
        try (KeyValueIterator<Bytes, byte[]> all = store.all()) {
            boolean first = true;
            while (all.hasNext()) {
                KeyValue<Bytes, byte[]> entry = all.next();
                ByteBuffer key = ByteBuffer.wrap(entry.key.get());
                switch (key.get()) {
                    case POSITION ->
                        positions.put(
                                StandardCharsets.UTF_8.decode(key).toString(),
                                ByteBuffer.wrap(entry.value).getLong());
                    case PARKED -> {
                        long number = key.getLong();
                        firstParked = first ? number : firstParked;
                        nextParked = number + 1;
                        first = false;
                    }
                    default -> {}
                }
            }
        }
    }

    private void turn() {
        compareQueues();
        unpark();
    }

    /**
     * Has queues that are other topics than before read from their first record. The identity of such a topic is kept once its first
     * record is here, in the same transaction: whoever goes on after a crash reads it again as well.
     */
    private void compareQueues() {
        for (String topic : remadeQueues.turn(queues.get())) {
            LOG.warn("A queue was deleted and made anew: it is read from its first record topic={}", topic);
            positions.remove(topic);
            store.delete(positionKey(topic));
            said.remove(topic);
            rereads.want(topic);
        }
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        RecordMetadata metadata = context.recordMetadata().orElseThrow();
        compareQueues();
        switch (rereads.turn(metadata.topic(), metadata.offset())) {
            case COMES_AGAIN -> {
                return;
            }
            case FIRST -> remadeQueues.settle(metadata.topic());
            case COUNTS -> {}
        }
        Parked parked = new Parked(
                metadata.topic(),
                metadata.offset(),
                record.timestamp(),
                record.key(),
                record.value(),
                record.headers());
        if (nextParked > firstParked || !treat(parked)) {
            store.put(parkedKey(nextParked++), parked.toBytes());
        }
    }

    private void unpark() {
        for (int n = 0; n < UNPARK && firstParked < nextParked; n++) {
            Bytes key = parkedKey(firstParked);
            if (!treat(Parked.of(store.get(key)))) {
                return;
            }
            store.delete(key);
            firstParked++;
        }
    }

    /** Sends what follows from a record; false when the registry has to be asked and cannot be. */
    private boolean treat(Parked record) {
        try {
            List<Record<byte[], Outgoing>> out = new ArrayList<>(2);
            judge(record, out);
            out.forEach(context::forward);
        } catch (RegistryUnavailableException e) {
            if (!waiting) {
                LOG.warn(
                        "Waits for the registry, records are kept in order: topic={} offset={} {}",
                        record.topic(),
                        record.offset(),
                        e.getMessage());
            }
            waiting = true;
            return false;
        }
        if (waiting) {
            LOG.info("The registry answers again: topic={} offset={}", record.topic(), record.offset());
        }
        waiting = false;
        positions.put(record.topic(), record.offset() + 1);
        store.put(
                positionKey(record.topic()),
                ByteBuffer.allocate(8).putLong(record.offset() + 1).array());
        return true;
    }

    private void judge(Parked record, List<Record<byte[], Outgoing>> out) {
        Job job;
        try {
            if (record.value() == null) {
                throw new UnreadableRecordException(
                        UnreadableRecordException.Reason.NULL_VALUE, "the record has no value");
            }
            job = wire.read(record.topic(), record.value(), Job.class);
        } catch (UnreadableRecordException e) {
            out.add(invalid(record, e.reason().name(), String.valueOf(e.getMessage()), e.getClass()));
            return;
        }
        String id = Submission.id(record.key());
        if (id == null || !id.equals(job.getId())) {
            out.add(invalid(
                    record,
                    "KEY",
                    id == null
                            ? "the record has no key: it must be the job's id"
                            : "the record's key is not the job's id",
                    null));
            return;
        }
        if (!JobRules.validId(id)) {
            // It gets no row: an id of any length and form is no name for anything.
            Violation broken = Submission.check(job, record.topic(), topics).get(0);
            out.add(invalid(record, "RULE", broken.toString(), null));
            return;
        }
        Source source = new Source(record.topic(), record.offset());
        if (retries.matcher(record.topic()).matches()
                || record.headers().lastHeader(LifecycleProcessor.ENQUEUED_HEADER) != null) {
            out.add(event(
                    record,
                    id,
                    begin(JobEventType.ENQUEUED, id, record)
                            .setAttempt(job.getAttempt())
                            .setSource(source)
                            .build()));
            return;
        }
        Cause refusal = Submission.refusal(Submission.check(job, record.topic(), topics));
        out.add(event(
                record,
                id,
                begin(JobEventType.SUBMITTED, id, record)
                        .setJob(traced(job, record.headers()))
                        .setSource(source)
                        .setCause(refusal)
                        .build()));
        if (refusal != null) {
            out.add(invalid(record, "RULE", refusal.getMessage(), null));
        }
    }

    private static JobEvent.Builder begin(JobEventType type, String id, Parked record) {
        return JobEvent.newBuilder()
                .setType(type)
                .setJobId(id)
                .setAt(Instant.ofEpochMilli(record.timestamp()))
                .setWriter("intake");
    }

    /** The job with the trace of the record that brought it, unless it names one itself. */
    private static Job traced(Job job, Headers headers) {
        Header trace = headers.lastHeader("traceparent");
        if (trace == null || trace.value() == null || job.getHeaders().containsKey("traceparent")) {
            return job;
        }
        Map<String, String> all = new HashMap<>(job.getHeaders());
        all.put("traceparent", new String(trace.value(), StandardCharsets.UTF_8));
        return Job.newBuilder(job).setHeaders(all).build();
    }

    private Record<byte[], Outgoing> event(Parked record, String id, JobEvent event) {
        return new Record<>(
                id.getBytes(StandardCharsets.UTF_8),
                new Outgoing(topics.events(), wire.write(topics.events(), event)),
                record.timestamp(),
                new RecordHeaders());
    }

    private Record<byte[], Outgoing> invalid(
            Parked record, String reason, String detail, @Nullable Class<?> exception) {
        LOG.warn("A record is invalid: reason={} topic={} offset={}", reason, record.topic(), record.offset());
        Headers headers = new RecordHeaders(record.headers());
        headers.add("quarry.reason", utf8(reason));
        headers.add("quarry.detail", utf8(detail));
        headers.add("quarry.topic", utf8(record.topic()));
        headers.add("quarry.offset", utf8(String.valueOf(record.offset())));
        if (exception != null) {
            headers.add("quarry.exception", utf8(exception.getName()));
        }
        return new Record<>(record.key(), new Outgoing(topics.invalid(), record.value()), record.timestamp(), headers);
    }

    // ---- what the share groups have passed

    /**
     * Says how far each share group is, but never further than what was treated here: so in every job's log the event of a
     * record comes before the Passed that covers it.
     */
    private void sayPassed() {
        boolean repeat = ++round % REPEAT == 0;
        shareStarts.get().forEach((topic, start) -> {
            long position = positions.getOrDefault(topic, 0L);
            long offset = Math.min(start, position);
            metrics.shareStartLag(topic, Math.max(0, position - start));
            Long last = said.get(topic);
            if (offset <= 0 || (!repeat && last != null && last == offset)) {
                return;
            }
            JobEvent passed = JobEvent.newBuilder()
                    .setType(JobEventType.PASSED)
                    .setJobId("")
                    .setAt(Instant.ofEpochMilli(context.currentSystemTimeMs()))
                    .setWriter("intake")
                    .setSource(new Source(topic, offset))
                    .build();
            try {
                context.forward(new Record<>(
                        EVERYBODY,
                        new Outgoing(topics.events(), wire.write(topics.events(), passed)),
                        context.currentSystemTimeMs(),
                        new RecordHeaders()));
                said.put(topic, offset);
                if (silenced) {
                    LOG.info("The registry answers again: what was passed is said topic={}", topic);
                }
                silenced = false;
            } catch (RegistryUnavailableException e) {
                // Once per outage: this comes round every few seconds.
                if (!silenced) {
                    LOG.warn("Cannot say what was passed while the registry is down: topic={}", topic);
                }
                silenced = true;
            }
        });
    }

    private static Bytes parkedKey(long number) {
        return Bytes.wrap(ByteBuffer.allocate(9).put(PARKED).putLong(number).array());
    }

    private static Bytes positionKey(String topic) {
        byte[] name = utf8(topic);
        return Bytes.wrap(
                ByteBuffer.allocate(1 + name.length).put(POSITION).put(name).array());
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
