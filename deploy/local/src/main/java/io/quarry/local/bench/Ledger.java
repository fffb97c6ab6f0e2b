package io.quarry.local.bench;

import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.JobState;
import io.quarry.avro.Progress;
import io.quarry.avro.State;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.Deserializer;

/**
 * Reads in the log what became of the jobs: when each started, and whether one was claimed twice. It reads seldom and much at
 * once, so that it takes as little as possible from those who are measured.
 */
final class Ledger implements AutoCloseable {
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Deserializer<JobEvent> events;
    private final Deserializer<JobState> states;
    private final Topics topics;
    private boolean withStates;
    private final Map<String, Long> starts = new HashMap<>();
    private final Set<String> claimed = new HashSet<>();
    private final Set<String> succeeded = new HashSet<>();
    private int doubled;

    /** Begins at the end of the events. */
    Ledger(Map<String, String> settings, Topics topics) {
        this.topics = topics;
        WireSerdes serdes = WireSerdes.of(settings);
        this.events = serdes.deserializer(JobEvent.class);
        this.states = serdes.deserializer(JobState.class);
        this.consumer = LogEnd.consumer(
                settings,
                Map.of(
                        "isolation.level",
                        "read_committed",
                        "max.poll.records",
                        100_000,
                        "fetch.min.bytes",
                        4 << 20,
                        "fetch.max.wait.ms",
                        200));
        LogEnd.seek(consumer, List.of(topics.events()));
    }

    /** From here on a job counts as done once its state says so: the scheduler has caught up with it. Nothing may be running. */
    void includeStates() {
        withStates = true;
        LogEnd.seek(consumer, List.of(topics.events(), topics.states()));
    }

    /**
     * Waits until all of these jobs are done; returns when each started, by the machine's monotonic clock.
     *
     * @param attendance who has to be there meanwhile
     * @throws TimeoutException saying how far the others have come
     * @throws IllegalStateException when somebody who has to be there has ended
     */
    Map<String, Long> await(Set<String> ids, Duration longest, Attendance attendance) throws TimeoutException {
        long end = System.nanoTime() + longest.toNanos();
        Set<String> missing = new HashSet<>(ids);
        while (!missing.isEmpty()) {
            missing.removeIf(id -> starts.containsKey(id) && (!withStates || succeeded.contains(id)));
            if (System.nanoTime() > end) {
                throw new TimeoutException(missing.size() + " of " + ids.size() + " jobs were not done within "
                        + longest.toSeconds() + " s: " + where(missing));
            }
            if (!missing.isEmpty()) {
                attendance.check();
                consumer.poll(Duration.ofMillis(500)).forEach(this::read);
            }
        }
        Map<String, Long> found = new HashMap<>(starts);
        found.keySet().retainAll(ids);
        starts.clear();
        claimed.clear();
        succeeded.clear();
        return found;
    }

    private String where(Set<String> missing) {
        long unclaimed = missing.stream().filter(id -> !claimed.contains(id)).count();
        long unfinished = missing.stream().filter(id -> !starts.containsKey(id)).count() - unclaimed;
        long unseen = missing.stream().filter(starts::containsKey).count();
        return unclaimed + " were not claimed, " + unfinished + " were claimed and are not finished, " + unseen
                + " are finished and the scheduler has not taken it in";
    }

    /** Claims beyond the first of a job, in all that was read. */
    int doubled() {
        return doubled;
    }

    private void read(ConsumerRecord<byte[], byte[]> record) {
        if (record.value() == null) {
            return;
        }
        if (record.topic().equals(topics.states())) {
            if (states.deserialize(record.topic(), record.value()).getState() == State.SUCCEEDED) {
                succeeded.add(new String(record.key(), StandardCharsets.UTF_8));
            }
            return;
        }
        JobEvent event = events.deserialize(record.topic(), record.value());
        if (event.getType() == JobEventType.CLAIMED && !claimed.add(event.getJobId())) {
            doubled++;
        }
        Progress progress = event.getProgress();
        if (event.getType() == JobEventType.FINISHED && progress != null) {
            starts.putIfAbsent(event.getJobId(), progress.getRows());
        }
    }

    @Override
    public void close() {
        consumer.close();
    }
}
