package io.quarry.local.bench;

import io.quarry.avro.ResourceGroup;
import io.quarry.local.LogTail;
import io.quarry.scheduler.SchedulerProcess;
import io.quarry.schemas.Topics;
import io.quarry.schemas.provision.ProvisionSettings;
import io.quarry.schemas.provision.TopicProvisioner;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;

/**
 * Both sides on the bench's broker: topics under a prefix of their own, processes, and a scheduler once it is started.
 * Closed, it has left no process.
 */
final class Installation implements AutoCloseable {
    private static final Duration UP = Duration.ofMinutes(1);
    private static final Duration DONE = Duration.ofMinutes(5);
    private static final Duration SETTLED = Duration.ofMillis(150);

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final Map<Side, List<Child>> children = new EnumMap<>(Side.class);
    private final Map<Child, String> names = new HashMap<>();
    private final Child broker;
    private final Map<String, String> settings;
    private final Path home;
    private final @Nullable Path recordings;
    private final String classPath;
    private final Feed feed;
    private final Ledger ledger;
    private final Attendance attendance = new Attendance();
    private final Path ownLog;

    /**
     * Makes the topics and starts nothing yet.
     *
     * @param ground broker and registry, which stay the caller's to close
     * @param ownLog log of this process, in which the scheduler runs
     */
    Installation(String prefix, Ground ground, Path home, @Nullable Path recordings, Path ownLog) throws IOException {
        this.ownLog = ownLog;
        this.home = home;
        this.recordings = recordings;
        this.broker = ground.broker();
        attendance.enter("the broker", broker::end);
        this.settings = ground.settings(prefix);
        settings.putAll(Workers.SETTINGS);
        settings.put("scheduler.state.dir", home.resolve("scheduler").toString());
        settings.put("scheduler.progress.interval.ms", "1000");
        this.classPath = Workers.classPath(home);
        Topics topics = new Topics(prefix);
        provision(topics);
        this.feed = new Feed(settings, topics);
        open.push(feed);
        this.ledger = new Ledger(settings, topics);
        open.push(ledger);
    }

    /** Starts the scheduler, which reads and writes for every job of either side, and lets it catch up. */
    void startScheduler(int warmUp) throws InterruptedException {
        SchedulerProcess process = SchedulerProcess.start(settings);
        open.push(process);
        process.awaitReady(UP);
        attendance.enter("the scheduler", () -> end(process));
        ledger.includeStates();
        warm(warmUp);
    }

    private Optional<String> end(SchedulerProcess process) {
        if (!process.ended().isDone()) {
            return Optional.empty();
        }
        String why = process.ended()
                .handle((nothing, fault) -> String.valueOf(fault))
                .join();
        return Optional.of("it stopped for " + why + "; its log ends:\n" + LogTail.of(ownLog));
    }

    private void warm(int jobs) throws InterruptedException {
        for (Side side : Side.values()) {
            Drain unused = drain(side, jobs);
        }
    }

