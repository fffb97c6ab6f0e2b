package io.quarry.local.chaos;

import io.quarry.avro.JobEvent;
import io.quarry.avro.JobState;
import io.quarry.avro.Source;
import io.quarry.schemas.States;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What events and rows have said so far about each job and each worker. Safe for use by several threads. */
final class Sightings {
    /** What is known about a job. */
    private static final class Seen {
        private @Nullable JobState row;
        private int claims;
        private int offered = 1;
        private boolean again;
        private long place = -1;
    }

    private final Map<String, Seen> jobs = new HashMap<>();
    private final Map<String, String> ofWorker = new HashMap<>();
    private final Map<String, Integer> claimsOfWorker = new HashMap<>();
    private int finals;

    /** Takes a row. */
    synchronized void row(String job, JobState row) {
        Seen seen = seen(job);
        if (States.isFinal(row.getState()) && !isFinal(seen)) {
            finals++;
        }
        seen.row = row;
    }

    /** Takes an event; those of one job come in their order. */
    synchronized void event(JobEvent event) {
        Source source = event.getSource();
        String worker = event.getWorker();
        switch (event.getType()) {
            case SUBMITTED -> {
                if (source != null) {
                    seen(event.getJobId()).place = source.getOffset();
                }
            }
            case ENQUEUED -> {
                Seen seen = seen(event.getJobId());
                seen.again = true;
                offered(seen, event);
            }
            case CLAIMED -> {
                if (worker != null) {
                    Seen seen = seen(event.getJobId());
                    seen.claims++;
                    offered(seen, event);
                    ofWorker.put(worker, event.getJobId());
                    claimsOfWorker.merge(worker, 1, Integer::sum);
                }
            }
            case FINISHED -> {
                if (worker != null) {
                    ofWorker.remove(worker, event.getJobId());
                }
            }
            default -> {}
        }
    }

    private static void offered(Seen seen, JobEvent event) {
        Integer attempt = event.getAttempt();
        seen.offered = Math.max(seen.offered, attempt == null ? 1 : attempt);
    }

    private Seen seen(String job) {
        return jobs.computeIfAbsent(job, id -> new Seen());
    }

    private static boolean isFinal(Seen seen) {
        return seen.row != null && States.isFinal(seen.row.getState());
    }

    synchronized int finals() {
        return finals;
    }

    /** The row of a job, or empty when none was seen. */
    synchronized Optional<JobState> row(String job) {
        Seen seen = jobs.get(job);
        return seen == null ? Optional.empty() : Optional.ofNullable(seen.row);
    }

    synchronized boolean isFinal(String job) {
        Seen seen = jobs.get(job);
        return seen != null && isFinal(seen);
    }

    /** Whether every job that was seen is final. */
    synchronized boolean allFinal() {
        return jobs.values().stream().allMatch(Sightings::isFinal);
    }

    /** The job that a worker claimed last and has not finished. */
    synchronized Optional<String> running(String worker) {
        return Optional.ofNullable(ofWorker.get(worker));
    }

    synchronized int claims(String job) {
        Seen seen = jobs.get(job);
        return seen == null ? 0 : seen.claims;
    }

    synchronized int claimsOf(String worker) {
        return claimsOfWorker.getOrDefault(worker, 0);
    }

    /**
     * Asks from now on whether a job goes on: it does as soon as its next attempt stands in the queue, where a worker may take
     * it, or somebody claims it, or it is final. How long it stands there is the queue's length and no matter of a fault.
     */
    Recoveries.GoesOn again(String job) {
        int claims = claims(job);
        int offered = attemptOffered(job);
        return () -> attemptOffered(job) > offered || claims(job) > claims || isFinal(job);
    }

    /** The highest attempt that was put into a queue or claimed. */
    private synchronized int attemptOffered(String job) {
        Seen seen = jobs.get(job);
        return seen == null ? 0 : seen.offered;
    }

    /** Jobs whose one record lies below an offset of the queue and that nobody has claimed. */
    synchronized List<String> waitingBelow(long offset) {
        Map<String, Seen> waiting = new LinkedHashMap<>(jobs);
        waiting.values().removeIf(seen -> isBack(seen) || seen.place < 0 || seen.place >= offset);
        return List.copyOf(waiting.keySet());
    }

    /** Whether a job whose record went may be taken again: a new one stands in the queue of retries, or it needs none. */
    synchronized boolean isBack(String job) {
        Seen seen = jobs.get(job);
        return seen != null && isBack(seen);
    }

    private static boolean isBack(Seen seen) {
        return seen.again || seen.claims > 0 || isFinal(seen);
    }
}
