package io.quarry.worker;

import io.quarry.avro.Cause;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What is said in the log about a worker that died: one event for each claim that it had in hand, none when it had none. The
 * lifecycle ignores those whose end had been logged after all. For a worker that was about to hand its job back, that is said
 * in its place: whoever stops workers must not use up a job's attempts.
 */
final class DeathNotice {
    private DeathNotice() {}

    static List<JobEvent> of(List<InHand.Held> inHand, Death death, String worker, String writer, Instant now) {
        return inHand.stream()
                .map(held -> {
                    Cause found = DeathCause.of(death, held.stop());
                    Map<String, String> evidence = new TreeMap<>(found.getEvidence());
                    evidence.put("worker", worker);
                    evidence.put(
                            "ran_ms",
                            String.valueOf(Math.max(
                                    0, Duration.between(held.since(), now).toMillis())));
                    boolean handedBack = held.stop() == StopReason.HANDED_BACK;
                    return JobEvent.newBuilder()
                            .setType(handedBack ? JobEventType.FINISHED : JobEventType.WORKER_DIED)
                            .setOutcome(handedBack ? Outcome.HANDED_BACK : null)
                            .setJobId(held.jobId())
                            .setAt(now)
                            .setWriter(writer)
                            .setAttempt(held.attempt())
                            .setClaim(held.claim().toString())
                            .setWorker(worker)
                            .setCause(new Cause(found.getType(), found.getMessage(), evidence))
                            .build();
                })
                .toList();
    }
}
