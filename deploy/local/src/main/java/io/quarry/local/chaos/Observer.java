package io.quarry.local.chaos;

import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.JobState;
import io.quarry.avro.Source;
import io.quarry.avro.State;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Follows events and rows by a door that no fault is at. One thread of its own reads; everybody may ask. */
final class Observer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Observer.class);
    private static final Duration POLL = Duration.ofMillis(50);
    private static final Set<State> FINAL = Set.of(State.SUCCEEDED, State.FAILED, State.CANCELLED, State.EXPIRED);

    /** What is known about a job. */
    private static final class Seen {
        private @Nullable JobState row;
        private int claims;
        private long place = -1;
    }

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Deserializer<JobEvent> events;
    private final Deserializer<JobState> states;
    private final Topics topics;
    private final Thread thread = new Thread(this::read, "chaos-observer");
    private final Map<String, Seen> jobs = new HashMap<>();
    private final Map<String, String> ofWorker = new HashMap<>();
    private final Map<String, Integer> claimsOfWorker = new HashMap<>();
    private int finals;
    private volatile boolean closed;

    Observer(Map<String, String> settings, Topics topics, int partitions) {
        this.topics = topics;
        WireSerdes serdes = WireSerdes.of(settings);
        this.events = serdes.deserializer(JobEvent.class);
        this.states = serdes.serde(JobState.class).deserializer();
        Map<String, Object> kafka = new HashMap<>();
        kafka.put("bootstrap.servers", settings.getOrDefault("bootstrap.servers", ""));
        kafka.put("isolation.level", "read_committed");
        kafka.put("enable.auto.commit", false);
        kafka.put("auto.offset.reset", "earliest");
        kafka.put("fetch.max.wait.ms", 100);
        this.consumer = new KafkaConsumer<>(kafka, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        List<TopicPartition> assigned = new ArrayList<>();
        for (int i = 0; i < partitions; i++) {
            assigned.add(new TopicPartition(topics.events(), i));
            assigned.add(new TopicPartition(topics.states(), i));
        }
        consumer.assign(assigned);
        thread.setDaemon(true);
        thread.start();
    }

    private void read() {
        while (!closed) {
            try {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    if (record.topic().equals(topics.states())) {
                        row(record);
                    } else {
                        event(record);
                    }
                }
            } catch (KafkaException e) {
                LOG.debug("The observer tries again", e);
            }
        }
        consumer.close();
    }

    private synchronized void row(ConsumerRecord<byte[], byte[]> record) {
        if (record.key() == null || record.value() == null) {
            return;
        }
        JobState row = states.deserialize(record.topic(), record.value());
        Seen seen = seen(new String(record.key(), StandardCharsets.UTF_8));
        if (FINAL.contains(row.getState()) && !isFinal(seen)) {
            finals++;
        }
        seen.row = row;
    }

    private synchronized void event(ConsumerRecord<byte[], byte[]> record) {
        JobEvent event = events.deserialize(record.topic(), record.value());
        Source source = event.getSource();
        String worker = event.getWorker();
        if (event.getType() == JobEventType.SUBMITTED && source != null) {
            seen(event.getJobId()).place = source.getOffset();
        } else if (event.getType() == JobEventType.CLAIMED && worker != null) {
            Seen seen = seen(event.getJobId());
            seen.claims++;
            ofWorker.put(worker, event.getJobId());
            claimsOfWorker.merge(worker, 1, Integer::sum);
        } else if (event.getType() == JobEventType.FINISHED && worker != null) {
            ofWorker.remove(worker, event.getJobId());
        }
    }

    private Seen seen(String job) {
        return jobs.computeIfAbsent(job, id -> new Seen());
    }

    private static boolean isFinal(Seen seen) {
        return seen.row != null && FINAL.contains(seen.row.getState());
    }

    synchronized int finals() {
        return finals;
    }

    /** The row of a job, or empty when none was seen. */
    synchronized Optional<JobState> row(String job) {
        Seen seen = jobs.get(job);
        return seen == null ? Optional.empty() : Optional.ofNullable(seen.row);
    }

    synchronized boolean isFinal(String job) {
        Seen seen = jobs.get(job);
        return seen != null && isFinal(seen);
    }

    /** Whether every job that was seen is final. */
    synchronized boolean allFinal() {
        return jobs.values().stream().allMatch(Observer::isFinal);
    }

    /** The job that a worker claimed last and has not finished. */
    synchronized Optional<String> running(String worker) {
        return Optional.ofNullable(ofWorker.get(worker));
    }

    synchronized int claims(String job) {
        Seen seen = jobs.get(job);
        return seen == null ? 0 : seen.claims;
    }

    synchronized int claimsOf(String worker) {
        return claimsOfWorker.getOrDefault(worker, 0);
    }

    /** Jobs whose record lies below an offset and that nobody has claimed. */
    synchronized List<String> waitingBelow(long offset) {
        Map<String, Seen> waiting = new LinkedHashMap<>(jobs);
        waiting.values().removeIf(seen -> seen.claims > 0 || seen.place < 0 || seen.place >= offset || isFinal(seen));
        return List.copyOf(waiting.keySet());
    }

    @Override
    public void close() {
        closed = true;
        try {
            thread.join(5_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
