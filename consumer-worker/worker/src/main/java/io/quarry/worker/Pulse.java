package io.quarry.worker;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps a claimed attempt alive by heartbeats and ends one whose time is over. Ticked by one thread. */
final class Pulse {
    private static final Logger LOG = LoggerFactory.getLogger(Pulse.class);

    private final Attempt attempt;
    private final EventLog log;
    private final Events events;
    private final Deadlines deadlines;
    private final LongSupplier nanos;
    private final IntConsumer halt;
    private final AtomicLong lastConfirmed;
    private final long claimedAt;
    private long lastSent;
    private @Nullable Long stoppedAt;

    /** Begins with the instant at which the claim was sent. */
    Pulse(
            Attempt attempt,
            long claimSentAt,
            EventLog log,
            Events events,
            Deadlines deadlines,
            LongSupplier nanos,
            IntConsumer halt) {
        this.attempt = attempt;
        this.claimedAt = claimSentAt;
        this.lastSent = claimSentAt;
        this.lastConfirmed = new AtomicLong(claimSentAt);
        this.log = log;
        this.events = events;
        this.deadlines = deadlines;
        this.nanos = nanos;
        this.halt = halt;
    }

    void tick() {
        if (attempt.hasEnded()) {
            return;
        }
        long now = nanos.getAsLong();
        if (stoppedAt == null && attempt.stopReason() != null) {
            stoppedAt = now;
        }
        Long timeout = attempt.claim().job().getTimeoutMs();
        Deadlines.Vitals vitals = new Deadlines.Vitals(
                claimedAt,
                lastSent,
                lastConfirmed.get(),
                stoppedAt == null ? OptionalLong.empty() : OptionalLong.of(stoppedAt),
                attempt.effectful(),
                timeout == null ? null : Duration.ofMillis(timeout));
        switch (deadlines.due(vitals, now)) {
            case NOTHING -> {}
            case HEARTBEAT -> beat(now);
            case STOP_RUN_DEADLINE -> attempt.stop(StopReason.RUN_DEADLINE);
            case STOP_LEASE -> attempt.stop(StopReason.LEASE_OUT);
            case HALT -> {
                LOG.atError()
                        .addKeyValue("jobId", attempt.claim().job().getId())
                        .addKeyValue("attempt", attempt.claim().attempt())
                        .log("handler did not stop in worker.stop.grace.ms; the process halts");
                halt.accept(ExitCode.STUCK);
            }
        }
    }

    private void beat(long now) {
        lastSent = now;
        StopReason stop = attempt.stopReason();
        if (stop == StopReason.FENCED || stop == StopReason.CANCELLED || stop == StopReason.CLAIM_LOST) {
            return;
        }
        CompletableFuture<Void> durable =
                log.append(events.heartbeat(attempt.claim(), attempt.handlerStarted(), attempt.progress()));
        CompletableFuture<Void> unused = durable.whenComplete((done, failure) -> {
            if (failure == null) {
                lastConfirmed.accumulateAndGet(now, Math::max);
            } else {
                LOG.atWarn()
                        .addKeyValue("jobId", attempt.claim().job().getId())
                        .addKeyValue("attempt", attempt.claim().attempt())
                        .addKeyValue("reason", failure.toString())
                        .log("heartbeat did not get through; the attempt goes on");
            }
        });
    }
}
