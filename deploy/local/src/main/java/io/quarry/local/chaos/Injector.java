package io.quarry.local.chaos;

import io.quarry.schemas.Topics;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does to an installation what a schedule says, each fault in a thread of its own, and notes what it did. */
final class Injector implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Injector.class);

    /** A scheduler's place is given away when its session of 10 s is over. */
    private static final Duration SESSION = Duration.ofSeconds(9);

    private final Installation installation;
    private final Submitter submitter;
    private final Sightings seen;
    private final Recoveries recoveries;
    private final Admin admin;
    private final long seed;
    private final Topics topics;
    private final Map<FaultKind, Integer> counts = new EnumMap<>(FaultKind.class);
    private final List<Thread> under = new ArrayList<>();

    Injector(
            Installation installation,
            Submitter submitter,
            Sightings seen,
            Recoveries recoveries,
            ChaosSettings chaos) {
        this.installation = installation;
        this.submitter = submitter;
        this.seen = seen;
        this.recoveries = recoveries;
        this.seed = chaos.seed();
        this.topics = installation.topics();
        Map<String, Object> settings = new HashMap<>(installation.kafka());
        settings.put("request.timeout.ms", "2000");
        settings.put("default.api.timeout.ms", "4000");
        this.admin = Admin.create(settings);
    }

    /** Begins a fault and returns at once. */
    synchronized void begin(Fault fault) {
        if (fault.kind() == FaultKind.DISK_FULL && installation.disk().isEmpty()) {
            return;
        }
        counts.merge(fault.kind(), 1, Integer::sum);
        Thread thread = new Thread(() -> run(fault), "chaos-" + fault.kind().flag());
        thread.setDaemon(true);
        under.add(thread);
        thread.start();
    }

    private void run(Fault fault) {
        LOG.atInfo()
                .addKeyValue("fault", fault.kind().flag())
                .addKeyValue("target", fault.target())
                .addKeyValue("lengthMs", fault.length().toMillis())
                .log("fault begins");
        try {
            inject(fault);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | ExecutionException | KafkaException e) {
            LOG.atWarn().addKeyValue("fault", fault.kind().flag()).log("fault did not go as meant", e);
        }
    }

    private void inject(Fault fault) throws IOException, InterruptedException, ExecutionException {
        Random random = new Random(seed ^ fault.at().toMillis());
        switch (fault.kind()) {
            case KILL_WORKER -> {
                watchWorker(fault);
                installation.workerAt(fault.target()).kill();
            }
            case PAUSE_WORKER -> {
                watchWorker(fault);
                Child worker = installation.workerAt(fault.target());
                worker.pause();
                last(fault.length(), worker::resume);
            }
            case CUT_WORKER -> {
                watchWorker(fault);
                Proxy wire = installation.wireOfWorker(fault.target());
                wire.set(Proxy.Wire.SILENT);
                last(fault.length(), () -> wire.set(Proxy.Wire.WHOLE));
            }
            case KILL_SCHEDULER -> {
                watchProgress(fault.kind());
                installation.schedulerAt(fault.target()).kill();
            }
            case PAUSE_SCHEDULER -> {
                watchProgress(fault.kind());
                Child scheduler = installation.schedulerAt(fault.target());
                scheduler.pause();
                last(fault.length().plus(SESSION), scheduler::resume);
            }
            case KILL_BROKER -> {
                watchProgress(fault.kind());
                installation.broker().kill();
                // Until it is up again: what workers hold is given to others.
                last(Duration.ofSeconds(8), () -> {});
            }
            case CUT_ALL -> {
                watchProgress(fault.kind());
                installation.all(Proxy.Wire.CUT);
                last(fault.length(), () -> installation.all(Proxy.Wire.WHOLE));
            }
            case OPEN_TRANSACTION -> {
                submitter.openTransaction("aborted-" + seed + "-" + fault.at().toMillis());
                watchProgress(fault.kind());
            }
            case DELETE_RECORDS -> deleteRecords();
            case DUPLICATE -> submitter.duplicates(random, 5);
            case CANCEL -> submitter.cancels(random, 3);
            case POISON -> submitter.poison(random);
            case DISK_FULL -> {
                Optional<SmallDisk> disk = installation.disk();
                if (disk.isPresent()) {
                    watchWorker(new Fault(fault.at(), fault.kind(), 0, fault.length()));
                    disk.get().fill();
                    last(fault.length(), disk.get()::empty);
                }
            }
        }
    }

    private interface Mending {
        void run() throws IOException, InterruptedException;
    }

    /** Lets a fault last; whatever happens meanwhile, it is mended. */
    private static void last(Duration length, Mending mending) throws IOException, InterruptedException {
        try {
            TimeUnit.MILLISECONDS.sleep(length.toMillis());
        } finally {
            boolean interrupted = Thread.interrupted();
            mending.run();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** A worker's fault is over when the job that it had goes on; without a job, when it claims again. */
    private void watchWorker(Fault fault) {
        String name = Installation.workerName(fault.target());
        Optional<String> job = seen.running(name);
        if (job.isPresent()) {
            recoveries.watch(fault.kind(), seen.again(job.get()));
        } else {
            int claims = seen.claimsOf(name);
            recoveries.watch(fault.kind(), () -> seen.claimsOf(name) > claims);
        }
    }

    /** A fault of the whole is over when everything logged before it was processed. */
    private void watchProgress(FaultKind kind) throws ExecutionException, InterruptedException {
        Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
        for (int i = 0; i < Installation.PARTITIONS; i++) {
            asked.put(new TopicPartition(topics.events(), i), OffsetSpec.latest());
        }
        Map<TopicPartition, Long> events = ends(asked);
        Map<TopicPartition, Long> queue = ends(Map.of(queue(), OffsetSpec.latest()));
        recoveries.watch(kind, () -> reached("lifecycle", events) && reached("intake", queue));
    }

    private Map<TopicPartition, Long> ends(Map<TopicPartition, OffsetSpec> asked)
            throws ExecutionException, InterruptedException {
        Map<TopicPartition, Long> ends = new HashMap<>();
        for (Map.Entry<TopicPartition, ?> entry : asked.entrySet()) {
            ends.put(
                    entry.getKey(),
                    admin.listOffsets(asked)
                            .partitionResult(entry.getKey())
                            .get()
                            .offset());
        }
        return ends;
    }

    private boolean reached(String application, Map<TopicPartition, Long> ends) throws InterruptedException {
        try {
            Map<TopicPartition, OffsetAndMetadata> committed = committed(application);
            return ends.entrySet().stream().allMatch(end -> {
                OffsetAndMetadata position = committed.get(end.getKey());
                return end.getValue() == 0 || (position != null && position.offset() >= end.getValue());
            });
        } catch (ExecutionException e) {
            return false;
        }
    }

    private Map<TopicPartition, OffsetAndMetadata> committed(String application)
            throws ExecutionException, InterruptedException {
        return admin.listConsumerGroupOffsets(topics.prefix() + application)
                .partitionsToOffsetAndMetadata()
                .get();
    }

    /** Never beyond what intake has read: what it never saw is lost by whoever deletes it. */
    private void deleteRecords() throws ExecutionException, InterruptedException {
        OffsetAndMetadata read = committed("intake").get(queue());
        if (read == null) {
            return;
        }
        List<String> hit = seen.waitingBelow(read.offset());
        var unused = admin.deleteRecords(Map.of(queue(), RecordsToDelete.beforeOffset(read.offset())))
                .all()
                .get();
        recoveries.watch(FaultKind.DELETE_RECORDS, () -> hit.stream().allMatch(seen::isBack));
    }

    private TopicPartition queue() {
        return new TopicPartition(topics.jobs("default"), 0);
    }

    synchronized Map<FaultKind, Integer> counts() {
        return new EnumMap<>(counts);
    }

    /** Waits until every fault that was begun is mended. */
    void awaitMended() throws InterruptedException {
        List<Thread> threads;
        synchronized (this) {
            threads = List.copyOf(under);
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    @Override
    public synchronized void close() {
        under.forEach(Thread::interrupt);
        admin.close(Duration.ofSeconds(1));
    }
}
