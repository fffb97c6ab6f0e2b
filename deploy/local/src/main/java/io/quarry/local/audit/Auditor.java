package io.quarry.local.audit;

import io.quarry.avro.Command;
import io.quarry.avro.CommandType;
import io.quarry.avro.DeadJob;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobState;
import io.quarry.avro.Manifest;
import io.quarry.avro.Outcome;
import io.quarry.avro.Owner;
import io.quarry.avro.Source;
import io.quarry.avro.State;
import io.quarry.local.audit.Finding.Kind;
import io.quarry.local.audit.StartOrder.Late;
import io.quarry.local.audit.StartOrder.Start;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.UnreadableRecordException;
import io.quarry.schemas.serde.WireSerdes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/**
 * Reads an installation's topics from the beginning and tells which promises are broken. It changes nothing and may run
 * beside everything else: queues are read first and rows last, so that a row is never older than the record it answers.
 */
public final class Auditor {
    /** How far the clock of a shared file system may be from this machine's. */
    private static final Duration CLOCKS_APART = Duration.ofMinutes(1);

    private final AuditSettings settings;
    private final Topics topics;
    private final TopicReader reader;
    private final FactStore store;
    private final CountedTicks ticks = new CountedTicks();
    private final Tally tally = new Tally();
    private final Deserializer<Job> jobs;
    private final Deserializer<JobEvent> events;
    private final Deserializer<JobState> states;
    private final Deserializer<Command> commands;
    private final Deserializer<DeadJob> dead;
    private Leaders leaders = new Leaders(Map.of());
    private long newestTick = Long.MIN_VALUE;
    private long newestOther = Long.MIN_VALUE;

    private Auditor(AuditSettings settings, TopicReader reader, FactStore store) {
        this.settings = settings;
        this.topics = settings.topics();
        this.reader = reader;
        this.store = store;
        WireSerdes serdes = WireSerdes.of(settings.connection());
        this.jobs = serdes.deserializer(Job.class);
        this.events = serdes.deserializer(JobEvent.class);
        this.states = serdes.serde(JobState.class).deserializer();
        this.commands = serdes.deserializer(Command.class);
        this.dead = serdes.deserializer(DeadJob.class);
    }

    /**
     * Audits.
     *
     * @param progress gets the name of each topic before it is read, and of each check
     * @throws org.apache.kafka.common.errors.TimeoutException when the broker does not answer
     * @throws io.quarry.schemas.serde.RegistryUnavailableException when the registry does not
     * @throws IOException when the scratch directory or the datasets cannot be read
     */
    public static AuditReport audit(AuditSettings settings, Consumer<String> progress) throws IOException {
        try (FactStore store = new FactStore(settings.scratch(), settings.memoryBytes())) {
            return new Auditor(settings, new TopicReader(settings.connection()), store).run(progress);
        } catch (SQLException e) {
            throw new IOException("the audit's own database failed: " + e.getMessage(), e);
        }
    }

