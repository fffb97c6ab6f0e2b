package io.quarry.scheduler.lifecycle;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.Manifest;
import io.quarry.avro.OnMemory;
import io.quarry.avro.Outcome;
import io.quarry.avro.Progress;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.Source;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Rows in every situation that matters, made by the state machine itself, and events of every sort. */
final class Samples {
    static final Instant T0 = Instant.parse("2026-03-01T10:00:00Z");
    static final String JOBS = "quarry.jobs.default";
    static final String RETRIES = "quarry.retries.default";
    static final String ROUTER = "quarry.jobs.oversize";
    static final Source FIRST = new Source(JOBS, 5L);
    static final Source RETRY = new Source(RETRIES, 7L);
    static final Duration RETENTION = Duration.ofDays(30);
    private static final ResourceGroup LARGE = ResourceGroup.newBuilder()
            .setName("large")
            .setWorker(new Resources(1000L, 4L << 30, 1L << 30))
            .build();
    static final RetryPolicy POLICY = RetryPolicy.of(
            ResourceGroup.newBuilder()
                    .setName("default")
                    .setWorker(new Resources(1000L, 1L << 30, 1L << 30))
                    .setOversizeCeiling(new Resources(null, 16L << 30, null))
                    .setOnMemory(new OnMemory("large", 2.0))
                    .setTimeoutMs(Duration.ofHours(1).toMillis())
                    .build(),
            LARGE);
    static final Lifecycle LIFECYCLE = new Lifecycle(RETENTION, Duration.ofSeconds(30));
    static final Cause BROKE = new Cause(CauseType.TRANSIENT_FAILURE, "broke", Map.of());
    static final Cause MEMORY = new Cause(CauseType.MEMORY_LIMIT, "too little memory", Map.of());
    static final Cause OOM = new Cause(CauseType.OOM_KILLED, "killed for its memory", Map.of());
    static final Cause KILLED = new Cause(CauseType.WORKER_KILLED, "killed", Map.of());

    private static final Job JOB = Job.newBuilder()
            .setId("job-1")
            .setKind("nothing")
            .setStartBy(T0.plus(Duration.ofHours(2)))
            .setCompleteBy(T0.plus(Duration.ofHours(5)))
            .build();

    private Samples() {}

    static Job job() {
        return JOB;
    }

    /** Rows by the name of their situation; null is the job that nobody knows. */
    static Map<String, @Nullable JobState> rows() {
        Map<String, @Nullable JobState> rows = new LinkedHashMap<>();
        JobState queued = after(null, submitted());
        JobState launching = after(null, new Event.Submitted(job(), new Source(ROUTER, 3L), true, null));
        JobState claimed = after(queued, claimed("owner", 1, false));
        JobState running = after(claimed, new Event.Heartbeat("owner", true, null));
        JobState backoff = after(running, finished("owner", Outcome.RETRIABLE));
        JobState lostBackoff = after(running, new Event.LeaseOut("owner"));
        JobState enqueued = after(after(backoff, new Event.Due(), T0.plusSeconds(60)), new Event.Enqueued(2, RETRY));
        JobState lostEnqueued =
                after(after(lostBackoff, new Event.Due(), T0.plusSeconds(60)), new Event.Enqueued(2, RETRY));
        JobState larger = after(running, new Event.Finished("owner", Outcome.FAILED, MEMORY, null, null));
        JobState podRunning = after(launching, claimed("owner", 1, true));
        JobState lostLaunching =
                after(after(podRunning, new Event.LeaseOut("owner")), new Event.Due(), T0.plusSeconds(60));
        rows.put("-", null);
        rows.put("QUEUED", queued);
        rows.put("QUEUED requeued", after(queued, new Event.Passed(JOBS, 6)));
        rows.put("QUEUED requeued twice", again(queued));
        rows.put("LAUNCHING", launching);
        rows.put("LAUNCHING lost owner", lostLaunching);
        rows.put("RUNNING not started", claimed);
        rows.put("RUNNING", running);
        rows.put("RUNNING last attempt", Rows.edit(running).setCharged(3).build());
        rows.put(
                "RUNNING not started, third",
                Rows.edit(claimed).setNeverStarted(2).build());
        rows.put("RETRYING backoff", backoff);
        rows.put("RETRYING backoff, lost owner", lostBackoff);
        rows.put(
                "RETRYING backoff, none left",
                after(Rows.edit(running).setCharged(3).build(), new Event.LeaseOut("owner")));
        rows.put("RETRYING larger", larger);
        rows.put("RETRYING enqueued", enqueued);
        rows.put("RETRYING enqueued, lost owner", lostEnqueued);
        rows.put("SUCCEEDED", after(running, finished("owner", Outcome.SUCCEEDED)));
        rows.put("FAILED", after(running, finished("owner", Outcome.FAILED)));
        rows.put("CANCELLED", after(queued, cancel()));
        rows.put("CANCELLED before it was seen", after(null, cancel()));
        rows.put("EXPIRED", after(running, new Event.Due(), T0.plus(Duration.ofHours(2))));
        return rows;
    }