    private void provision(Topics topics) {
        ProvisionSettings provision = ProvisionSettings.of(settings);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", settings.getOrDefault("bootstrap.servers", "")))) {
            TopicProvisioner provisioner = TopicProvisioner.of(admin, topics, provision);
            provisioner.provision();
            for (Side side : Side.values()) {
                provisioner.provisionGroup(ResourceGroup.newBuilder(provision.defaultGroup())
                        .setName(side.group())
                        .build());
            }
        }
    }

    /** Brings each side to a number of processes and warms all of them. */
    void grow(int workers, int warmUp) throws IOException, InterruptedException {
        List<Child> started = new ArrayList<>();
        for (Side side : Side.values()) {
            List<Child> have = children.computeIfAbsent(side, key -> new ArrayList<>());
            while (have.size() < workers) {
                String name = side.group() + "-" + (have.size() + 1);
                Child child = Child.start(
                        home.resolve(name),
                        new Child.Program(
                                side.mainClass(),
                                List.of(Workers.settings(settings, home, name, side.group())),
                                Workers.HEAP,
                                classPath,
                                recordings));
                have.add(child);
                names.put(child, name);
                started.add(child);
                open.push(child);
            }
        }
        for (Child child : started) {
            String unused = child.awaitReady(UP);
            attendance.enter("worker " + names.get(child), child::end);
        }
        warm(warmUp);
    }

    /** Stops processes of each side until there are as many as said. */
    void shrink(int workers) {
        for (List<Child> have : children.values()) {
            List<Child> leaving = have.subList(workers, have.size());
            leaving.forEach(child -> attendance.leave("worker " + names.get(child)));
            leaving.forEach(Child::requestStop);
            leaving.forEach(Child::close);
            leaving.clear();
        }
    }

    /**
     * A backlog that was drained.
     *
     * @param perSecond jobs per second from its release to the start of the last one
     * @param cpuMillis CPU time of the side's processes for each job
     * @param brokerMillis CPU time of the broker for each job
     */
    record Drain(double perSecond, double cpuMillis, double brokerMillis) {}

    /** Lets a side drain a backlog. */
    Drain drain(Side side, int jobs) throws InterruptedException {
        Set<String> ids = feed.prepare(side, jobs);
        TimeUnit.MILLISECONDS.sleep(SETTLED.toMillis());
        Duration cpu = cpu(side);
        Duration brokerCpu = broker.cpu();
        long released = feed.release();
        Map<String, Long> starts = await(side, ids);
        double cpuMillis = cpu(side).minus(cpu).toNanos() / 1e6 / jobs;
        double brokerMillis = broker.cpu().minus(brokerCpu).toNanos() / 1e6 / jobs;
        long last = starts.values().stream().mapToLong(Long::longValue).max().orElseThrow();
        return new Drain(jobs / ((last - released) / 1e9), cpuMillis, brokerMillis);
    }

    /** Waits for all of them; when they do not get done it shows what the side's processes said last. */
    private Map<String, Long> await(Side side, Set<String> ids) throws InterruptedException {
        try {
            return ledger.await(ids, DONE, attendance);
        } catch (TimeoutException e) {
            StringBuilder said = new StringBuilder(String.valueOf(e.getMessage()));
            children.getOrDefault(side, List.of())
                    .forEach(child -> said.append("\nlog of worker ")
                            .append(names.get(child))
                            .append(" ends:\n")
                            .append(child.logTail()));
            said.append("\nlog of the bench and its scheduler ends:\n").append(LogTail.of(ownLog));
            throw new IllegalStateException(said.toString(), e);
        }
    }

    private Duration cpu(Side side) {
        return children.getOrDefault(side, List.of()).stream().map(Child::cpu).reduce(Duration.ZERO, Duration::plus);
    }

    /** Submits jobs one by one to an idle side; returns the milliseconds from submit to start of each. */
    List<Double> idle(Side side, int jobs, Duration pause) throws InterruptedException {
        Map<String, Long> submitted = new HashMap<>();
        TimeUnit.MILLISECONDS.sleep(SETTLED.toMillis());
        for (int i = 0; i < jobs; i++) {
            String id = UUID.randomUUID().toString();
            submitted.put(id, feed.submit(side, id));
            TimeUnit.MILLISECONDS.sleep(pause.toMillis());
        }
        return await(side, submitted.keySet()).entrySet().stream()
                .map(start -> (start.getValue() - submitted.getOrDefault(start.getKey(), 0L)) / 1e6)
                .toList();
    }

    /** Claims beyond the first of a job, of both sides. */
    int doubled() {
        return ledger.doubled();
    }

    @Override
    public void close() {
        children.values().forEach(side -> side.forEach(Child::requestStop));
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (Exception e) {
                // The others are to be closed as well, and what is measured does not depend on it.
                org.slf4j.LoggerFactory.getLogger(Installation.class).warn("A part of the bench did not close", e);
            }
        }
    }
}