    private AuditReport run(Consumer<String> progress) throws SQLException, IOException {
        Set<String> all = reader.topics();
        Pattern queue = topics.jobsPattern();
        List<String> queues =
                all.stream().filter(name -> queue.matcher(name).matches()).toList();
        boolean wholeLog = reader.whole(present(all, topics.events())) && reader.whole(queues);
        List<String> timed = new ArrayList<>(queues);
        timed.addAll(present(all, topics.events()));
        leaders = new Leaders(reader.soleBrokers(timed));
        boolean wholeDead = reader.whole(present(all, topics.dead()));
        read(progress, queues, this::queued);
        reader.leaderEpochs(queues).forEach(leaders::now);
        read(progress, present(all, topics.invalid()), this::kept);
        read(progress, present(all, topics.events()), this::event);
        read(progress, present(all, topics.commands()), this::command);
        read(progress, present(all, topics.states()), this::state);
        read(progress, present(all, topics.dead()), this::died);
        progress.accept("jobs");
        boolean quiet = newestTick != Long.MIN_VALUE
                && newestOther != Long.MIN_VALUE
                && newestTick - newestOther >= settings.quiet().toMillis();
        Trail.Context context =
                new Trail.Context(ticks, settings.leaseTicks(), settings.complete(), quiet, wholeLog, wholeDead);
        store.eachJob(trail -> trail.judge(context, tally));
        progress.accept("order");
        long excused = order();
        if (settings.complete() || quiet) {
            store.eachUnkept(row -> tally.findings()
                    .add(
                            Kind.INVALID_MISSING,
                            row.getString(1) + "@" + row.getLong(2),
                            "cannot be read and was not kept"));
        }
        progress.accept("datasets");
        // Jobs that came after their queue was read are known to nobody here; of work that is done none is left out.
        Instant before = settings.complete() ? Instant.MAX : store.made().minus(CLOCKS_APART);
        new DatasetFiles(store, tally.findings(), settings.datasets(), before).check();
        return tally.report(
                new Tally.Elsewhere(store.invalid(), store.uncollected(), excused, quiet, reader.records()));
    }

    private void read(Consumer<String> progress, List<String> names, TopicReader.Sink sink) throws SQLException {
        progress.accept(String.join(", ", names));
        reader.read(names, sink);
    }

    private static List<String> present(Set<String> all, String name) {
        return all.contains(name) ? List.of(name) : List.of();
    }

    private void queued(ConsumerRecord<byte[], byte[]> record) throws SQLException {
        newestOther = Math.max(newestOther, record.timestamp());
        led(record);
        if (record.headers().lastHeader("quarry.enqueued") != null) {
            // The lifecycle's own append of a later attempt: no submission.
            return;
        }
        @Nullable Job job = readable(jobs, record);
        if (job == null
                || record.key() == null
                || !job.getId().equals(new String(record.key(), StandardCharsets.UTF_8))) {
            store.unreadable(record.topic(), record.offset());
            return;
        }
        store.add(job.getId(), fact(Fact.Kind.APPENDED, record, 0, null, 0));
    }

    private void led(ConsumerRecord<byte[], byte[]> record) {
        leaders.seen(
                new TopicPartition(record.topic(), record.partition()),
                record.leaderEpoch().orElse(-1),
                record.timestamp());
    }

    private void kept(ConsumerRecord<byte[], byte[]> record) throws SQLException {
        @Nullable Header topic = record.headers().lastHeader("quarry.topic");
        @Nullable Header offset = record.headers().lastHeader("quarry.offset");
        if (topic != null && offset != null) {
            String number = new String(offset.value(), StandardCharsets.UTF_8);
            if (number.matches("[0-9]{1,18}")) {
                store.kept(new String(topic.value(), StandardCharsets.UTF_8), Long.parseLong(number));
            }
        }
    }

    private void event(ConsumerRecord<byte[], byte[]> record) throws SQLException {
        led(record);
        @Nullable JobEvent event = readable(events, record);
        if (event == null) {
            return;
        }
        switch (event.getType()) {
            case TICK -> {
                newestTick = Math.max(newestTick, record.timestamp());
                Long interval = event.getTickIntervalMs();
                ticks.add(record.partition(), record.offset(), record.timestamp(), interval == null ? 1000 : interval);
            }
            case PASSED, UNKNOWN -> {}
            default -> {
                newestOther = Math.max(newestOther, record.timestamp());
                ofJob(record, event);
            }
        }
    }

