package io.quarry.scheduler.pool;

import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.Owner;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.ScalingDecision;
import io.quarry.avro.State;
import io.quarry.avro.WorkerPhase;
import io.quarry.avro.WorkerState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Groups, workers and jobs in virtual time, a second at a time, under the real reconciler. For one thread. */
final class Simulation implements WorkerPool, Reconciler.Effects {
    static final Instant T0 = Instant.parse("2026-01-01T00:00:00Z");

    static final class Worker {
        final String name;
        final String group;
        final String shape;
        final Instant readyAt;
        boolean ready;
        boolean drained;
        boolean draining;

        @Nullable SimulatedJob job;

        Worker(String name, String group, String shape, Instant readyAt) {
            this.name = name;
            this.group = group;
            this.shape = shape;
            this.readyAt = readyAt;
        }
    }

    record SimulatedJob(String id, String group, Instant queuedAt, Duration takes) {}

    record Wait(SimulatedJob job, Duration waited, int workers) {}

    final Duration startUp;
    final Map<String, ResourceGroup> groups = new HashMap<>();
    final Map<String, List<Worker>> workers = new HashMap<>();
    final Map<String, Worker> byName = new HashMap<>();
    final Map<String, Deque<SimulatedJob>> queues = new HashMap<>();
    final Map<Worker, Instant> ends = new HashMap<>();
    final List<ScalingDecision> decisions = new ArrayList<>();
    final List<Wait> waits = new ArrayList<>();
    final List<String> faults = new ArrayList<>();
    final Map<String, JobState> rows = new LinkedHashMap<>();
    final Map<String, WorkerState> words = new LinkedHashMap<>();
    Reconciler reconciler;
    Instant now = T0;
    int most;
    int names;
    String obstacle = "";
    String fault = "";

    Simulation(Duration startUp) {
        this.startUp = startUp;
        this.reconciler = new Reconciler(this, this);
    }

    /** Another scheduler takes over: it knows what the topics and the pool say. */
    void another() {
        reconciler = new Reconciler(this, this);
        groups.forEach(reconciler::group);
        rows.forEach(reconciler::job);
        words.forEach(reconciler::worker);
    }

    private void job(String id, JobState row) {
        rows.put(id, row);
        reconciler.job(id, row);
    }

    static ResourceGroup group(String name, int min, int max) {
        return ResourceGroup.newBuilder()
                .setName(name)
                .setWorker(new Resources(1000L, 1L << 30, 1L << 30))
                .setMinWorkers(min)
                .setMaxWorkers(max)
                .build();
    }

    void apply(ResourceGroup group) {
        groups.put(group.getName(), group);
        reconciler.group(group.getName(), group);
    }

    void submit(String id, String group, Duration takes) {
        SimulatedJob job = new SimulatedJob(id, group, now, takes);
        queues.computeIfAbsent(group, name -> new ArrayDeque<>()).add(job);
        job(id, row(job, State.QUEUED, null, null));
    }

    void second() {
        now = now.plusSeconds(1);
        for (Map.Entry<Worker, Instant> end : List.copyOf(ends.entrySet())) {
            if (!now.isBefore(end.getValue())) {
                Worker worker = end.getKey();
                ends.remove(worker);
                SimulatedJob job = Objects.requireNonNull(worker.job);
                worker.job = null;
                job(job.id, row(job, State.SUCCEEDED, worker, now));
            }
        }
        groups.values().forEach(this::run);
        reconciler.tick(now);
    }

