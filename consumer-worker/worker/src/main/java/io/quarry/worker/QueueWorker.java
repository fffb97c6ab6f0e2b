package io.quarry.worker;

import io.quarry.avro.ResourceGroup;
import io.quarry.avro.WorkerState;
import io.quarry.schemas.provision.ProvisionSettings;
import io.quarry.schemas.provision.TopicProvisioner;
import io.quarry.schemas.serde.WireSerdes;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.Producer;

/**
 * What the worker of a group's queue has and a process for one record has not: its place in the share groups, its row among the
 * workers, an ear for its group. What it opens is closed by whoever closes the worker.
 */
final class QueueWorker {
    /** A third of what the scheduler takes for silence. */
    private static final Duration SAID_AGAIN = Duration.ofSeconds(20);

    /** Longer than a poll, so that the broker can hand out a job at once at any time. */
    private static final int JOBS_WAIT_MS = 500;

    /** Jobs wait for it once after each long job. */
    private static final int RETRIES_WAIT_MS = 100;

    private final WorkerSettings worker;
    private final KafkaSettings kafka;
    private final WireSerdes serdes;
    private final Current current;
    private final ScheduledExecutorService timer;
    private final Deque<AutoCloseable> open;

    QueueWorker(
            WorkerSettings worker,
            KafkaSettings kafka,
            WireSerdes serdes,
            Current current,
            ScheduledExecutorService timer,
            Deque<AutoCloseable> open) {
        this.worker = worker;
        this.kafka = kafka;
        this.serdes = serdes;
        this.current = current;
        this.timer = timer;
        this.open = open;
    }

    /**
     * Looks whether topics, share groups and registry are as they must be.
     *
     * @throws SettingException when one is not
     * @throws BrokerUnreachableException when the broker does not answer
     */
    static void preflight(WorkerSettings worker, KafkaSettings kafka) {
        try (Admin admin = Admin.create(kafka.admin())) {
            Preflight.check(admin, worker.topics(), worker.group());
            Preflight.checkRegistry(TopicProvisioner.of(admin, worker.topics(), ProvisionSettings.of(worker.all())));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BrokerUnreachableException("interrupted while the broker was asked", e);
        }
    }

    /** The group's jobs and retries; joined at the first poll, and anew when they hand out nothing. */
    ShareQueue queue() {
        String jobs = worker.topics().shareGroup(worker.group());
        String retries = worker.topics().retriesShareGroup(worker.group());
        ShareQueue queue = new ShareQueue(
                new TopicQueue(
                        () -> new KafkaShareConsumer<>(kafka.shareConsumer("jobs", jobs, JOBS_WAIT_MS)),
                        worker.topics().jobs(worker.group())),
                new TopicQueue(
                        () -> new KafkaShareConsumer<>(kafka.shareConsumer("retries", retries, RETRIES_WAIT_MS)),
                        worker.topics().retries(worker.group())));
        Standstill standstill = new Standstill(
                () -> Admin.create(kafka.admin()), List.of(jobs, retries), current, queue::comeBack, timer);
        open.push(standstill);
        standstill.start();
        return queue;
    }

    /** How it says what it is in: by its row, and by its file where it has one. */
    Presence presence(Producer<byte[], byte[]> producer, InstantSource clock) {
        KafkaPresence said = new KafkaPresence(producer, serdes.serializer(WorkerState.class), worker, clock);
        Object unused = timer.scheduleWithFixedDelay(
                said::repeat, SAID_AGAIN.toMillis(), SAID_AGAIN.toMillis(), TimeUnit.MILLISECONDS);
        return worker.readyFile().map(file -> ReadyFile.begin(file, said)).orElse(said);
    }

    /** Has it obey its group's pauses and drain time. A process for one record is asked for by its job, not by the group's queue. */
    void follow(DrainTime drainTime) {
        GroupListener group = GroupListener.caughtUp(
                new KafkaConsumer<>(kafka.groups()),
                worker.topics().groups(),
                worker.group(),
                serdes.deserializer(ResourceGroup.class),
                drainTime::group);
        Thread following = WorkerProcess.daemon(group, "quarry-group");
        open.push(() -> {
            group.close();
            following.join(WorkerProcess.CLOSE.toMillis());
        });
        following.start();
    }
}