    private static JobState again(JobState queued) {
        JobState once = after(after(queued, new Event.Passed(JOBS, 6)), new Event.Enqueued(1, RETRY));
        JobState twice = after(once, new Event.Passed(RETRIES, 8));
        return after(twice, new Event.Enqueued(1, new Source(RETRIES, 9L)));
    }

    /** Events by name. */
    static Map<String, Event> events() {
        Map<String, Event> events = new LinkedHashMap<>();
        Progress progress = Progress.newBuilder().setPhase("query").setRows(1).build();
        events.put("Submitted", submitted());
        events.put("Submitted again", new Event.Submitted(job(), new Source(JOBS, 9L), false, null));
        events.put(
                "Submitted again, other body",
                new Event.Submitted(Job.newBuilder(job()).setName("other").build(), new Source(JOBS, 9L), false, null));
        events.put("Submitted, breaks a rule", new Event.Submitted(job(), FIRST, false, BROKE));
        events.put("Submitted to the router", new Event.Submitted(job(), new Source(ROUTER, 3L), true, null));
        events.put("Enqueued current", new Event.Enqueued(2, new Source(RETRIES, 8L)));
        events.put("Enqueued first", new Event.Enqueued(1, new Source(RETRIES, 8L)));
        events.put("Claimed first attempt", claimed("other", 1, true));
        events.put("Claimed first attempt, not started", claimed("other", 1, false));
        events.put("Claimed second attempt", claimed("other", 2, true));
        events.put("Claimed by the owner again", claimed("owner", 1, true));
        events.put("Heartbeat owner", new Event.Heartbeat("owner", true, null));
        events.put("Heartbeat owner, progress", new Event.Heartbeat("owner", true, progress));
        events.put("Heartbeat owner, not started", new Event.Heartbeat("owner", false, null));
        events.put("Heartbeat other", new Event.Heartbeat("other", true, null));
        for (Outcome outcome : Outcome.values()) {
            events.put("Finished owner " + outcome, finished("owner", outcome));
        }
        events.put(
                "Finished owner RETRIABLE, final cause",
                new Event.Finished(
                        "owner", Outcome.RETRIABLE, new Cause(CauseType.USER_ERROR, "no", Map.of()), null, null));
        events.put(
                "Finished owner FAILED, out of memory",
                new Event.Finished("owner", Outcome.FAILED, MEMORY, null, null));
        events.put("Finished other SUCCEEDED", finished("other", Outcome.SUCCEEDED));
        events.put("WorkerDied owner", new Event.WorkerDied("owner", KILLED));
        events.put("WorkerDied owner, out of memory", new Event.WorkerDied("owner", OOM));
        events.put("WorkerDied other", new Event.WorkerDied("other", KILLED));
        events.put("Launched first attempt", new Event.Launched(1));
        events.put("Waiting first attempt", new Event.Waiting(1, "no room"));
        events.put("Waiting second attempt", new Event.Waiting(2, "no room"));
        events.put("PodFailed first attempt", new Event.PodFailed(1, null, KILLED));
        events.put("PodFailed second attempt", new Event.PodFailed(2, null, KILLED));
        events.put("PodFailed owner", new Event.PodFailed(1, "owner", KILLED));
        events.put("CancelRequested", cancel());
        events.put("Passed jobs", new Event.Passed(JOBS, 6));
        events.put("Passed retries", new Event.Passed(RETRIES, 100));
        events.put("Passed not so far", new Event.Passed(JOBS, 5));
        events.put("Passed router", new Event.Passed(ROUTER, 4));
        events.put("Enqueued on the router", new Event.Enqueued(1, new Source(ROUTER, 8L)));
        events.put("LeaseOut owner", new Event.LeaseOut("owner"));
        events.put("LeaseOut other", new Event.LeaseOut("other"));
        events.put(
                "Claimed first attempt, other body",
                new Event.Claimed(
                        "other",
                        1,
                        "worker-other",
                        true,
                        FIRST,
                        Job.newBuilder(job()).setName("other").build()));
        events.put("Claimed first attempt, after start_by", claimed("other", 1, true));
        events.put("Heartbeat owner, after run deadline", new Event.Heartbeat("owner", true, null));
        events.put("Finished owner SUCCEEDED, after run deadline", finished("owner", Outcome.SUCCEEDED));
        events.put("Submitted, after complete_by", submitted());
        events.put("Claimed first attempt, after complete_by", claimed("other", 1, true));
        events.put("Finished owner SUCCEEDED, after complete_by", finished("owner", Outcome.SUCCEEDED));
        events.put("CancelRequested, after complete_by", cancel());
        events.put("Due early", new Event.Due());
        events.put("Due after backoff", new Event.Due());
        events.put("Due after run deadline and start_by", new Event.Due());
        events.put("Due after complete_by", new Event.Due());
        events.put("Due after retention", new Event.Due());
        return events;
    }