    private void ofJob(ConsumerRecord<byte[], byte[]> record, JobEvent event) throws SQLException {
        Fact.@Nullable Kind kind = switch (event.getType()) {
            case SUBMITTED -> Fact.Kind.SUBMITTED;
            case CLAIMED -> Fact.Kind.CLAIMED;
            case HEARTBEAT -> Fact.Kind.HEARTBEAT;
            case FINISHED -> Fact.Kind.FINISHED;
            case WORKER_DIED, POD_FAILED -> Fact.Kind.DIED;
            default -> null;
        };
        if (kind == null) {
            return;
        }
        Integer attempt = event.getAttempt();
        int code = event.getOutcome() == Outcome.SUCCEEDED ? 1 : 0;
        store.add(event.getJobId(), fact(kind, record, attempt == null ? 0 : attempt, event.getClaim(), code));
        Source source = event.getSource();
        if (kind == Fact.Kind.CLAIMED && source != null) {
            Start start = new Start(source.getOffset(), event.getAt().toEpochMilli(), record.timestamp());
            Integer deliveries = event.getDeliveries();
            store.start(source.getTopic(), start, event.getWorker(), deliveries == null ? 1 : deliveries);
        }
    }

    private boolean isGroupQueue(String topic) {
        return topics.queue(topic).filter(queue -> !queue.retries()).isPresent();
    }

    private void command(ConsumerRecord<byte[], byte[]> record) throws SQLException {
        @Nullable Command command = readable(commands, record);
        if (command != null && command.getType() == CommandType.GRANT && command.getJobId() != null) {
            store.add(command.getJobId(), fact(Fact.Kind.GRANT, record, 0, command.getClaim(), 0));
        }
    }

    private void state(ConsumerRecord<byte[], byte[]> record) throws SQLException {
        if (record.key() == null) {
            return;
        }
        String job = new String(record.key(), StandardCharsets.UTF_8);
        if (record.value() == null) {
            store.add(job, fact(Fact.Kind.TOMBSTONE, record, 0, null, 0));
            return;
        }
        newestOther = Math.max(newestOther, record.timestamp());
        @Nullable JobState row = readable(states, record);
        if (row == null) {
            return;
        }
        Owner owner = row.getOwner();
        int attempt = owner == null ? row.getAttempt() : owner.getAttempt();
        @Nullable String claim = owner == null ? null : owner.getClaim();
        store.add(job, fact(Fact.Kind.ROW, record, attempt, claim, Fact.code(row.getState())));
        Manifest manifest = row.getManifest();
        if (row.getState() == State.SUCCEEDED && manifest != null) {
            store.result(job, claim, record.offset(), manifest.getLocation(), manifest.getFiles(), manifest.getBytes());
        }
    }

    private void died(ConsumerRecord<byte[], byte[]> record) throws SQLException {
        @Nullable DeadJob job = readable(dead, record);
        if (job != null) {
            store.add(job.getJob().getId(), fact(Fact.Kind.DEAD, record, 0, null, 0));
        }
    }

    private Fact fact(
            Fact.Kind kind, ConsumerRecord<byte[], byte[]> record, int attempt, @Nullable String claim, int code) {
        return new Fact(kind, record.partition(), record.offset(), attempt, store.hash(claim), code);
    }

    private static <T> @Nullable T readable(Deserializer<T> deserializer, ConsumerRecord<byte[], byte[]> record) {
        try {
            return deserializer.deserialize(record.topic(), record.value());
        } catch (UnreadableRecordException e) {
            return null;
        }
    }

    /** Returns how many starts out of order the log explains. */
    private long order() throws SQLException {
        Excuses excuses = new Excuses(store, leaders);
        long excused = 0;
        for (String queue : store.queues()) {
            if (!isGroupQueue(queue)) {
                continue;
            }
            int workers = settings.workers() > 0 ? settings.workers() : store.workers(queue);
            StartOrder order = new StartOrder(store.claimedRecords(queue), workers - 1);
            store.eachStep(queue, order);
            for (Late late : order.late()) {
                if (excuses.excused(queue, late)) {
                    excused++;
                } else {
                    tally.findings()
                            .add(
                                    Kind.FIFO_BREAK,
                                    queue + "@" + late.offset(),
                                    late.by() + " records behind it were claimed before it by " + workers
                                            + " workers, and nothing in the log explains it");
                }
            }
            for (long more = order.late().size(); more < order.count(); more++) {
                tally.findings().add(Kind.FIFO_BREAK, queue, "more records than the first thousand started late");
            }
        }
        return excused;
    }
}
