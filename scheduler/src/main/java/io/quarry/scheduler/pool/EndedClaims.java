package io.quarry.scheduler.pool;

import io.quarry.avro.Cause;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.JobState;
import io.quarry.avro.Owner;
import io.quarry.avro.State;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The claims that ended with their worker: by jobs' rows and by what was seen of workers, which come in any order, each as often as it
 * likes. The same may be said again: whatever the lifecycle has heard the end of, it ignores. Pure; for one thread.
 */
final class EndedClaims {
    private static final int KEPT = 10_000;

    private final Map<String, Owner> owners = new HashMap<>();
    private final Map<String, Set<String>> jobs = new HashMap<>();
    private final Map<String, WorkerDeath> deaths = new LinkedHashMap<>();
    private final Set<String> toLookAt = new HashSet<>();
    private final Set<String> unchecked = new HashSet<>();

    /** Takes in a job's newest row; null for one that is gone. */
    void take(String job, @Nullable JobState row) {
        Owner now = row == null ? null : owner(row);
        Owner before = now == null ? owners.remove(job) : owners.put(job, now);
        if (before != null) {
            Set<String> held = jobs.get(before.getWorker());
            if (held != null && held.remove(job) && held.isEmpty()) {
                jobs.remove(before.getWorker());
            }
        }
        if (now != null) {
            jobs.computeIfAbsent(now.getWorker(), worker -> new HashSet<>()).add(job);
            boolean another = before == null || !before.getClaim().equals(now.getClaim());
            if (another) {
                (deaths.containsKey(now.getWorker()) ? toLookAt : unchecked).add(now.getWorker());
            }
        }
    }

    /** Who holds the job, or held it last and may come back; nobody's process but a pool's workers is seen here. */
    private static @Nullable Owner owner(JobState row) {
        return row.getOversize() ? null : row.getState() == State.RUNNING ? row.getOwner() : row.getLostOwner();
    }

    /** Takes in an end of a worker's process. */
    void take(WorkerDeath death) {
        deaths.put(death.worker(), death);
        toLookAt.add(death.worker());
        if (deaths.size() > KEPT) {
            deaths.remove(deaths.keySet().iterator().next());
        }
    }

    /** Workers that hold something and of which it is not known whether they were there afterwards. */
    Set<String> unchecked() {
        unchecked.removeIf(worker -> !jobs.containsKey(worker) || deaths.containsKey(worker));
        return Set.copyOf(unchecked);
    }

    /** Takes in that somebody has looked for these, after they were told of as unchecked. */
    void checked(Set<String> workers) {
        unchecked.removeAll(workers);
    }

    /** What is to be said now, once all rows that there are were taken in. */
    List<JobEvent> due(Instant now) {
        List<JobEvent> due = new ArrayList<>();
        for (String worker : toLookAt) {
            WorkerDeath death = deaths.get(worker);
            if (death == null) {
                continue;
            }
            for (String job : jobs.getOrDefault(worker, Set.of())) {
                Owner owner = owners.get(job);
                if (owner != null && !owner.getClaimedAt().isAfter(death.until())) {
                    due.add(event(job, owner, death, now));
                }
            }
        }
        toLookAt.clear();
        return due;
    }

    private static JobEvent event(String job, Owner owner, WorkerDeath death, Instant now) {
        Map<String, String> evidence = new TreeMap<>(death.cause().getEvidence());
        evidence.put("worker", death.worker());
        return JobEvent.newBuilder()
                .setType(JobEventType.WORKER_DIED)
                .setJobId(job)
                .setAt(now)
                .setWriter("autoscaler")
                .setAttempt(owner.getAttempt())
                .setClaim(owner.getClaim())
                .setWorker(death.worker())
                .setCause(new Cause(death.cause().getType(), death.cause().getMessage(), evidence))
                .build();
    }
}
