package io.quarry.client;

import io.quarry.avro.JobState;
import io.quarry.avro.ResourceGroup;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.RegistryUnavailableException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one reader of a client's job states and resource groups: a thread with an assigned consumer. A partition is read from
 * its beginning once, when a job of it is first asked about; from then on an index of offsets answers, so that asking for
 * many jobs costs no more than reading their partitions. It fetches only while someone watches or waits.
 *
 * <p>The public methods may be called by any thread; everything else runs on the reader's own.
 */
final class StateReader implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StateReader.class);
    private static final long PAUSE_MILLIS = 500;

    private final Fetcher fetcher;
    private final Deserializer<JobState> states;
    private final Deserializer<ResourceGroup> groups;
    private final Topics topics;
    private final TopicPartition groupRows;

    private final ConcurrentLinkedQueue<Runnable> requests = new ConcurrentLinkedQueue<>();
    private final Semaphore work = new Semaphore(0);
    private volatile boolean closing;
    private volatile boolean ended;
    private volatile @Nullable RegistryUnavailableException registryTrouble;
    private @Nullable Thread thread;

    private final Map<TopicPartition, PartitionRows> partitions = new HashMap<>();
    private final Map<String, List<Watch>> watches = new HashMap<>();
    private final Map<String, ResourceGroup> knownGroups = new TreeMap<>();
    private @Nullable String foreign;
    private final List<Asked> asked = new ArrayList<>();
    private final Map<String, ConsumerRecord<byte[], byte[]>> passing = new HashMap<>();
    private final Set<String> sought = new HashSet<>();
    private final List<Waiting> waiting = new ArrayList<>();
    private final List<Runnable> later = new ArrayList<>();

    StateReader(Fetcher fetcher, Deserializer<JobState> states, Deserializer<ResourceGroup> groups, Topics topics) {
        this.fetcher = fetcher;
        this.states = states;
        this.groups = groups;
        this.topics = topics;
        this.groupRows = new TopicPartition(topics.groups(), 0);
    }

    /** What is told about a job, on the reader's thread: every newer row, in order. */
    interface Watch {
        /** Takes a row; returns whether it wants more. */
        boolean row(JobState row);

        void failed(RuntimeException failure);
    }

    /** A partition's offsets: what was read, and where each job's newest row is. */
    private static final class PartitionRows {
        private final Map<String, Long> newest = new HashMap<>();
        private long next;
    }

    /** Someone who asks for what a partition holds now. */
    private record Asked(TopicPartition partition, Runnable then, CompletableFuture<?> answer) {}

    /** Someone who waits until a partition is read up to an offset. */
    private record Waiting(TopicPartition partition, long end, Runnable then, CompletableFuture<?> answer) {}

    void start(String name) {
        Thread started = new Thread(this::run, name);
        started.setDaemon(true);
        thread = started;
        started.start();
    }

    /** The groups as of the call. */
    CompletableFuture<Map<String, ResourceGroup>> groups() {
        return ask(answer -> {
            if (fetcher.partitionCount(topics.groups()) == 0) {
                answer.complete(Map.of());
                return;
            }
            readUpToEnd(groupRows, answer, () -> {
                if (foreign == null) {
                    answer.complete(Map.copyOf(knownGroups));
                } else {
                    answer.completeExceptionally(new ForeignRegistryException(foreign));
                }
            });
        });
    }

    /** Number of partitions of a topic, 0 when there is no such topic. */
    CompletableFuture<Integer> partitions(String topic) {
        return ask(answer -> answer.complete(fetcher.partitionCount(topic)));
    }

    /** The row of a job as of the call; empty when there is none. */
    CompletableFuture<Optional<JobState>> latest(String id) {
        return ask(answer -> latest(id, answer));
    }

    /** Tells about a job from its present row on, or from its first one. Outages are waited out. */
    void watch(String id, Watch watch) {
        submit(() -> watchNow(id, watch));
    }

    private void watchNow(String id, Watch watch) {
        if (closing) {
            watch.failed(closed());
            return;
        }
        CompletableFuture<Optional<JobState>> first = new CompletableFuture<>();
        CompletableFuture<Optional<JobState>> unused = first.whenComplete((row, failure) -> {
            if (failure instanceof RetriableException) {
                later.add(() -> watchNow(id, watch));
            } else if (failure != null) {
                watch.failed(failure instanceof RuntimeException known ? known : new IllegalStateException(failure));
            } else if (row.isEmpty() || watch.row(row.get())) {
                watches.computeIfAbsent(id, key -> new ArrayList<>()).add(watch);
            }
        });
        answered(first, () -> latest(id, first));
    }

    void unwatch(String id, Watch watch) {
        submit(() -> {
            List<Watch> list = watches.get(id);
            if (list != null && list.remove(watch) && list.isEmpty()) {
                watches.remove(id);
            }
        });
    }

    /** Why rows cannot be read just now although the brokers answer; null while they can. */
    @Nullable RegistryUnavailableException registryTrouble() {
        return registryTrouble;
    }

    @Override
    public void close() {
        closing = true;
        wake();
        Thread running = thread;
        if (running == null || running == Thread.currentThread()) {
            return;
        }
        try {
            running.join(5_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- the reader's thread

    private void run() {
        try {
            while (!closing) {
                if (idle()) {
                    work.acquireUninterruptibly();
                    work.drainPermits();
                }
                runOnce();
            }
        } finally {
            closing = true;
            asked.forEach(one -> one.answer().completeExceptionally(closed()));
            waiting.forEach(one -> one.answer().completeExceptionally(closed()));
            watches.values().forEach(list -> list.forEach(watch -> watch.failed(closed())));
            later.forEach(Runnable::run);
            runRequests();
            fetcher.close();
            ended = true;
            runRequests();
        }
    }

    private boolean idle() {
        return requests.isEmpty() && asked.isEmpty() && waiting.isEmpty() && later.isEmpty() && watches.isEmpty();
    }

    /** One round: answers requests, reads what has come, wakes who waited for it. */
    void runOnce() {
        try {
            if (!later.isEmpty()) {
                pause();
                requests.addAll(later);
                later.clear();
            }
            runRequests();
            findEnds();
            settle();
            if (fetcher.isEmpty() || idle()) {
                return;
            }
            fetcher.only(watchedOrAwaited());
            take(fetcher.poll(() -> closing || !requests.isEmpty()));
            settle();
        } catch (RegistryUnavailableException unavailable) {
            LOG.warn("schema registry unavailable, job states wait for it topic={}", topics.states());
            pause();
        } catch (KafkaException failure) {
            LOG.warn("job states cannot be read, trying again topic={}", topics.states(), failure);
            List<Waiting> failed = List.copyOf(waiting);
            waiting.clear();
            failed.forEach(one -> one.answer().completeExceptionally(failure));
            pause();
        }
    }

    private void runRequests() {
        for (Runnable next = requests.poll(); next != null; next = requests.poll()) {
            next.run();
        }
    }

    /** Waits a moment before what failed is tried again, or until there is something else to do. */
    private void pause() {
        try {
            if (work.tryAcquire(PAUSE_MILLIS, TimeUnit.MILLISECONDS)) {
                work.drainPermits();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Nothing is fetched that nobody wants. */
    private Set<TopicPartition> watchedOrAwaited() {
        Set<TopicPartition> needed = new HashSet<>();
        waiting.forEach(one -> needed.add(one.partition()));
        watches.keySet().forEach(id -> needed.add(partitionOf(id)));
        return needed;
    }

    private void take(List<ConsumerRecord<byte[], byte[]>> records) {
        Set<TopicPartition> stuck = new HashSet<>();
        RegistryUnavailableException unavailable = null;
        for (ConsumerRecord<byte[], byte[]> record : records) {
            TopicPartition partition = new TopicPartition(record.topic(), record.partition());
            PartitionRows rows = partitions.get(partition);
            if (rows == null || record.offset() < rows.next || stuck.contains(partition)) {
                continue;
            }
            try {
                take(partition, rows, record);
                rows.next = record.offset() + 1;
            } catch (RegistryUnavailableException e) {
                unavailable = e;
                stuck.add(partition);
                fetcher.seek(partition, record.offset());
            }
        }
        if (unavailable != null) {
            registryTrouble = unavailable;
            throw unavailable;
        }
        if (!records.isEmpty()) {
            registryTrouble = null;
        }
    }

    private void take(TopicPartition partition, PartitionRows rows, ConsumerRecord<byte[], byte[]> record) {
        String key = new String(record.key(), StandardCharsets.UTF_8);
        if (partition.equals(groupRows)) {
            ResourceGroup group = record.value() == null ? null : read(groups, record, ResourceGroup.class);
            if (key.equals(Topics.DEFAULT_GROUP)) {
                // Quarry's own row: a registry that cannot explain it gave the ids of somebody else's schemas.
                foreign = record.value() == null || group != null
                        ? null
                        : "the row of resource group " + key + " in topic " + topics.groups()
                                + " cannot be read with the schema registry that is configured: it is another cluster's,"
                                + " or it lost its schemas. Set schema.registry.url to the registry of this cluster;"
                                + " nothing was submitted";
            }
            if (group == null) {
                knownGroups.remove(key);
            } else {
                knownGroups.put(key, group);
            }
            return;
        }
        if (record.value() == null) {
            rows.newest.remove(key);
            passing.remove(key);
            return;
        }
        List<Watch> list = watches.get(key);
        if (list != null) {
            JobState row = read(states, record, JobState.class);
            if (row != null) {
                list.removeIf(watch -> !watch.row(row));
            }
            if (list.isEmpty()) {
                watches.remove(key);
            }
        }
        rows.newest.put(key, record.offset());
        if (sought.contains(key)) {
            passing.put(key, record);
        }
    }

    /** Reads a value; a value that never can be read is as if it were not there, and is logged. */
    static <T> @Nullable T read(Deserializer<T> deserializer, ConsumerRecord<byte[], byte[]> record, Class<T> type) {
        try {
            return deserializer.deserialize(record.topic(), record.headers(), record.value());
        } catch (SerializationException unreadable) {
            LOG.warn(
                    "unreadable {} skipped topic={} offset={}: {}",
                    type.getSimpleName(),
                    record.topic(),
                    record.offset(),
                    unreadable.getMessage());
            return null;
        }
    }

    private void settle() {
        if (waiting.isEmpty()) {
            return;
        }
        List<Waiting> ready = new ArrayList<>();
        waiting.removeIf(one -> {
            boolean done = one.answer().isDone() || fetcher.position(one.partition()) >= one.end();
            if (done) {
                ready.add(one);
            }
            return done;
        });
        for (Waiting one : ready) {
            answered(one.answer(), one.then());
        }
        if (waiting.isEmpty() && asked.isEmpty()) {
            sought.clear();
            passing.clear();
        }
    }

    private void latest(String id, CompletableFuture<Optional<JobState>> answer) {
        if (fetcher.partitionCount(topics.states()) == 0) {
            throw new IllegalStateException("topic " + topics.states()
                    + " does not exist: the scheduler makes it when it starts; is topic.prefix right?");
        }
        TopicPartition partition = partitionOf(id);
        sought.add(id);
        readUpToEnd(partition, answer, () -> fetch(partition, id, answer));
    }

    /** Fetches the newest row of a job by the index, and leaves the partition's position as it was. */
    private void fetch(TopicPartition partition, String id, CompletableFuture<Optional<JobState>> answer) {
        PartitionRows rows = partitions.get(partition);
        Long offset = rows == null ? null : rows.newest.get(id);
        if (offset == null) {
            answer.complete(Optional.empty());
            return;
        }
        ConsumerRecord<byte[], byte[]> passed = passing.get(id);
        ConsumerRecord<byte[], byte[]> found = passed;
        if (found == null || found.offset() != offset) {
            List<ConsumerRecord<byte[], byte[]>> others = new ArrayList<>();
            found = fetcher.recordAt(partition, offset, others);
            take(others);
        }
        if (found.offset() == offset) {
            answer.complete(Optional.ofNullable(read(states, found, JobState.class)));
        } else {
            // Compacted away: there is a newer row, not read yet.
            latest(id, answer);
        }
    }

    private void readUpToEnd(TopicPartition partition, CompletableFuture<?> answer, Runnable then) {
        partitions.computeIfAbsent(partition, key -> new PartitionRows());
        fetcher.add(partition);
        asked.add(new Asked(partition, then, answer));
    }

    /** Asks once for the ends of all partitions that were asked about, however often they were. */
    private void findEnds() {
        if (asked.isEmpty()) {
            return;
        }
        List<Asked> all = List.copyOf(asked);
        asked.clear();
        Set<TopicPartition> distinct = new HashSet<>();
        all.forEach(one -> distinct.add(one.partition()));
        try {
            Map<TopicPartition, Long> ends = fetcher.ends(distinct);
            all.forEach(one -> waiting.add(
                    new Waiting(one.partition(), ends.getOrDefault(one.partition(), 0L), one.then(), one.answer())));
        } catch (KafkaException failure) {
            all.forEach(one -> one.answer().completeExceptionally(failure));
        }
    }

    private TopicPartition partitionOf(String id) {
        return new TopicPartition(topics.states(), partition(id, fetcher.partitionCount(topics.states())));
    }

    /** Kafka's own way from a key to a partition. */
    static int partition(String id, int partitions) {
        return Utils.toPositive(Utils.murmur2(id.getBytes(StandardCharsets.UTF_8))) % partitions;
    }

    // ---- requests of other threads

    private interface Question<T> {
        void ask(CompletableFuture<T> answer);
    }

    private <T> CompletableFuture<T> ask(Question<T> question) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        submit(() -> attempt(question, answer));
        return answer;
    }

    /**
     * Asks, and asks again while the brokers are silent, for as long as the asker waits: how long that is, is the asker's to
     * say, and one who gave up cancels the answer.
     */
    private <T> void attempt(Question<T> question, CompletableFuture<T> answer) {
        if (closing) {
            answer.completeExceptionally(closed());
            return;
        }
        if (answer.isDone()) {
            return;
        }
        CompletableFuture<T> once = new CompletableFuture<>();
        CompletableFuture<T> unusedTold = once.whenComplete((value, failure) -> {
            // The registry has its own patience.
            if (failure instanceof RetriableException && !(failure instanceof RegistryUnavailableException)) {
                later.add(() -> attempt(question, answer));
            } else if (failure != null) {
                answer.completeExceptionally(failure);
            } else {
                answer.complete(value);
            }
        });
        // Whoever gave up is not read for any longer.
        CompletableFuture<T> unusedGaveUp = answer.whenComplete((value, failure) -> once.cancel(false));
        answered(once, () -> question.ask(once));
    }

    /** Runs what answers; what it throws is the answer. */
    private static void answered(CompletableFuture<?> answer, Runnable step) {
        try {
            step.run();
        } catch (RuntimeException failure) {
            answer.completeExceptionally(failure);
        }
    }

    private static RuntimeException closed() {
        return new IllegalStateException("the client is closed");
    }

    private void submit(Runnable request) {
        requests.add(request);
        if (ended) {
            runRequests();
        }
        wake();
    }

    private void wake() {
        work.release();
        fetcher.wake();
    }
}