    private void run(ResourceGroup row) {
        String group = row.getName();
        for (Worker worker : workers.getOrDefault(group, List.of())) {
            if (!worker.ready && !now.isBefore(worker.readyAt) && fault.isEmpty()) {
                worker.ready = true;
                say(worker, WorkerPhase.READY);
            }
            boolean paused = row.getPaused() != null;
            Deque<SimulatedJob> queue = queues.getOrDefault(group, new ArrayDeque<>());
            if (worker.ready && worker.job == null && !worker.draining && !paused && !queue.isEmpty()) {
                SimulatedJob job = queue.remove();
                worker.job = job;
                ends.put(worker, now.plus(job.takes));
                waits.add(new Wait(job, Duration.between(job.queuedAt, now), count(group)));
                job(job.id, row(job, State.RUNNING, worker, null));
            }
            if (worker.ready && worker.draining && worker.job == null && !worker.drained) {
                worker.drained = true;
                say(worker, WorkerPhase.DRAINED);
            }
        }
    }

    int count(String group) {
        return workers.getOrDefault(group, List.of()).size();
    }

    private void say(Worker worker, WorkerPhase phase) {
        WorkerState word = WorkerState.newBuilder()
                .setName(worker.name)
                .setGroup(worker.group)
                .setInstance(worker.name)
                .setPhase(phase)
                .setSize(new Resources(1L, 1L, 1L))
                .setAt(now)
                .build();
        words.put(worker.name, word);
        reconciler.worker(worker.name, word);
    }

    private static JobState row(SimulatedJob job, State state, @Nullable Worker worker, @Nullable Instant finished) {
        return JobState.newBuilder()
                .setJob(Job.newBuilder()
                        .setId(job.id)
                        .setResourceGroup(job.group)
                        .build())
                .setState(state)
                .setSubmittedAt(job.queuedAt)
                .setQueuedAt(job.queuedAt)
                .setStartedAt(finished == null ? null : finished.minus(job.takes))
                .setFinishedAt(finished)
                .setOwner(
                        worker == null
                                ? null
                                : Owner.newBuilder()
                                        .setClaim("c")
                                        .setAttempt(1)
                                        .setWorker(worker.name)
                                        .setClaimedAt(job.queuedAt)
                                        .build())
                .build();
    }

    // ---- the pool

    @Override
    public List<String> groups() {
        return workers.isEmpty() ? List.of() : List.copyOf(workers.keySet());
    }

    @Override
    public List<PoolWorker> workers(String group) {
        return workers.getOrDefault(group, List.of()).stream()
                .map(worker -> new PoolWorker(worker.name, worker.shape, OptionalLong.empty()))
                .toList();
    }

    @Override
    public Optional<String> obstacle(ResourceGroup group) {
        return Optional.of(obstacle).filter(why -> !why.isEmpty());
    }

    @Override
    public Optional<String> fault(ResourceGroup group) {
        String shape = Shape.of(group);
        boolean tried = workers.getOrDefault(group.getName(), List.of()).stream()
                .anyMatch(worker -> worker.shape.equals(shape));
        return Optional.of(fault).filter(why -> tried && !why.isEmpty());
    }

    @Override
    public Optional<String> add(ResourceGroup group) {
        String name = group.getName() + "-" + ++names;
        Worker worker = new Worker(name, group.getName(), Shape.of(group), now.plus(startUp));
        workers.computeIfAbsent(group.getName(), none -> new ArrayList<>()).add(worker);
        byName.put(name, worker);
        most = Math.max(most, count(group.getName()));
        if (count(group.getName()) > group.getMaxWorkers()) {
            faults.add(now + ": " + count(group.getName()) + " workers of " + group.getName());
        }
        return Optional.of(name);
    }

    @Override
    public void remove(String group, String name) {
        Worker worker = byName.remove(name);
        if (worker != null) {
            if (worker.job != null || !worker.drained) {
                faults.add(now + ": " + name + " was removed with a job in hand or without its word");
            }
            workers.getOrDefault(group, new ArrayList<>()).remove(worker);
        }
    }

    @Override
    public void drain(String name, String reason) {
        Worker worker = byName.get(name);
        if (worker != null) {
            if (worker.job != null && !worker.draining) {
                faults.add(now + ": busy " + name + " was chosen");
            }
            worker.draining = true;
        }
    }

    @Override
    public void keep(ScalingDecision decision) {
        decisions.add(decision);
    }
}
