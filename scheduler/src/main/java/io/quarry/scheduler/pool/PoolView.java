package io.quarry.scheduler.pool;

import io.quarry.avro.JobState;
import io.quarry.avro.State;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the rows of job-state say about the work of each group. Taking in a row costs the same however many groups and jobs there
 * are; of a job that is over nothing is kept. Takes each row's newest state; the same row may come again. Pure; for one thread.
 */
final class PoolView {
    /** Weight of the newest attempt in the mean of how long they take. */
    private static final double NEWEST = 0.2;

    private enum Stand {
        WAITS,
        RUNS,
        /** Waits for no worker of the group: in backoff, or oversize. */
        ASIDE
    }

    private record Known(Stand stand, Work work, String worker, Instant since) {}

    private record Waiting(String job, Instant since) {}

    private static final class Work {
        private final String group;
        private long queued;
        private long running;
        private final Rate arrivals = new Rate();
        private double serviceSeconds;
        private final Deque<Waiting> waiting = new ArrayDeque<>();

        Work(String group) {
            this.group = group;
        }
    }

    private final Map<String, Known> jobs = new HashMap<>();
    private final Map<String, Work> works = new HashMap<>();
    private final Map<String, Integer> busy = new HashMap<>();

    /**
     * Takes in a job's row; null for one that is gone.
     *
     * @return the groups whose work it is or was; none when nothing is known of it
     */
    Set<String> take(String job, @Nullable JobState row) {
        Known before = jobs.remove(job);
        if (before != null) {
            count(before, -1);
        }
        if (row == null) {
            return before == null ? Set.of() : Set.of(before.work.group);
        }
        Work work = works.computeIfAbsent(row.getJob().getResourceGroup(), Work::new);
        if (before == null) {
            work.arrivals.count(row.getSubmittedAt());
        } else if (before.work != work) {
            // It ran out of memory in the other group.
            work.arrivals.count(row.getQueuedAt() == null ? row.getSubmittedAt() : row.getQueuedAt());
        }
        Known now = known(row, work);
        if (now == null) {
            if (!row.getOversize() && row.getStartedAt() != null && row.getFinishedAt() != null) {
                ended(work, Duration.between(row.getStartedAt(), row.getFinishedAt()));
            }
            return groups(before, work);
        }
        jobs.put(job, now);
        count(now, 1);
        if (now.stand == Stand.WAITS && !now.equals(before)) {
            work.waiting.add(new Waiting(job, now.since));
        }
        return groups(before, work);
    }

    private static Set<String> groups(@Nullable Known before, Work now) {
        return before == null || before.work == now ? Set.of(now.group) : Set.of(before.work.group, now.group);
    }

    Load load(String group, int workers, Instant now) {
        Work work = works.get(group);
        if (work == null) {
            return new Load(0, 0, workers, Duration.ZERO, 0, 0);
        }
        return new Load(
                work.queued,
                work.running,
                workers,
                oldestWait(work, now),
                work.arrivals.perSecond(now),
                work.serviceSeconds);
    }

    /** Whether a worker has a job in hand, as far as the rows say. */
    boolean busy(String worker) {
        return busy.containsKey(worker);
    }

    /** Jobs that are not over. */
    int size() {
        return jobs.size();
    }

    /** State of a job that is not over; null for one that is. */
    private static @Nullable Known known(JobState row, Work work) {
        State state = row.getState();
        Instant since = row.getQueuedAt() == null ? row.getSubmittedAt() : row.getQueuedAt();
        String worker = row.getOwner() == null ? "" : row.getOwner().getWorker();
        return switch (state) {
            case QUEUED -> new Known(row.getOversize() ? Stand.ASIDE : Stand.WAITS, work, "", since);
            case RETRYING ->
                new Known(row.getEnqueued() && !row.getOversize() ? Stand.WAITS : Stand.ASIDE, work, "", since);
            case RUNNING -> new Known(row.getOversize() ? Stand.ASIDE : Stand.RUNS, work, worker, since);
            case LAUNCHING -> new Known(Stand.ASIDE, work, "", since);
            case SUCCEEDED, FAILED, CANCELLED, EXPIRED, UNKNOWN -> null;
        };
    }

    private void count(Known job, int by) {
        switch (job.stand) {
            case WAITS -> job.work.queued += by;
            case RUNS -> {
                job.work.running += by;
                int inHand = busy.getOrDefault(job.worker, 0) + by;
                if (inHand == 0) {
                    busy.remove(job.worker);
                } else {
                    busy.put(job.worker, inHand);
                }
            }
            case ASIDE -> {}
        }
    }

    private static void ended(Work work, Duration took) {
        double seconds = Math.max(0, took.toMillis() / 1000.0);
        work.serviceSeconds =
                work.serviceSeconds == 0 ? seconds : work.serviceSeconds * (1 - NEWEST) + seconds * NEWEST;
    }

    /** The first that still waits: those before it are forgotten, so that each is looked at once. */
    private Duration oldestWait(Work work, Instant now) {
        while (!work.waiting.isEmpty()) {
            Waiting first = work.waiting.element();
            Known known = jobs.get(first.job);
            if (known != null && known.stand == Stand.WAITS && known.since.equals(first.since)) {
                Duration waited = Duration.between(first.since, now);
                return waited.isNegative() ? Duration.ZERO : waited;
            }
            work.waiting.remove();
        }
        return Duration.ZERO;
    }
}
