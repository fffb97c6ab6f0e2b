package io.quarry.client;

import io.quarry.avro.DeadJob;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.JobState;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.State;
import io.quarry.schemas.JobIds;
import io.quarry.schemas.JobRules;
import io.quarry.schemas.Placement;
import io.quarry.schemas.Topics;
import io.quarry.schemas.Violation;
import io.quarry.schemas.serde.RegistryUnavailableException;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * A connection to Quarry: submits jobs, follows and cancels them. Safe for use by several threads; one per process is
 * enough. Close it to end its threads.
 */
public final class QuarryClient implements AutoCloseable {
    /** Ids that were handed out and not submitted yet; forgotten ones are merely looked up before their submit. */
    private static final int FRESH_IDS = 10_000;

    private static final long GROUPS_FRESH_NANOS = Duration.ofSeconds(5).toNanos();

    private final ClientSettings settings;
    private final Topics topics;
    private final InstantSource clock;
    private final JobIds ids;
    private final WireSerdes serdes;
    private final Producer<byte[], byte[]> producer;
    private final Serializer<Job> jobs;
    private final Serializer<JobEvent> events;
    private final StateReader reader;
    private final ExecutorService callbacks;
    private final Set<String> fresh = Collections.synchronizedSet(Collections.newSetFromMap(new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > FRESH_IDS;
        }
    }));
    private volatile @Nullable KnownGroups known;

    private record KnownGroups(Map<String, ResourceGroup> byName, long readAtNanos) {}

    private QuarryClient(ClientSettings settings, InstantSource clock) {
        this.settings = settings;
        this.topics = settings.topics();
        this.clock = clock;
        this.ids = new JobIds(clock, new SecureRandom());
        this.serdes = WireSerdes.of(settings.all());
        this.jobs = serdes.serializer(Job.class);
        this.events = serdes.serializer(JobEvent.class);
        this.producer = new KafkaProducer<>(settings.producer());
        this.reader = new StateReader(
                new Fetcher(new KafkaConsumer<>(settings.consumer())),
                serdes.deserializer(JobState.class),
                serdes.deserializer(ResourceGroup.class),
                topics);
        this.callbacks = new ThreadPoolExecutor(
                1,
                1,
                0,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                task -> {
                    Thread thread = new Thread(task, "quarry-client-callbacks");
                    thread.setDaemon(true);
                    return thread;
                },
                // After close, what is still asked for fails on the asker's own thread.
                (task, pool) -> task.run());
        reader.start("quarry-client-reader");
    }

    /**
     * Connects with Kafka's settings ({@code bootstrap.servers}, {@code sasl.*}, ...), the registry's
     * ({@code schema.registry.url}, ...) and the client's own: {@code topic.prefix} ({@code quarry.}) and
     * {@code submit.timeout.ms} (10000). Brokers and registry are first asked when there is something to ask.
     *
     * @throws org.apache.kafka.common.config.ConfigException naming the setting that is wrong
     */
    public static QuarryClient connect(Map<String, ?> settings) {
        return connect(settings, Clock.systemUTC());
    }

    static QuarryClient connect(Map<String, ?> settings, InstantSource clock) {
        return new QuarryClient(ClientSettings.of(settings), clock);
    }

    /** A job with a fresh id (UUIDv7), to be put together. */
    public JobBuilder job() {
        String id = ids.next().toString();
        fresh.add(id);
        return JobBuilder.withId(id);
    }

    /**
     * Appends a job to its group's queue, durably, and returns. Submitting the same job again, at any time and from
     * anywhere, gives the same job: it is not run twice.
     *
     * @throws SubmitException saying why the job was not taken
     */
    public JobHandle submit(Job job) {
        Deadline deadline = new Deadline(settings.submitTimeout());
        refuseInvalid(job);
        ResourceGroup group = group(job.getResourceGroup(), deadline);
        String topic = queue(job, group);
        boolean first = fresh.remove(job.getId());
        if (!first) {
            Optional<JobState> row = within(deadline, reader.latest(job.getId()), "job " + job.getId());
            if (row.isPresent()) {
                if (Bodies.conflict(job, row.get())) {
                    throw new ConflictException(job.getId());
                }
                return handle(job.getId(), job);
            }
        }
        Job stamped = job.getSubmittedAt() != null
                ? job
                : Job.newBuilder(job)
                        .setSubmittedAt(clock.instant().truncatedTo(ChronoUnit.MILLIS))
                        .build();
        append(topic, 0, job.getId(), bytes(jobs, topic, stamped, deadline), deadline);
        return handle(job.getId(), job);
    }

    /** A handle on a job by its id, whoever submitted it and whether it exists or not. */
    public JobHandle handle(String id) {
        return handle(id, null);
    }

    /**
     * The rows of all jobs that a filter matches, as of when each partition's turn comes, in no order. Reads the whole
     * state topic, a partition at a time, and keeps what matches of one partition in memory. Close the stream.
     */
    public Stream<JobState> jobs(JobFilter filter) {
        return new StateScan(
                        new KafkaConsumer<>(settings.consumer()),
                        serdes.deserializer(JobState.class),
                        topics.states(),
                        settings.submitTimeout(),
                        settings.servers())
                .stream(filter);
    }

    /** The resource groups by name, as of the call. */
    public Map<String, ResourceGroup> groups() {
        return new TreeMap<>(readGroups(new Deadline(settings.submitTimeout())));
    }

    /**
     * Appends a range of a job topic again, in the old order, under new ids, beside whatever else goes on. Works on the calling
     * thread and returns when all is appended. Interrupting the thread stops it between two jobs: the report then says where,
     * and the thread stays interrupted.
     *
     * @param progress told after each record
     * @throws IllegalArgumentException when the topic is none that can be replayed
     * @throws SubmitException when a group is unknown, or brokers or registry are out of reach; the same replay id goes on
     */
    public ReplayReport replay(Replay replay, Consumer<ReplayReport> progress) {
        String into = replay.into();
        if (into != null) {
            group(into, new Deadline(settings.submitTimeout()));
        }
        ReplayRun run = new ReplayRun(
                replay,
                ids.next().toString(),
                topics,
                clock,
                serdes.deserializer(Job.class),
                serdes.deserializer(JobState.class),
                new ReplayRun.Target() {
                    @Override
                    public String queueOf(Job job) {
                        return queue(job, group(job.getResourceGroup(), new Deadline(settings.submitTimeout())));
                    }

                    @Override
                    public void append(String topic, Job job) {
                        Deadline deadline = new Deadline(settings.submitTimeout());
                        QuarryClient.this.append(topic, 0, job.getId(), bytes(jobs, topic, job, deadline), deadline);
                    }
                },
                new Pacer(replay.perSecond(), System::nanoTime, TimeUnit.NANOSECONDS::sleep));
        long begun = System.nanoTime();
        boolean interrupted = false;
        try (TopicScan source = scan();
                TopicScan others = scan()) {
            ReplayReport report = run.go(source, others, progress);
            // Closing has to be able to wait.
            interrupted = Thread.interrupted();
            return report;
        } catch (RegistryUnavailableException unavailable) {
            throw new RegistryUnreachableException(Duration.ofNanos(System.nanoTime() - begun), unavailable);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Jobs that ended without a result, the oldest end first, with what repeats them. Reads jobs.dead and the whole state topic
     * and keeps what matches in memory. To submit one again: {@code submit(redrive.of(letter.dead().getJob()))}.
     */
    public List<DeadLetter> deadLetters(DeadFilter filter) {
        return deadLetters(filter::matches);
    }

    /** Those of these jobs that ended without a result, cancelled ones included. */
    public List<DeadLetter> deadLetters(Set<String> ids) {
        return deadLetters(dead -> ids.contains(dead.getJob().getId())
                && JobHandle.isFinal(dead.getState())
                && dead.getState() != State.SUCCEEDED);
    }

    /** A job, if it ended without a result; a cancelled one, too. */
    public Optional<DeadLetter> deadLetter(String id) {
        return deadLetters(Set.of(id)).stream().findFirst();
    }

    private List<DeadLetter> deadLetters(Predicate<DeadJob> filter) {
        try (TopicScan scan = scan()) {
            return new DeadLetters(
                            scan, topics, serdes.deserializer(JobState.class), serdes.deserializer(DeadJob.class))
                    .matching(filter);
        }
    }

    /** Records that never became a job, the oldest first, read as the stream is. Close it. */
    public Stream<InvalidRecord> invalidRecords() {
        TopicScan scan = scan();
        return scan.all(topics.invalid()).map(InvalidRecords::of).onClose(scan::close);
    }

    private TopicScan scan() {
        return new TopicScan(new KafkaConsumer<>(settings.consumer()), settings.submitTimeout(), settings.servers());
    }

    @Override
    public void close() {
        reader.close();
        producer.close(Duration.ofSeconds(1));
        callbacks.shutdown();
        jobs.close();
        events.close();
    }

    Optional<JobState> latest(String id) {
        return within(new Deadline(settings.submitTimeout()), reader.latest(id), "job " + id);
    }

    void cancel(String id, String by, String reason) {
        Deadline deadline = new Deadline(settings.submitTimeout());
        JobEvent event = JobEvent.newBuilder()
                .setType(JobEventType.CANCEL_REQUESTED)
                .setJobId(id)
                .setAt(clock.instant().truncatedTo(ChronoUnit.MILLIS))
                .setWriter("client/" + by)
                .setRequestedBy(by)
                .setReason(reason)
                .build();
        // The partition of a job's events is Kafka's default for its key, so that all its writers agree.
        append(topics.events(), null, id, bytes(events, topics.events(), event, deadline), deadline);
    }

    private JobHandle handle(String id, @Nullable Job submitted) {
        return new JobHandle(id, submitted, this, reader, callbacks);
    }

    private static void refuseInvalid(Job job) {
        List<Violation> violations = new ArrayList<>(JobRules.check(job));
        if (job.getAttempt() > 1) {
            violations.add(new Violation("attempt", "" + job.getAttempt(), "must be 1 when a job is submitted"));
        }
        if (!violations.isEmpty()) {
            throw new InvalidJobException(violations);
        }
    }

    private ResourceGroup group(String name, Deadline deadline) {
        KnownGroups last = known;
        ResourceGroup group = last == null || System.nanoTime() - last.readAtNanos() > GROUPS_FRESH_NANOS
                ? null
                : last.byName().get(name);
        if (group != null) {
            return group;
        }
        Map<String, ResourceGroup> all = readGroups(deadline);
        group = all.get(name);
        List<String> names = all.keySet().stream().sorted().toList();
        if (group == null) {
            throw new UnknownGroupException(
                    name,
                    names,
                    names.isEmpty()
                            ? "there is no resource group " + name + ": topic " + topics.groups()
                                    + " is absent or empty (is topic.prefix right, and has a scheduler been started?)"
                            : "there is no resource group " + name + "; there are " + String.join(", ", names));
        }
        String queue = topics.jobs(name);
        if (within(deadline, reader.partitions(queue), "topic " + queue) == 0) {
            throw new UnknownGroupException(
                    name, names, "resource group " + name + " has no queue yet: topic " + queue + " does not exist");
        }
        known = new KnownGroups(all, System.nanoTime());
        return group;
    }

    private Map<String, ResourceGroup> readGroups(Deadline deadline) {
        return within(deadline, reader.groups(), "resource groups");
    }

    private String queue(Job job, ResourceGroup group) {
        Placement placement = Placement.of(job.getResources(), group);
        if (placement instanceof Placement.Refused refused) {
            throw new TooLargeException(refused.nearest(), refused.reason());
        }
        return placement instanceof Placement.Oversize ? topics.oversize() : topics.jobs(group.getName());
    }

    private static <T> byte[] bytes(Serializer<T> serializer, String topic, T value, Deadline deadline) {
        try {
            return serializer.serialize(topic, value);
        } catch (RegistryUnavailableException unavailable) {
            throw new RegistryUnreachableException(deadline.waited(), unavailable);
        }
    }

    private void append(String topic, @Nullable Integer partition, String id, byte[] value, Deadline deadline) {
        byte[] key = id.getBytes(StandardCharsets.UTF_8);
        try {
            within(deadline, producer.send(new ProducerRecord<>(topic, partition, key, value)), "job " + id);
        } catch (RecordTooLargeException large) {
            throw new InvalidJobException(List.of(new Violation(
                    "the record",
                    value.length + " bytes",
                    "is more than topic " + topic + " takes: write the rows to a Parquet file below one of the worker's"
                            + " input directories and name it in input.files")));
        } catch (org.apache.kafka.common.errors.TimeoutException late) {
            throw unreachable("job " + id, deadline, late);
        }
    }

    /** What a future gives, waited for as long as the deadline allows; its failure as it is. */
    private <T> T within(Deadline deadline, Future<T> future, String what) {
        try {
            return future.get(deadline.leftNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException late) {
            future.cancel(false);
            RegistryUnavailableException registry = reader.registryTrouble();
            if (registry != null) {
                throw new RegistryUnreachableException(deadline.waited(), registry);
            }
            throw unreachable(what, deadline, late);
        } catch (ExecutionException failed) {
            Throwable cause = failed.getCause();
            if (cause instanceof RegistryUnavailableException) {
                throw new RegistryUnreachableException(deadline.waited(), cause);
            }
            if (cause instanceof org.apache.kafka.common.errors.TimeoutException
                    && future instanceof CompletableFuture) {
                throw unreachable(what, deadline, cause);
            }
            throw cause instanceof RuntimeException known ? known : new KafkaException(cause);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted while waiting for " + what, e);
        }
    }

    private BrokerUnreachableException unreachable(String what, Deadline deadline, Throwable cause) {
        return new BrokerUnreachableException(what, settings.servers(), deadline.waited(), cause);
    }

    /** The time that one call may take. */
    private static final class Deadline {
        private final long begun = System.nanoTime();
        private final Duration most;

        Deadline(Duration most) {
            this.most = most;
        }

        Duration waited() {
            return Duration.ofNanos(System.nanoTime() - begun);
        }

        long leftNanos() {
            return Math.max(0, most.toNanos() - (System.nanoTime() - begun));
        }
    }
}