    /** When an event of that name happens. */
    static Instant at(String name) {
        return switch (name) {
            case "Due after backoff" -> T0.plus(Duration.ofMinutes(10));
            case "Due after run deadline and start_by",
                    "Claimed first attempt, after start_by",
                    "Heartbeat owner, after run deadline",
                    "Finished owner SUCCEEDED, after run deadline" -> T0.plus(Duration.ofHours(3));
            case "Due after complete_by",
                    "Submitted, after complete_by",
                    "Claimed first attempt, after complete_by",
                    "Finished owner SUCCEEDED, after complete_by",
                    "CancelRequested, after complete_by" -> T0.plus(Duration.ofHours(6));
            case "Due after retention" -> T0.plus(RETENTION).plus(Duration.ofDays(1));
            default -> T0;
        };
    }

    static Event submitted() {
        return new Event.Submitted(job(), FIRST, false, null);
    }

    static Event.Claimed claimed(String claim, int attempt, boolean started) {
        return new Event.Claimed(claim, attempt, "worker-" + claim, started, FIRST, job());
    }

    static Event finished(String claim, Outcome outcome) {
        Manifest manifest = Manifest.newBuilder()
                .setLocation("file:/data/" + claim)
                .setRows(1)
                .setBytes(1)
                .build();
        boolean done = outcome == Outcome.SUCCEEDED;
        return new Event.Finished(
                claim, outcome, done || outcome != Outcome.RETRIABLE ? null : BROKE, done ? manifest : null, null);
    }

    static Event cancel() {
        return new Event.CancelRequested("job-1", "somebody", "enough");
    }

    static JobState after(@Nullable JobState row, Event event) {
        return after(row, event, T0);
    }

    static JobState after(@Nullable JobState row, Event event, Instant now) {
        return Objects.requireNonNull(step(row, event, now).state());
    }

    static Step step(@Nullable JobState row, Event event, Instant now) {
        return LIFECYCLE.next(row, event, new Lifecycle.Context(now, POLICY));
    }

    /** Effects in a word each. */
    static List<String> words(Step step) {
        return step.effects().stream()
                .map(effect -> {
                    if (effect instanceof Effect.Tell tell) {
                        return tell.type() + " " + tell.claim();
                    } else if (effect instanceof Effect.AppendRetry retry) {
                        return "retry " + retry.job().getAttempt();
                    } else if (effect instanceof Effect.AppendOversize oversize) {
                        return "router " + oversize.job().getAttempt();
                    } else if (effect instanceof Effect.Dead) {
                        return "dead";
                    }
                    return "lease";
                })
                .toList();
    }
}
