package io.quarry.scheduler.lifecycle;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.JobEvent;
import io.quarry.avro.Outcome;
import io.quarry.avro.Source;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Translation of wire events into the state machine's. */
final class Events {
    private static final Cause NO_CAUSE = new Cause(CauseType.UNKNOWN, "No cause was given.", Map.of());

    private Events() {}

    /**
     * The event of a wire event that concerns one job; null when it lacks a field that it must have, or is of a type that this
     * version does not know.
     */
    static @Nullable Event of(JobEvent e, String oversizeTopic) {
        String claim = e.getClaim();
        Integer attempt = e.getAttempt();
        Cause cause = e.getCause() == null ? NO_CAUSE : e.getCause();
        boolean started = Boolean.TRUE.equals(e.getStarted());
        return switch (e.getType()) {
            case SUBMITTED -> e.getJob() == null || e.getSource() == null ? null : submitted(e, oversizeTopic);
            case ENQUEUED ->
                attempt == null || e.getSource() == null ? null : new Event.Enqueued(attempt, e.getSource());
            case CLAIMED ->
                attempt == null || claim == null
                        ? null
                        : new Event.Claimed(claim, attempt, worker(e), started, e.getSource(), e.getJob());
            case HEARTBEAT -> claim == null ? null : new Event.Heartbeat(claim, started, e.getProgress());
            case FINISHED -> claim == null ? null : finished(e, claim);
            case WORKER_DIED -> claim == null ? null : new Event.WorkerDied(claim, cause);
            case LAUNCHED -> attempt == null ? null : new Event.Launched(attempt);
            case POD_FAILED -> attempt == null ? null : new Event.PodFailed(attempt, claim, cause);
            case WAITING -> attempt == null || e.getReason() == null ? null : new Event.Waiting(attempt, e.getReason());
            case CANCEL_REQUESTED -> new Event.CancelRequested(e.getJobId(), e.getRequestedBy(), e.getReason());
            case PASSED, TICK, UNKNOWN -> null;
        };
    }

    private static Event submitted(JobEvent e, String oversizeTopic) {
        Source source = e.getSource();
        return new Event.Submitted(e.getJob(), source, source.getTopic().equals(oversizeTopic), e.getCause());
    }

    private static Event finished(JobEvent e, String claim) {
        Outcome outcome = e.getOutcome() == null ? Outcome.UNKNOWN : e.getOutcome();
        return new Event.Finished(claim, outcome, e.getCause(), e.getManifest(), e.getProgress());
    }

    private static String worker(JobEvent e) {
        return e.getWorker() == null ? e.getWriter() : e.getWorker();
    }
}
