package io.quarry.worker;

import io.quarry.avro.Command;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.engine.HandlerSettings;
import io.quarry.engine.JobHandler;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One worker: built top to bottom, closed in reverse. */
public final class WorkerProcess implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerProcess.class);

    /** Longest wait for a part to close. */
    static final Duration CLOSE = Duration.ofSeconds(5);

    private final Current current;
    private final DrainTime drainTime;
    private final Work work;
    private final Thread loop;
    private final Deque<AutoCloseable> open;

    private WorkerProcess(Current current, DrainTime drainTime, Work work, Thread loop, Deque<AutoCloseable> open) {
        this.current = current;
        this.drainTime = drainTime;
        this.work = work;
        this.loop = loop;
        this.open = open;
    }

    /**
     * Starts a worker that halts this JVM, with one of {@link ExitCode}, when a handler does not stop or outgrows its memory.
     *
     * @throws SettingException when a setting, a topic or the share group is not as it must be
     * @throws BrokerUnreachableException when the broker does not answer
     */
    public static WorkerProcess start(Map<String, String> settings) {
        return start(settings, () -> {}, Runtime.getRuntime()::halt);
    }

    /**
     * Starts a worker.
     *
     * @param ready called once, after the first poll
     * @param halt ends the process at once, with one of {@link ExitCode}; called when a handler does not stop or outgrows its memory
     */
    public static WorkerProcess start(Map<String, String> settings, Runnable ready, IntConsumer halt) {
        WorkerSettings worker = WorkerSettings.of(settings);
        Deque<AutoCloseable> open = new ArrayDeque<>();
        try {
            return start(worker, ready, halt, open);
        } catch (RuntimeException | Error e) {
            closeAll(open);
            throw e;
        }
    }

    // What it opens is closed by closeAll, in reverse.
    @SuppressWarnings("resource")
    private static WorkerProcess start(
            WorkerSettings worker, Runnable ready, IntConsumer halt, Deque<AutoCloseable> open) {
        Directories directories = new Directories(worker.scratchDir(), worker.datasetsDir(), worker.name());
        directories.open();
        InHand inHand = InHand.open(InHand.file(worker.scratchDir(), worker.name()));
        Map<String, JobHandler> handlers = handlers(worker, open);
        WireSerdes serdes = WireSerdes.of(worker.all());
        KafkaSettings kafka = new KafkaSettings(worker.all(), worker.name());
        if (worker.one().isEmpty()) {
            QueueWorker.preflight(worker, kafka);
        }

        KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(kafka.producer());
        open.push(() -> producer.close(CLOSE));
        ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(2, task -> daemon(task, "quarry-timer"));
        timer.setRemoveOnCancelPolicy(true);
        open.push(timer::shutdownNow);
        // A handler that ignores its stop must not keep the process alive.
        ExecutorService handlerThread = Executors.newSingleThreadExecutor(task -> daemon(task, "quarry-job"));
        open.push(handlerThread::shutdownNow);
        EventLog log = new KafkaEventLog(
                producer, serdes.serializer(JobEvent.class), worker.topics().events());

        Current current = new Current(worker.name());
        DrainTime drainTime =
                new DrainTime(current, (wait, task) -> timer.schedule(task, wait.toMillis(), TimeUnit.MILLISECONDS));
        CommandListener commands = CommandListener.atTheEnd(
                new KafkaConsumer<>(kafka.commands()),
                worker.topics().commands(),
                serdes.deserializer(Command.class),
                current::obey);
        Thread listening = daemon(commands, "quarry-commands");
        open.push(() -> {
            commands.close();
            listening.join(CLOSE.toMillis());
        });
        listening.start();

        Events events = new Events(worker.name(), InstantSource.system());
        AtomicReference<@Nullable OneJob> one = new AtomicReference<>();
        Finishes finishes = new Finishes(log, timer, Duration.ofSeconds(1), logged -> {
            inHand.letGo(UUID.fromString(logged.getClaim()));
            OneJob only = one.get();
            if (only != null) {
                only.logged(logged);
            }
        });
        Attempts attempts = new Attempts(
                handlers,
                worker.size(),
                directories,
                inHand,
                new ProcessMemory(Path.of("/proc/self")),
                InstantSource.system(),
                System::nanoTime,
                log,
                events,
                new Deadlines(worker.heartbeat(), worker.stopGrace(), worker.lease()),
                timer,
                handlerThread,
                halt);
        RecordReader reader = new RecordReader(serdes.deserializer(Job.class));
        Work work;
        if (worker.one().isPresent()) {
            WorkerSettings.One only = worker.one().get();
            OneRecord record = new OneRecord(() -> new KafkaConsumer<>(kafka.record()), only.source());
            ClaimLoop claims = new ClaimLoop(
                    record,
                    log,
                    reader,
                    admission(worker, WorkerSize.ANY, handlers),
                    attempts,
                    current,
                    events,
                    finishes,
                    only::claim);
            OneJob job = new OneJob(claims, record, finishes, current);
            one.set(job);
            work = job;
            ready.run();
        } else {
            QueueWorker own = new QueueWorker(worker, kafka, serdes, current, timer, open);
            ShareQueue queue = own.queue();
            ClaimLoop claims = new ClaimLoop(
                    queue,
                    log,
                    reader,
                    admission(worker, worker.size(), handlers),
                    attempts,
                    current,
                    events,
                    finishes,
                    UUID::randomUUID);
            work = new Runner(claims, queue, finishes, current, own.presence(producer, InstantSource.system()), ready);
            own.follow(drainTime);
        }
        Thread loop = daemon(work, "quarry-loop");
        loop.start();
        LOG.atInfo()
                .addKeyValue("worker", worker.name())
                .addKeyValue("group", worker.group())
                .addKeyValue("kinds", handlers.keySet())
                .log("worker started");
        return new WorkerProcess(current, drainTime, work, loop, open);
    }

    /**
     * Takes no more job and leaves, with the job in hand finished, for as long as the group's drain_ms allows, or handed back.
     * Returns at once.
     */
    public void stop(OnStop how) {
        drainTime.leave(how);
    }

    /** Whether the worker takes the next job; not one that was drained or is leaving. */
    public boolean takesJobs() {
        return current.takesJobs();
    }

    /** Waits until the worker has left its queue, and closes what it used; returns one of {@link ExitCode}. */
    public int awaitEnd() throws InterruptedException {
        loop.join();
        closeAll(open);
        int code = work.exitCode();
        return current.exhausted() && code != ExitCode.FAULT ? ExitCode.OUT_OF_MEMORY : code;
    }

    /** Hands the job in hand back and leaves. */
    @Override
    public void close() {
        if (loop.isAlive()) {
            stop(OnStop.HAND_BACK);
        }
        try {
            int unused = awaitEnd();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Map<String, JobHandler> handlers(WorkerSettings worker, Deque<AutoCloseable> open) {
        Map<String, JobHandler> handlers = new LinkedHashMap<>();
        HandlerSettings settings = new HandlerSettings(worker.all());
        for (JobHandler handler : ServiceLoader.load(JobHandler.class)) {
            JobHandler other = handlers.putIfAbsent(handler.kind(), handler);
            if (other != null) {
                throw new SettingException("two handlers of kind " + handler.kind() + " are on the class path: "
                        + other.getClass().getName() + " and "
                        + handler.getClass().getName());
            }
            try {
                handler.open(settings);
            } catch (IllegalArgumentException e) {
                throw new SettingException(String.valueOf(e.getMessage()));
            }
            open.push(handler);
        }
        return handlers;
    }

    private static Admission admission(WorkerSettings worker, WorkerSize size, Map<String, JobHandler> handlers) {
        return new Admission(size, handlers.keySet(), worker.group());
    }

    static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    private static void closeAll(Deque<AutoCloseable> open) {
        synchronized (open) {
            while (!open.isEmpty()) {
                try {
                    open.pop().close();
                } catch (Exception e) {
                    LOG.atWarn().setCause(e).log("part of the worker could not be closed; the others are");
                }
            }
        }
    }
}
